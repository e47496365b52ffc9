"""Films of any length in containers without an index, made while they are read.

A second of film is repeated; of each repetition only the times are other ones.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from flowtag.video.media import RangedFile
from tests.media.movies import Movie, write_movie
from tests.media.patching import boxes

_TS_PACKET = 188
_CLUSTER = b"\x1f\x43\xb6\x75"
_CUES_FIRST = {"reserve_index_space": "500"}
_LARGE = Movie(count=25, gop=25, size=(1280, 720), options={"crf": "1", "preset": "ultrafast"})


@dataclass
class EndlessFilm:
    """A film that is fetched by ranges; each of its seconds has the same bytes but for its times.

    Attributes:
        name: with a suffix.
        head: what comes before the first second.
        second: the bytes of the second of a number.
        second_bytes: their length.
        seconds: so many there are.
        fetched_bytes: so many were asked for.
    """

    name: str
    head: bytes
    second: Callable[[int], bytes]
    second_bytes: int
    seconds: int
    fetched_bytes: int = 0
    fetches: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return len(self.head) + self.seconds * self.second_bytes

    def open(self, mode: str) -> IO[bytes]:
        return cast("IO[bytes]", RangedFile(self._fetch, self.size_bytes))

    def _fetch(self, start: int, end: int) -> bytes:
        self.fetched_bytes += end - start
        self.fetches.append((start, end))
        parts = [self.head[start:end]]
        first = max(start - len(self.head), 0) // self.second_bytes
        last = max(end - 1 - len(self.head), 0) // self.second_bytes
        for number in range(first, last + 1 if end > len(self.head) else first):
            begin = len(self.head) + number * self.second_bytes
            parts.append(self.second(number)[max(start - begin, 0) : end - begin])
        return b"".join(parts)


def endless_fragments(folder: Path, size_bytes: int) -> EndlessFilm:
    """MP4 in fragments of a second."""
    muxing = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer"}
    path = write_movie(folder / "second.mp4", Movie(**{**vars(_LARGE), "muxing": muxing}))
    data = path.read_bytes()
    start = data.index(b"moof") - 4
    head, second = data[:start], data[start:]
    assert [kind for kind, _ in boxes(second)] == [b"moof", b"mdat"]
    at = second.index(b"tfdt") + 8

    def at_second(number: int) -> bytes:
        return second[:at] + struct.pack(">Q", number * 12800) + second[at + 8 :]

    return EndlessFilm("film.mp4", head, at_second, len(second), size_bytes // len(second))


def endless_clusters(folder: Path, size_bytes: int, cues: bool = False) -> EndlessFilm:
    """Matroska in clusters of a second, with an index of the first one at its head or with none."""
    path = write_movie(folder / "second.mkv", Movie(**{**vars(_LARGE), "muxing": _CUES_FIRST}))
    data = path.read_bytes()
    start = data.index(_CLUSTER)
    length = int.from_bytes(data[start + 4 : start + 12], "big") & (1 << 56) - 1
    blocks = data[data.index(b"\xe7\x81\x00", start) + 3 : start + 12 + length]
    if not cues:
        path = write_movie(folder / "live.mkv", Movie(**{**vars(_LARGE), "muxing": {"live": "1"}}))
        data = path.read_bytes()
    head = data[: data.index(_CLUSTER)]
    segment = head.index(b"\x18\x53\x80\x67") + 4
    assert head[segment] == 1
    # Of unknown length, as that of a recorder that never came to its end.
    head = head[:segment] + b"\x01" + b"\xff" * 7 + head[segment + 8 :]
    size = (10 + len(blocks)).to_bytes(7, "big")

    def at_second(number: int) -> bytes:
        time = (1000 * number).to_bytes(8, "big")
        return _CLUSTER + b"\x01" + size + b"\xe7\x88" + time + blocks

    length = len(at_second(0))
    return EndlessFilm("film.mkv", head, at_second, length, size_bytes // length)


def endless_transport(folder: Path, size_bytes: int) -> EndlessFilm:
    """A transport stream."""
    second = write_movie(folder / "second.ts", _LARGE).read_bytes()
    stamps = [
        (at, read, write)
        for packet in range(0, len(second), _TS_PACKET)
        for at, read, write in _stamps(second, packet)
    ]

    def at_second(number: int) -> bytes:
        changed = bytearray(second)
        for at, read, write in stamps:
            write(changed, at, read(second, at) + 90_000 * number)
        return bytes(changed)

    return EndlessFilm("film.ts", b"", at_second, len(second), size_bytes // len(second))


_Stamp = tuple[int, Callable[[bytes, int], int], Callable[[bytearray, int, int], None]]


def _stamps(data: bytes, packet: int) -> list[_Stamp]:
    """Where a packet tells times: its clock reference, and those of the picture it begins."""
    found: list[_Stamp] = []
    payload = packet + 4
    if data[packet + 3] & 0x20:
        payload += 1 + data[packet + 4]
        if data[packet + 4] and data[packet + 5] & 0x10:
            found.append((packet + 6, _read_reference, _write_reference))
    starts = data[packet + 1] & 0x40 and data[packet + 3] & 0x10
    if starts and data[payload : payload + 4] == b"\x00\x00\x01\xe0":
        flags = data[payload + 7] >> 6
        found += [
            (payload + 9 + 5 * n, _read_time, _write_time) for n in range({2: 1, 3: 2}[flags])
        ]
    return found


def _read_reference(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 5], "big") >> 7


def _write_reference(data: bytearray, at: int, ticks: int) -> None:
    low = int.from_bytes(data[at : at + 5], "big") & 0x7F
    data[at : at + 5] = (ticks << 7 | low).to_bytes(5, "big")


def _read_time(data: bytes, at: int) -> int:
    a = data[at]
    b, c = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (1, 3))
    return (a >> 1 & 7) << 30 | b >> 1 << 15 | c >> 1


def _write_time(data: bytearray, at: int, ticks: int) -> None:
    data[at] = data[at] & 0xF1 | (ticks >> 30 & 7) << 1
    struct.pack_into(">HH", data, at + 1, (ticks >> 15) << 1 & 0xFFFF | 1, ticks << 1 & 0xFFFF | 1)
