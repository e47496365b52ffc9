"""The fragments of MP4 (ISO/IEC 14496-12, 8.8), each of which gives the time it begins at."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from flowtag.video.boxes import Box, boxes
from flowtag.video.masking import Padding

_BOX_HEADER = 8
_MAX_FRAGMENT_HEADER = 1 << 20
_TABLE_END_BYTES = 16
_MAX_TABLE = 16 << 20
_FIRST_IN_FRAGMENT = b"mfhd"


@dataclass(frozen=True, slots=True)
class FragmentMarks:
    """How MP4 marks the fragments of one track; see :class:`~flowtag.video.places.Marks`.

    The time is that of decoding, before an edit list: near enough to search by.
    """

    head_end: int
    track_id: int
    mark: bytes = b"moof"
    mark_offset: int = 4
    header_bytes: int = 64 << 10
    padding: Padding = field(default="box")

    def pts_of(self, header: bytes) -> int | None:
        """When the track goes on in a fragment, in its ticks; None if it does not, or no fragment.

        A fragment that does not say its time is none either.
        """
        size = int.from_bytes(header[:4], "big")
        inner = header[_BOX_HEADER:size]
        if not _BOX_HEADER < size <= _MAX_FRAGMENT_HEADER or inner[4:8] != _FIRST_IN_FRAGMENT:
            return None
        for kind, content in _contents(inner):
            if kind == b"traf":
                parts = dict(_contents(content))
                if self._is_of_track(parts.get(b"tfhd", b"")) and b"tfdt" in parts:
                    return _decode_time(parts[b"tfdt"])
        return None

    def _is_of_track(self, header: bytes) -> bool:
        return int.from_bytes(header[4:8], "big") == self.track_id


def is_fragmented(file: IO[bytes]) -> bool:
    """Whether a file is MP4 whose header announces fragments; its index is no whole one then."""
    return _fragmented_head(file) is not None


def fragment_marks(file: IO[bytes], track_id: int) -> FragmentMarks | None:
    """Where the headers of an MP4 file in fragments end; None of any other file."""
    movie = _fragmented_head(file)
    return None if movie is None else FragmentMarks(movie.end, track_id)


def last_listed(file: IO[bytes], track_id: int) -> tuple[int, int] | None:
    """Position and time of a track's last fragment, where a table at the file's end lists them.

    The table gives the time of display; see ISO/IEC 14496-12, 8.8.9 to 8.8.11.
    """
    size = file.seek(0, 2)
    file.seek(max(size - _TABLE_END_BYTES, 0))
    tail = file.read(_TABLE_END_BYTES)
    length = int.from_bytes(tail[12:16], "big")
    if tail[4:8] != b"mfro" or not _TABLE_END_BYTES < length <= min(_MAX_TABLE, size):
        return None
    for table in boxes(file, size - length, size, b"mfra"):
        for listed in boxes(file, table.start, table.end, b"tfra"):
            file.seek(listed.start)
            head = file.read(16)
            if int.from_bytes(head[4:8], "big") == track_id:
                return _last_entry(file, listed, head)
    return None


def _last_entry(file: IO[bytes], listed: Box, head: bytes) -> tuple[int, int] | None:
    wide = 8 if head[:1] == b"\x01" else 4
    numbers = int.from_bytes(head[8:12], "big")
    entry = 2 * wide + sum((numbers >> shift & 3) + 1 for shift in (0, 2, 4))
    start = listed.start + 16 + (int.from_bytes(head[12:16], "big") - 1) * entry
    if not listed.start + 16 <= start <= listed.end - entry:
        return None
    file.seek(start)
    data = file.read(2 * wide)
    return int.from_bytes(data[wide:], "big"), int.from_bytes(data[:wide], "big")


def _fragmented_head(file: IO[bytes]) -> Box | None:
    size = file.seek(0, 2)
    for movie in islice(boxes(file, 0, size, b"moov"), 1):
        if any(True for _ in boxes(file, movie.start, movie.end, b"mvex")):
            return movie
    return None


def _contents(data: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes side by side in some bytes; the last may be cut short."""
    found, at = [], 0
    while at + _BOX_HEADER <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < _BOX_HEADER:
            break
        found.append((data[at + 4 : at + 8], data[at + _BOX_HEADER : at + size]))
        at += size
    return found


def _decode_time(content: bytes) -> int | None:
    try:
        version = content[0]
        (ticks,) = struct.unpack_from(">Q" if version else ">I", content, 4)
    except (struct.error, IndexError):
        return None
    return int(ticks)
