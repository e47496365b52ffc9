"""A video that is opened several times while it is planned, each byte of which is fetched once."""

from __future__ import annotations

from bisect import bisect_right
from typing import IO, Literal, cast

from flowtag.errors import FlowtagError
from flowtag.video.media import Media, RangedFile

_LONGEST_READ_BYTES = 2 << 20


class EnoughReadError(FlowtagError):
    """More would have to be read than was allowed."""


class RememberedMedia:
    """Keeps all that is read of a video, and counts it.

    Attributes:
        media: the video.
        size_bytes: its length.
        most_bytes: reading more raises :class:`EnoughReadError`; None: no bound.
    """

    def __init__(self, media: Media) -> None:
        """Opens the video; reads nothing yet."""
        self.media = media
        self.most_bytes: int | None = None
        self._file = media.open("rb")
        self._copied_bytes = 0
        if isinstance(self._file, RangedFile):
            self._file.max_read_bytes = _LONGEST_READ_BYTES
        self.size_bytes = self._file.seek(0, 2)
        self._starts: list[int] = []
        self._blocks: list[bytes] = []

    @property
    def name(self) -> str:
        """That of the video."""
        return self.media.name

    @property
    def read_bytes(self) -> int:
        """What was read so far, reading ahead included."""
        fetched = getattr(self._file, "fetched_bytes", 0)
        return max(int(fetched), self._copied_bytes)

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """The bytes from the start.

        Raises:
            EnoughReadError: on reading, beyond the bound.
            FlowtagError: on reading, as fetching does.
        """
        file = RangedFile(self._bytes_of, self.size_bytes, _LONGEST_READ_BYTES)
        return cast("IO[bytes]", file)

    def _bytes_of(self, start: int, end: int) -> bytes:
        at = bisect_right(self._starts, start)
        if at:
            offset = start - self._starts[at - 1]
            known = self._blocks[at - 1][offset : offset + end - start]
            if known:
                return known
        if at < len(self._starts):
            end = min(end, self._starts[at])
        return self._fetched(at, start, end)

    def _fetched(self, at: int, start: int, end: int) -> bytes:
        if self.most_bytes is not None and self.read_bytes + end - start > self.most_bytes:
            raise EnoughReadError(f"{self.name}: more than {self.most_bytes} bytes to be read")
        self._file.seek(start)
        block = self._file.read(end - start)
        self._starts.insert(at, start)
        self._blocks.insert(at, block)
        self._copied_bytes += len(block)
        return block
