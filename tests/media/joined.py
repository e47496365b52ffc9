"""Recordings joined end to end whose codec parameters differ, as when an encoder starts anew."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import av

_HEAD_BYTES = 13
_TAG_HEAD_BYTES = 11
_BACK_POINTER_BYTES = 4
_VIDEO, _SCRIPT = 9, 18
_END_OF_SEQUENCE = 2


def join_flv(parts: Sequence[Path], part_ms: int, path: Path) -> Path:
    """Joins FLV files of video alone, as a server does that records what it is sent.

    Each keeps the header of its codec, in the middle of the file. (Adobe Flash Video File Format
    Specification 10.1, annex E.)

    Args:
        parts: the files.
        part_ms: when each begins after the one before, in milliseconds.
        path: the file to write.
    """
    joined = bytearray(parts[0].read_bytes()[:_HEAD_BYTES])
    for place, part in enumerate(parts):
        for kind, time_ms, body in _tags(part.read_bytes()):
            if kind == _SCRIPT or (kind == _VIDEO and body[1] == _END_OF_SEQUENCE):
                continue
            joined += _tag(kind, time_ms + place * part_ms, body)
    path.write_bytes(joined)
    return path


def rewrap(source: Path, path: Path) -> Path:
    """Copies packets into another container; in MP4 each change makes a sample entry of its own."""
    with av.open(str(source)) as packets, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(packets.streams.video[0])
        for packet in packets.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    return path


def _tags(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, time in ms and body of each tag."""
    at = _HEAD_BYTES
    while at + _TAG_HEAD_BYTES <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        time_ms = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        body = at + _TAG_HEAD_BYTES
        yield data[at], time_ms, data[body : body + size]
        at = body + size + _BACK_POINTER_BYTES


def _tag(kind: int, time_ms: int, body: bytes) -> bytes:
    low, high = (time_ms & 0xFFFFFF).to_bytes(3, "big"), bytes([time_ms >> 24])
    tag = bytes([kind]) + len(body).to_bytes(3, "big") + low + high + bytes(3) + body
    return tag + struct.pack(">I", len(tag))
