"""Where the objects of a run are kept: one small port, and the folder store of a laptop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class ObjectStore(Protocol):
    """A flat store of named objects with conditional writes, after S3's semantics.

    Keys use ``/``. An etag is an opaque string that changes whenever the bytes do.
    """

    def get(self, key: str) -> bytes:
        """The bytes of an object.

        Raises:
            ObjectNotFoundError: there is none of that key.
            StorageError: the store failed.
        """
        ...

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """The bytes of an object and the etag to replace just these by."""
        ...

    def put(self, key: str, data: bytes) -> str:
        """Writes an object, whatever stood there, whole or not at all; returns its etag."""
        ...

    def put_if_absent(self, key: str, data: bytes) -> str:
        """Writes an object that must not exist yet; returns its etag.

        Raises:
            PreconditionFailedError: there is one already.
        """
        ...

    def replace(self, key: str, data: bytes, etag: str) -> str:
        """Replaces the object that was read with ``etag``; returns the new etag.

        Raises:
            PreconditionFailedError: it is another one by now, or gone.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """The keys under a prefix, in order."""
        ...

    def delete(self, key: str) -> None:
        """Removes an object; it is no error if there is none."""
        ...
