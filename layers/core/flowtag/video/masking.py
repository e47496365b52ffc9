"""A long file without its middle: the headers, then what follows from a place on.

Matroska without an index, and MP4 in fragments, can be read from any cluster or fragment once their
headers are known, but the media library finds such a place only by reading all before it. So the
library is given the same file with the stretch between declared to be padding, which both formats
have. Nothing moves: every position that the file mentions stays true.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO, Any, Literal, cast

from flowtag.errors import FlowtagError
from flowtag.video.media import Media

Padding = Literal["box", "element"]
"""An MP4 ``free`` box, or a Matroska ``Void`` element (RFC 9559, 5.1.3; RFC 8794, 11.3.2)."""

_LARGE_BOX = (1).to_bytes(4, "big") + b"free"
_VOID = b"\xec\x01"
_VOID_BYTES = 9
_PIECE_BYTES = 1 << 30
"""Padding is in pieces: the media library takes an element of 2 GB and more for damage."""

_PORTION_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class MaskedMedia:
    """A video whose bytes of ``[start, end)`` read as padding.

    Attributes:
        media: the video.
        start: where its headers end.
        end: where reading goes on.
        padding: which padding the format has.
    """

    media: Media
    start: int
    end: int
    padding: Padding

    @property
    def name(self) -> str:
        """That of the video."""
        return self.media.name

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """The bytes from the start; of the masked ones none is fetched."""
        file = _MaskedFile(self.media.open(mode), self.start, self.end, self.padding)
        return cast("IO[bytes]", file)


def fits(length: int, padding: Padding) -> bool:
    """Whether so many bytes can be declared padding: its header must have room."""
    return length >= len(_header(padding, length))


def _header(padding: Padding, length: int) -> bytes:
    if padding == "box":
        return _LARGE_BOX + length.to_bytes(8, "big")
    return _VOID + (length - _VOID_BYTES).to_bytes(7, "big", signed=True)


class _MaskedFile(io.RawIOBase):
    def __init__(self, file: IO[bytes], start: int, end: int, padding: Padding) -> None:
        super().__init__()
        self._file = file
        self._start, self._end, self._padding = start, end, padding
        self._position = 0

    @property
    def failure(self) -> FlowtagError | None:
        """The first error of fetching, which the media library may have swallowed."""
        return getattr(self._file, "failure", None)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._position = self._file.seek(offset, whence)
        else:
            self._position = offset + (self._position if whence == io.SEEK_CUR else 0)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        data = self._part(size)
        self._position += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _part(self, size: int) -> bytes:
        """What lies at the position, up to the next border of the mask."""
        position = self._position
        if self._start <= position < self._end:
            return self._padding_part(position - self._start, size)
        if position < self._start:
            left = self._start - position
            size = left if size < 0 else min(size, left)
        self._file.seek(position)
        return self._file.read(size)

    def _padding_part(self, offset: int, size: int) -> bytes:
        masked = self._end - self._start
        # The last piece is up to twice as long, lest it be too short for its header.
        last = max(masked // _PIECE_BYTES - 1, 0)
        piece = min(offset // _PIECE_BYTES, last)
        start = piece * _PIECE_BYTES
        length = masked - start if piece == last else _PIECE_BYTES
        rest = start + length - offset
        wanted = rest if size < 0 else min(size, rest)
        header = _header(self._padding, length)[offset - start : offset - start + wanted]
        # Small portions only: nobody reads padding, and a gigabyte of it must not be made.
        return header or bytes(min(wanted, _PORTION_BYTES))
