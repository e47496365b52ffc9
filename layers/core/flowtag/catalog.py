"""The catalog: how readers find videos without a look at every run.

A result is entered as a small object of its own under ``catalog/changes/``, named by its content,
and from time to time all of these are merged into ``catalog/catalog.json``. An entry gives way to
a newer one of its video alone (:meth:`CatalogEntry.is_newer_than`), so the catalog is the same
whatever the order, the number of times and the number of writers by which it came about:

- a change is deleted only after a catalog that holds it, or something newer, was written;
- what is deleted is what was merged, because its name says what it holds;
- the catalog is replaced only where it still is the one that was read.

So any writer may die between any two writes, and whoever comes next does the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from flowtag.catalog_entry import CATALOG_KEY, Catalog, CatalogEntry, summarize
from flowtag.contracts.metadata import MotionMetadata
from flowtag.errors import ContractError, ObjectNotFoundError, PreconditionFailedError
from flowtag.latest import SourceOrder, planned_at
from flowtag.run_keys import RunKeys
from flowtag.runs import find_with_etag, readable_json
from flowtag.storage import ObjectStore

CHANGES = "catalog/changes/"
_DIGITS = 12
_THREADS = 8

_T = TypeVar("_T")


@dataclass(frozen=True)
class Compaction:
    """What a compaction did.

    Attributes:
        merged: how many changes are in the catalog now, and are deleted.
        unreadable: keys of changes that were left where they are.
    """

    merged: int
    unreadable: tuple[str, ...]


def add_to_catalog(
    store: ObjectStore, metadata: MotionMetadata, keys: RunKeys, order: SourceOrder
) -> None:
    """Enters a run's result. The same result writes the same object, however often it is entered.

    Args:
        store: where runs are.
        metadata: the result.
        keys: of the run.
        order: when the content that it is of came to its place.

    Raises:
        ObjectNotFoundError: the run has neither a plan nor a result.
        StorageError: the store failed.
    """
    entry = summarize(metadata, keys, order, planned_at(store, keys))
    store.put(change_key(entry), readable_json(entry))


def change_key(entry: CatalogEntry) -> str:
    """Where an entry waits to be merged."""
    digits = entry.digest()[:_DIGITS]
    return f"{CHANGES}{entry.video_id}/{entry.run_id}-{entry.status}-{digits}.json"


def compact(store: ObjectStore) -> Compaction:
    """Merges all changes into ``catalog.json``; any number of these may run at a time.

    Raises:
        ContractError: the catalog is damaged, or of another version: it is left as it is.
        StorageError: the store failed.
    """
    while True:
        changes = read_changes(store, tuple(store.list(CHANGES)))
        merged = {key: entry for key, entry in changes.items() if entry is not None}
        if merged and not _merge(store, merged.values()):
            continue
        _at_once(store.delete, merged)
        return Compaction(len(merged), tuple(key for key in changes if key not in merged))


def _merge(store: ObjectStore, entries: Iterable[CatalogEntry]) -> bool:
    """Whether the catalog holds these entries now; if not, another wrote it in between."""
    standing = find_with_etag(store, CATALOG_KEY)
    before = parse_catalog(standing[0]) if standing else []
    data = _catalog_json(newest([*before, *entries]))
    try:
        if standing is None:
            store.put_if_absent(CATALOG_KEY, data)
        elif data != standing[0]:
            store.replace(CATALOG_KEY, data, standing[1])
    except PreconditionFailedError:
        return False
    return True


def read_catalog(store: ObjectStore) -> list[CatalogEntry]:
    """All videos, newest first: those in ``catalog.json`` and the changes not yet merged.

    Raises:
        ContractError: the catalog is damaged, or of another version.
        StorageError: the store failed.
    """
    # The changes first: one that is merged and deleted meanwhile is in the catalog read after.
    changes = read_changes(store, tuple(store.list(CHANGES)))
    standing = find_with_etag(store, CATALOG_KEY)
    before = parse_catalog(standing[0]) if standing else []
    return newest([*before, *(entry for entry in changes.values() if entry is not None)])


def newest(entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
    """The newest entry of each video, newest video first."""
    kept: dict[str, CatalogEntry] = {}
    for entry in entries:
        standing = kept.get(entry.video_id)
        if standing is None or entry.is_newer_than(standing):
            kept[entry.video_id] = entry
    return sorted(kept.values(), key=lambda entry: entry.place, reverse=True)


def parse_catalog(data: bytes) -> list[CatalogEntry]:
    """The entries of ``catalog.json``, whatever later versions may have added to them.

    Raises:
        ContractError: it is damaged, or of another version.
    """
    try:
        return Catalog.model_validate_json(data, extra="ignore").videos
    except ValidationError as error:
        raise ContractError(f"{CATALOG_KEY} is damaged, or of another version") from error


def read_changes(store: ObjectStore, keys: tuple[str, ...]) -> dict[str, CatalogEntry | None]:
    """The changes of some keys; None for one that cannot be read. Those gone by now are left out.

    Raises:
        StorageError: the store failed.
    """

    def read(key: str) -> tuple[bool, CatalogEntry | None]:
        try:
            return True, CatalogEntry.model_validate_json(store.get(key), extra="ignore")
        except ObjectNotFoundError:
            return False, None
        except ValidationError:
            return True, None

    found = zip(keys, _at_once(read, keys), strict=True)
    return {key: entry for key, (there, entry) in found if there}


def _at_once(call: Callable[[str], _T], keys: Iterable[str]) -> list[_T]:
    # A thousand changes one by one, at 20 ms each, would be 20 s.
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(call, keys))


def _catalog_json(entries: list[CatalogEntry]) -> bytes:
    value = Catalog(schema="flowtag.catalog/1", videos=entries).model_dump(
        mode="json", by_alias=True
    )
    videos = [
        json.dumps(video, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for video in value["videos"]
    ]
    # A video a line: small, and still to be read and compared by people.
    return (
        f'{{"schema":{json.dumps(value["schema"])},"videos":[\n' + ",\n".join(videos) + "\n]}\n"
    ).encode()
