from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flowtag.storage import ObjectStore


class Died(BaseException):
    """A process was killed: no handler of errors runs."""


class DyingStore:
    """A store whose writer is killed just after one of its writes.

    Attributes:
        writes: how many there were.
    """

    def __init__(self, store: ObjectStore, dies_after: int | None = None) -> None:
        self.writes = 0
        self._store = store
        self._dies_after = dies_after

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        return self._store.get_with_etag(key)

    def get_if_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        return self._store.get_if_changed(key, etag)

    def written_at(self, key: str) -> datetime:
        return self._store.written_at(key)

    def list(self, prefix: str) -> Iterator[str]:
        return self._store.list(prefix)

    def put(self, key: str, data: bytes) -> str:
        etag = self._store.put(key, data)
        self._count()
        return etag

    def put_if_absent(self, key: str, data: bytes) -> str:
        etag = self._store.put_if_absent(key, data)
        self._count()
        return etag

    def replace(self, key: str, data: bytes, etag: str) -> str:
        etag = self._store.replace(key, data, etag)
        self._count()
        return etag

    def delete(self, key: str) -> None:
        self._store.delete(key)
        self._count()

    def _count(self) -> None:
        self.writes += 1
        if self.writes == self._dies_after:
            raise Died
