from __future__ import annotations

from pathlib import Path

from flowtag.storage import FolderStore


class Died(BaseException):
    """A process was killed: no handler of errors runs."""


class DyingStore(FolderStore):
    """A store whose writer is killed just after one of its writes.

    Attributes:
        writes: how many there were.
    """

    def __init__(self, root: Path, dies_after: int | None = None) -> None:
        super().__init__(root)
        self.writes = 0
        self._dies_after = dies_after

    def put(self, key: str, data: bytes) -> str:
        etag = super().put(key, data)
        self._count()
        return etag

    def put_if_absent(self, key: str, data: bytes) -> str:
        etag = super().put_if_absent(key, data)
        self._count()
        return etag

    def replace(self, key: str, data: bytes, etag: str) -> str:
        etag = super().replace(key, data, etag)
        self._count()
        return etag

    def delete(self, key: str) -> None:
        super().delete(key)
        self._count()

    def _count(self) -> None:
        self.writes += 1
        if self.writes == self._dies_after:
            raise Died
