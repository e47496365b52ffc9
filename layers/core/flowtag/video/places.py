"""Places where reading can begin, in files that have no index of them, found by a byte search.

Matroska's clusters and the fragments of MP4 each begin with a mark and with their own time. A mark
can be met by chance among a picture's bytes, so what follows it must make sense as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from flowtag.video.masking import Padding

_BLOCK_BYTES = 64 << 10
_MAX_STEPS = 64
_NEAR_BYTES = 512 << 10
_MAX_HUNT_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cluster or fragment begins, in bytes, and about when, in ticks of its stream."""

    position: int
    pts: int


class Marks(Protocol):
    """How a format marks its places."""

    @property
    def head_end(self) -> int:
        """Where the file's headers end, in bytes."""
        ...

    @property
    def mark(self) -> bytes:
        """What every place holds, :attr:`mark_offset` bytes after it begins."""
        ...

    @property
    def mark_offset(self) -> int:
        """Bytes from a place's beginning to its mark."""
        ...

    @property
    def header_bytes(self) -> int:
        """So many bytes from a place on tell whether it is one."""
        ...

    @property
    def padding(self) -> Padding:
        """What the format skips."""
        ...

    def pts_of(self, header: bytes) -> int | None:
        """The time that a place's first bytes give; None if it is no place of the stream."""
        ...


def next_place(file: IO[bytes], marks: Marks, start: int, end: int) -> Place | None:
    """The first place that begins in ``[start, end)`` bytes."""
    for position in _marks_between(file, marks, max(start, marks.head_end), end):
        file.seek(position)
        pts = marks.pts_of(_read(file, marks.header_bytes))
        if pts is not None:
            return Place(position, pts)
    return None


def last_place(file: IO[bytes], marks: Marks, size: int, most_bytes: int) -> Place | None:
    """The last place of a file, if it lies within so many bytes of its end."""
    length = _BLOCK_BYTES
    while True:
        start = max(size - min(length, most_bytes), marks.head_end)
        found = next_place(file, marks, start, size)
        if found is not None:
            break
        if start == marks.head_end or length >= most_bytes:
            return None
        length *= 4
    while (later := next_place(file, marks, found.position + 1, size)) is not None:
        found = later
    return found


def place_before(file: IO[bytes], marks: Marks, size: int, pts: int) -> Place | None:
    """A late place whose time is at or before a pts, or None where even the first is later.

    Times must grow with positions. Guesses by proportion take turns with halving, so that a file of
    even bit rate costs few reads and no file many.
    """
    low = next_place(file, marks, marks.head_end, min(size, marks.head_end + _MAX_HUNT_BYTES))
    if low is None or low.pts > pts:
        return None
    end, high = size, None
    for step in range(_MAX_STEPS):
        if end - low.position <= _NEAR_BYTES:
            break
        middle = (low.position + end) // 2
        if high is not None and step % 2:
            middle = _proportional(low, high, pts, end)
        found = next_place(file, marks, middle, min(end, middle + _MAX_HUNT_BYTES))
        if found is not None and found.pts <= pts:
            low = found
            continue
        end, high = middle, found or high
    return low


def _proportional(low: Place, high: Place, pts: int, end: int) -> int:
    """Where a time should lie between two places, a little early."""
    share = (pts - low.pts) / max(high.pts - low.pts, 1)
    length = high.position - low.position
    guess = low.position + int(max(share - 0.02, 0.01) * length)
    return min(max(guess, low.position + 1), end - 1)


def _marks_between(file: IO[bytes], marks: Marks, start: int, end: int) -> Iterator[int]:
    """Where the mark is met; a place that it would belong to begins in ``[start, end)``."""
    overlap = len(marks.mark) - 1
    position, stop = start + marks.mark_offset, end + marks.mark_offset + overlap
    kept = b""
    while position < stop:
        file.seek(position)
        block = file.read(min(_BLOCK_BYTES, stop - position))
        if not block:
            return
        data, base = kept + block, position - len(kept)
        found = data.find(marks.mark)
        while found >= 0:
            yield base + found - marks.mark_offset
            found = data.find(marks.mark, found + 1)
        position += len(block)
        kept = data[-overlap:] if overlap else b""


def _read(file: IO[bytes], size: int) -> bytes:
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
