"""A walk over the boxes of MP4 and QuickTime files, for what the media library does not tell.

The library skips tracks whose samples lie in another file and decodes garbage in their place; this
finds the reference so that the file can be refused by name (ISO/IEC 14496-12, 8.7.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

_MAX_BOXES = 4096
_MAX_REFERENCE_BYTES = 4096
_SELF_CONTAINED = 1
_TOP_LEVEL = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp"}


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-letter type and where its content lies, in bytes of the file."""

    kind: bytes
    start: int
    end: int


def external_references(file: IO[bytes]) -> tuple[str, ...]:
    """Where the video tracks of an MP4 or QuickTime file say that their samples are, if outside it.

    Args:
        file: any file; one of another format has no such references.

    Returns:
        The references as text, for a message.
    """
    size = file.seek(0, 2)
    file.seek(4)
    if file.read(4) not in _TOP_LEVEL:
        return ()
    found: list[str] = []
    # Readers take the first one alone; to look for more would walk all fragments of the file.
    for movie in islice(boxes(file, 0, size, b"moov"), 1):
        for track in boxes(file, movie.start, movie.end, b"trak"):
            found += _track_references(file, track)
    return tuple(found)


def boxes(file: IO[bytes], start: int, end: int, kind: bytes) -> Iterator[Box]:
    """The boxes of one type that lie side by side in ``[start, end)``; damage ends the walk."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        head = file.read(16)
        length, content = int.from_bytes(head[:4], "big"), start + 8
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), start + 16
        stop = end if length == 0 else start + length
        if stop < content or len(head) < 8:
            return
        if head[4:8] == kind:
            yield Box(kind, content, min(stop, end))
        start = stop


def _track_references(file: IO[bytes], track: Box) -> Iterator[str]:
    for media in boxes(file, track.start, track.end, b"mdia"):
        if not _is_video(file, media):
            continue
        for info in boxes(file, media.start, media.end, b"minf"):
            for data in boxes(file, info.start, info.end, b"dinf"):
                for table in boxes(file, data.start, data.end, b"dref"):
                    yield from _entries(file, table)


def _is_video(file: IO[bytes], media: Box) -> bool:
    for handler in boxes(file, media.start, media.end, b"hdlr"):
        file.seek(handler.start + 8)
        if file.read(4) == b"vide":
            return True
    return False


def _entries(file: IO[bytes], table: Box) -> Iterator[str]:
    file.seek(table.start + 4)
    count = min(int.from_bytes(file.read(4), "big"), _MAX_BOXES)
    start = table.start + 8
    for _ in range(count):
        file.seek(start)
        head = file.read(12)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 12 or length < 12:
            return
        content = file.read(min(length - 12, _MAX_REFERENCE_BYTES))
        inside = head[11] & _SELF_CONTAINED or not content.strip(b"\x00")
        if not inside:
            yield f"{head[4:8].decode('latin-1')} {_readable(content)}"
        start += length


def _readable(content: bytes) -> str:
    text = content.decode("utf-8", "replace")
    return "".join(character if character.isprintable() else " " for character in text).strip()
