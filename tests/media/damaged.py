"""Files that were cut short, hit by bit errors, or joined from pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

import av

_TS_PACKET_BYTES = 188


def cut(source: Path, target: Path, fraction: float) -> Path:
    """The first part of a file, as an aborted copy leaves it."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * fraction)])
    return target


def flip_bits(source: Path, target: Path, start: float, stop: float, every: int = 97) -> Path:
    """A file with one bit flipped in every so many bytes between two fractions of its length."""
    data = bytearray(source.read_bytes())
    for position in range(int(len(data) * start), int(len(data) * stop), every):
        data[position] ^= 1 << position % 8
    target.write_bytes(bytes(data))
    return target


def join(target: Path, *sources: Path) -> Path:
    """Files put end to end, which for transport streams is a legal splice."""
    target.write_bytes(b"".join(source.read_bytes() for source in sources))
    return target


def without_head(source: Path, target: Path, fraction: float) -> Path:
    """A transport stream that begins in the middle, as a recorder tunes in."""
    data = source.read_bytes()
    start = int(len(data) * fraction) // _TS_PACKET_BYTES * _TS_PACKET_BYTES
    target.write_bytes(data[start:])
    return target


def remux(
    source: Path,
    target: Path,
    shift_seconds: float = 0,
    drop_pts: bool = False,
    muxing: Mapping[str, str] | None = None,
) -> Path:
    """The packets of a file in another container, shifted in time or without presentation times."""
    with av.open(str(source)) as old, av.open(str(target), "w", options=dict(muxing or {})) as new:
        video = old.streams.video[0]
        stream = new.add_stream_from_template(video)
        for packet in old.demux(video):
            if packet.dts is None:
                continue
            assert packet.pts is not None
            shift = round(shift_seconds / packet.time_base)
            packet.pts = None if drop_pts else packet.pts + shift
            packet.dts += shift
            packet.stream = stream
            new.mux(packet)
    return target


def scatter_bits(source: Path, target: Path, seed: int, count: int) -> Path:
    """An MP4 or MOV with bits flipped here and there in its samples, never in its tables."""
    data = bytearray(source.read_bytes())
    start = data.index(b"mdat") + 4
    stop = start - 8 + int.from_bytes(data[start - 8 : start - 4], "big")
    random = Random(seed)
    for _ in range(count):
        data[random.randrange(start, stop)] ^= 1 << random.randrange(8)
    target.write_bytes(bytes(data))
    return target
