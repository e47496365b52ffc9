"""Changes to the boxes of a finished MP4 or MOV, for what no muxer will write."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"udta"}

Edit = Callable[[bytes], bytes]


def patch(path: Path, trail: str, edit: Edit) -> Path:
    """Rewrites the content of every box at a trail such as ``moov/trak/tkhd``.

    The movie box must come after the samples, as muxers leave it by default: sizes may change.
    """
    path.write_bytes(
        _patched(path.read_bytes(), [part.encode() for part in trail.split("/")], edit)
    )
    return path


def append_box(path: Path, trail: str, box: bytes) -> Path:
    """Puts a box at the end of every box at a trail."""
    return patch(path, trail, lambda content: content + box)


def box(kind: bytes, content: bytes) -> bytes:
    """A box of a kind."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kinds and contents of boxes that lie side by side."""
    start = 0
    while start + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, start + 8)
            head = 16
        stop = start + length if length else len(content)
        yield kind, content[start + head : stop]
        start = stop


def display_matrix(a: int, b: int, c: int, d: int) -> Edit:
    """Sets the matrix of a track header (QuickTime: x' = ax + cy, y' = bx + dy; y points down)."""
    one = 1 << 16
    matrix = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)

    def edit(header: bytes) -> bytes:
        start = 40 if header[0] == 0 else 52
        return header[:start] + matrix + header[start + 36 :]

    return edit


def edit_list(*entries: tuple[int, int]) -> bytes:
    """An edit list box of (duration in movie ticks, media time in media ticks) entries."""
    rows = b"".join(struct.pack(">IiI", length, time, 1 << 16) for length, time in entries)
    return box(b"edts", box(b"elst", struct.pack(">II", 0, len(entries)) + rows))


def _patched(content: bytes, trail: list[bytes], edit: Edit) -> bytes:
    out = b""
    for kind, inner in boxes(content):
        if kind == trail[0]:
            inner = edit(inner) if len(trail) == 1 else _patched(inner, trail[1:], edit)
        out += box(kind, inner)
    return out
