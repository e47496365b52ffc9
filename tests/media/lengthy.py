"""Films of any length in no time: one picture, and an index that repeats it."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.media.movies import Movie, write_movie
from tests.media.patching import Edit, box, boxes, patch

_SIDE_PX = 4
_KEY_EVERY = 250


def write_lengthy(path: Path, frames: int, ticks: int = 512, side_px: int = _SIDE_PX) -> Path:
    """A MOV of raw pictures at 25 fps whose sample tables hold so many frames.

    The samples are a hole in a sparse file, i.e. black; every 250th is marked as a key frame.

    Args:
        path: the file to write.
        frames: how many.
        ticks: length of a frame in 1/12800 s.
        side_px: width and height of the pictures.
    """
    movie = Movie("rawvideo", count=1, size=(side_px, side_px), pixel_format="rgb24")
    write_movie(path, movie)
    parts = dict(boxes(path.read_bytes()))
    sample = len(parts[b"mdat"])
    head = box(b"ftyp", parts[b"ftyp"]) + struct.pack(">I4sQ", 1, b"mdat", 16 + sample * frames)
    path.write_bytes(box(b"moov", parts[b"moov"]))
    _rewrite_tables(path, frames, ticks, sample, len(head))
    tail = path.read_bytes()
    with path.open("wb") as file:
        file.write(head)
        file.seek(sample * frames, 1)
        file.write(tail)
    return path


def _rewrite_tables(path: Path, frames: int, ticks: int, sample: int, start: int) -> None:
    keys = range(1, frames + 1, _KEY_EVERY)
    tables = {
        "stts": struct.pack(">IIII", 0, 1, frames, ticks),
        "stsz": struct.pack(">III", 0, sample, frames),
        "stsc": struct.pack(">IIIII", 0, 1, 1, frames, 1),
        "stco": struct.pack(">III", 0, 1, start),
    }
    for kind, content in tables.items():
        patch(path, f"moov/trak/mdia/minf/stbl/{kind}", _replacing(content))
    sync = box(b"stss", struct.pack(f">II{len(keys)}I", 0, len(keys), *keys))
    patch(path, "moov/trak/mdia/minf/stbl", lambda tables: tables + sync)
    patch(path, "moov/trak/edts", _replacing(b""))
    length = struct.pack(">I", min(frames * ticks, 0xFFFFFFFF))
    patch(path, "moov/trak/mdia/mdhd", lambda header: header[:16] + length + header[20:])


def _replacing(content: bytes) -> Edit:
    return lambda _: content
