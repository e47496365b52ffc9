"""Reading the catalog again and again, as a function does that serves many requests."""

from __future__ import annotations

from flowtag.catalog import CHANGES, newest, parse_catalog, read_changes
from flowtag.catalog_entry import CATALOG_KEY, CatalogEntry
from flowtag.errors import ObjectNotFoundError
from flowtag.storage import ObjectStore


class CatalogReader:
    """Reads what :func:`flowtag.catalog.read_catalog` reads, and no byte of it twice.

    One listing of the changes and one question whether ``catalog.json`` is another one: that is
    all that a read costs while nothing changes.
    """

    def __init__(self, store: ObjectStore) -> None:
        """Takes the store where runs are."""
        self._store = store
        self._etag: str | None = None
        self._compacted: list[CatalogEntry] = []
        self._changes: dict[str, CatalogEntry | None] = {}
        self._videos: list[CatalogEntry] | None = None

    def read(self) -> list[CatalogEntry]:
        """All videos, newest first; the list is the reader's own and is not to be changed.

        Raises:
            ContractError: the catalog is damaged, or of another version.
            StorageError: the store failed.
        """
        # The changes first, as in read_catalog.
        changed = self._read_changes()
        if self._read_compacted() or changed or self._videos is None:
            entries = (entry for entry in self._changes.values() if entry is not None)
            self._videos = newest([*self._compacted, *entries])
        return self._videos

    def _read_changes(self) -> bool:
        keys = list(self._store.list(CHANGES))
        # A change's name says what it holds, so one that was read needs no second look.
        unread = tuple(key for key in keys if key not in self._changes)
        known = {key: self._changes[key] for key in keys if key in self._changes}
        gone = len(known) < len(self._changes)
        self._changes = known | read_changes(self._store, unread)
        return gone or bool(unread)

    def _read_compacted(self) -> bool:
        try:
            if self._etag is None:
                found = self._store.get_with_etag(CATALOG_KEY)
            else:
                unless = self._store.get_if_changed(CATALOG_KEY, self._etag)
                if unless is None:
                    return False
                found = unless
        except ObjectNotFoundError:
            changed = self._etag is not None
            self._etag, self._compacted = None, []
            return changed
        self._compacted = parse_catalog(found[0])
        self._etag = found[1]
        return True
