"""What videos are read from: a local file, or an object that is fetched by ranges."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from flowtag.errors import FlowtagError

Fetch = Callable[[int, int], bytes]
"""Fetches the bytes of ``[start, end)``; at least one byte, and never beyond the end."""

FIRST_READ_BYTES = 64 << 10
_KEPT_BLOCKS = 4


class Media(Protocol):
    """A video to read: a :class:`pathlib.Path`, or what opens as a :class:`RangedFile`."""

    @property
    def name(self) -> str:
        """For people; never parsed."""
        ...

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """The bytes from the start; each opening has a position of its own."""
        ...


def is_remote(media: Media) -> bool:
    """Whether a video's bytes are fetched, and so cost requests and time; else it is local."""
    return not isinstance(media, Path)


class RangedFile(io.RawIOBase):
    """A file whose bytes are fetched by ranges, and read ahead where it is read in order.

    A jump fetches little; each fetch that goes on where the last one ended takes twice as much, up
    to a bound. So an index costs about its own length, and long reading few requests. The last few
    blocks are kept, because parsers of containers step back and forth.

    Attributes:
        fetched_bytes: how much was fetched so far.
        max_read_bytes: the longest single fetch from now on.
        failure: the first error of fetching. Who reads through a library that may swallow it asks
            here.
    """

    def __init__(self, fetch: Fetch, size_bytes: int, max_read_bytes: int = 8 << 20) -> None:
        """Takes a way to fetch, the length of the whole, and the longest single fetch."""
        super().__init__()
        self.fetched_bytes = 0
        self.failure: FlowtagError | None = None
        self._fetch = fetch
        self._size = size_bytes
        self.max_read_bytes = max_read_bytes
        self._position = 0
        self._next_read_bytes = FIRST_READ_BYTES
        self._blocks: deque[tuple[int, bytes]] = deque(maxlen=_KEPT_BLOCKS)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a position; fetches nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"cannot seek to {base + offset}")
        self._position = base + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """The bytes from here on, at most ``size``; none at the end.

        Raises:
            FlowtagError: as fetching does; again at every later read.
        """
        if self.failure is not None:
            raise self.failure
        end = self._size if size < 0 else min(self._position + size, self._size)
        parts = []
        while self._position < end:
            start, block = self._block_at(self._position)
            part = block[self._position - start : end - start]
            parts.append(part)
            self._position += len(part)
        return b"".join(parts)

    def readinto(self, buffer: Any, /) -> int:
        """Fills a buffer; returns how much of it."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _block_at(self, position: int) -> tuple[int, bytes]:
        for start, block in self._blocks:
            if start <= position < start + len(block):
                return start, block
        goes_on = bool(self._blocks) and position == self._blocks[-1][0] + len(self._blocks[-1][1])
        wanted = 2 * self._next_read_bytes if goes_on else FIRST_READ_BYTES
        self._next_read_bytes = min(wanted, self.max_read_bytes)
        try:
            block = self._fetch(position, min(position + self._next_read_bytes, self._size))
        except FlowtagError as error:
            self.failure = error
            raise
        self.fetched_bytes += len(block)
        self._blocks.append((position, block))
        return position, block
