"""Where tests keep runs: folders, and a bucket of a real S3 server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.storage import FolderStore, ObjectStore


class Place(Protocol):
    """Room for any number of stores; other processes may be told of it."""

    def store(self, name: str) -> ObjectStore:
        """The store of a name; empty at first."""
        ...


@dataclass(frozen=True)
class Folders:
    """Stores in folders side by side."""

    root: Path

    def store(self, name: str) -> ObjectStore:
        return FolderStore(self.root / name)


@dataclass(frozen=True)
class BucketPrefixes:
    """Stores in one bucket, each below a prefix."""

    endpoint_url: str
    bucket: str

    def store(self, name: str) -> ObjectStore:
        return S3Store(s3_client(self.endpoint_url), self.bucket, f"{name}/")


def copied(source: ObjectStore, target: ObjectStore) -> ObjectStore:
    """Puts all objects of a store into another one, which is returned."""
    for key in source.list(""):
        target.put(key, source.get(key))
    return target
