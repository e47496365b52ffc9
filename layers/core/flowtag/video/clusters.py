"""The clusters of Matroska and WebM (RFC 9559), each of which begins with its own time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from flowtag.video.masking import Padding

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
CLUSTER = b"\x1f\x43\xb6\x75"
_TIMESTAMP = 0xE7
_CRC = 0xBF
# What may follow a cluster's time: blocks, their groups, and small print.
_AFTER_TIME = {0xA3, 0xA0, 0xAB, 0xA7, 0xEC, 0xBF, 0x58, 0xAF}
_MAX_ELEMENTS = 256
_MAX_ID_BYTES = 4
_MAX_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class ClusterMarks:
    """How Matroska marks its clusters; see :class:`~flowtag.video.places.Marks`."""

    head_end: int
    mark: bytes = CLUSTER
    mark_offset: int = 0
    header_bytes: int = 64
    padding: Padding = field(default="element")

    def pts_of(self, header: bytes) -> int | None:
        """The time of a cluster, in ticks of the file; None if this is none."""
        size = _number(header, 4)
        if size is None:
            return None
        at = size[1]
        if header[at : at + 2] == bytes((_CRC, 0x84)):
            at += 6
        if header[at : at + 1] != bytes((_TIMESTAMP,)):
            return None
        length = _number(header, at + 1)
        if length is None or not 1 <= length[0] <= _MAX_TIME_BYTES:
            return None
        start, end = length[1], length[1] + length[0]
        if end >= len(header) or header[end] not in _AFTER_TIME:
            return None
        return int.from_bytes(header[start:end], "big")


def cluster_marks(file: IO[bytes]) -> ClusterMarks | None:
    """Where the headers of a Matroska file end; None of another file, or one without clusters."""
    file.seek(0)
    if file.read(4) != _EBML:
        return None
    size = _number_at(file, 4)
    if size is None:
        return None
    position = size[1] + size[0]
    file.seek(position)
    if file.read(4) != _SEGMENT:
        return None
    inside = _number_at(file, position + 4)
    return None if inside is None else _first_cluster(file, inside[1])


def _first_cluster(file: IO[bytes], position: int) -> ClusterMarks | None:
    for _ in range(_MAX_ELEMENTS):
        file.seek(position)
        name = file.read(_MAX_ID_BYTES)
        if name == CLUSTER:
            return ClusterMarks(position)
        length = _leading_length(name)
        if length is None or length > _MAX_ID_BYTES:
            return None
        size = _number_at(file, position + length)
        if size is None:
            return None
        position = size[1] + size[0]
    return None


def _number_at(file: IO[bytes], position: int) -> tuple[int, int] | None:
    file.seek(position)
    number = _number(file.read(8), 0)
    return None if number is None else (number[0], position + number[1])


def _number(data: bytes, at: int) -> tuple[int, int] | None:
    """An EBML number of variable length (RFC 8794, 4), and where the next thing begins."""
    length = _leading_length(data[at : at + 1])
    if length is None or at + length > len(data):
        return None
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return value, at + length


def _leading_length(data: bytes) -> int | None:
    """Bytes of a number, by its first one; None of none, or of an impossible one."""
    if not data or not data[0]:
        return None
    return 9 - data[0].bit_length()
