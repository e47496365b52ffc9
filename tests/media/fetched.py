"""Films that are fetched by ranges, as from a bucket, and what that cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, cast

from flowtag.video.media import Media, RangedFile


@dataclass
class FetchedFile:
    """A local file that is read by ranges alone.

    Attributes:
        path: the file.
        fail_after: fetches beyond this many fail with `failure`.
        fetches: the ranges that were asked for.
    """

    path: Path
    fail_after: int | None = None
    failure: Callable[[], Exception] = OSError
    fetches: list[tuple[int, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def fetched_bytes(self) -> int:
        return sum(end - start for start, end in self.fetches)

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        return cast("IO[bytes]", RangedFile(self._fetch, self.path.stat().st_size))

    def _fetch(self, start: int, end: int) -> bytes:
        self.fetches.append((start, end))
        if self.fail_after is not None and len(self.fetches) > self.fail_after:
            raise self.failure()
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


def as_path(path: Path) -> Media:
    """The file itself."""
    return path


def as_fetched(path: Path) -> Media:
    """The file as if it lay far away."""
    return FetchedFile(path)


WAYS = {"local": as_path, "fetched": as_fetched}
