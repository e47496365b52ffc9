"""Files of data sets with known flow: ``.flo``, KITTI's 16-bit PNG, pictures, masks.

Nothing is allocated before a file's header and its length agree, and PNG is checked to its end
before it is decoded: decoders give what they have of a truncated file.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.errors import GroundTruthError
from flowtag.flow.field import FloatArray, GreyImage

Mask = npt.NDArray[np.bool_]

MOST_PIXELS = 1 << 26
_FLO_MAGIC = b"PIEH"
_FLO_HEADER = struct.Struct("<4sii")
_FLO_UNKNOWN = 1e9
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PPM_HEADER = re.compile(rb"P([56])\s(?:\s*#[^\n]*\n)*\s*(\d+)\s+(\d+)\s+(\d+)\s")


def read_flo(path: Path) -> tuple[FloatArray, Mask]:
    """Reads Middlebury's ``.flo`` (Baker et al. 2011).

    Returns:
        ``(H, W, 2)`` float32 flow in px, x right, y down, 0 where unknown; and ``(H, W)``, true
        where it is known.

    Raises:
        GroundTruthError: it is missing, no ``.flo``, truncated, or longer than its header says.
    """
    data = _bytes_of(path)
    if len(data) < _FLO_HEADER.size:
        raise GroundTruthError(f"{path}: truncated: {len(data)} bytes hold no header of a .flo")
    magic, width, height = _FLO_HEADER.unpack_from(data)
    if magic != _FLO_MAGIC:
        raise GroundTruthError(f"{path}: no .flo: it begins with {magic!r}, not {_FLO_MAGIC!r}")
    _require_size(path, width, height)
    wanted = _FLO_HEADER.size + 8 * width * height
    if len(data) != wanted:
        word = "truncated" if len(data) < wanted else "too long"
        raise GroundTruthError(
            f"{path}: {word}: {width} x {height} px take {wanted} bytes, it has {len(data)}"
        )
    flow = np.frombuffer(data, "<f4", offset=_FLO_HEADER.size).reshape(height, width, 2)
    # NaN fails the comparison as well.
    known = np.all(np.abs(flow) <= _FLO_UNKNOWN, axis=-1)
    return np.where(known[..., None], flow, np.float32(0)).astype(np.float32), known


def read_kitti_flow(path: Path) -> tuple[FloatArray, Mask]:
    """Reads KITTI's flow: 16-bit PNG of u, v and validity (Geiger et al. 2012, Menze 2015).

    Returns:
        As :func:`read_flo`.

    Raises:
        GroundTruthError: it is missing, damaged, or not of three channels of 16 bits.
    """
    levels = _decoded_png(path, cv2.IMREAD_UNCHANGED)
    if levels.dtype != np.uint16 or levels.ndim != 3 or levels.shape[2] != 3:
        raise GroundTruthError(f"{path}: no flow of KITTI: it must have 3 channels of 16 bits")
    # OpenCV gives channels backwards.
    valid, v, u = (levels[..., channel] for channel in range(3))
    known = valid > 0
    flow = (np.stack([u, v], axis=-1).astype(np.float32) - 32768) / 64
    return np.where(known[..., None], flow, np.float32(0)).astype(np.float32), known


def read_picture(path: Path) -> GreyImage:
    """A frame, ``(H, W)`` uint8 grey; PNG, PPM or PGM.

    Raises:
        GroundTruthError: it is missing, damaged, or of another format.
    """
    if path.suffix.lower() in (".ppm", ".pgm"):
        return _read_ppm(path)
    return np.asarray(_decoded_png(path, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def read_mask(path: Path) -> Mask:
    """``(H, W)``: where a black and white PNG is white.

    Raises:
        GroundTruthError: it is missing or damaged.
    """
    return np.asarray(_decoded_png(path, cv2.IMREAD_GRAYSCALE) > 127)


def _read_ppm(path: Path) -> GreyImage:
    data = _bytes_of(path)
    header = _PPM_HEADER.match(data)
    if header is None:
        raise GroundTruthError(f"{path}: no binary PPM or PGM: it begins with {data[:2]!r}")
    channels = 3 if header[1] == b"6" else 1
    width, height, most = (int(header[group]) for group in (2, 3, 4))
    if most != 255:
        raise GroundTruthError(f"{path}: levels up to {most}; only 255 is read")
    _require_size(path, width, height)
    wanted = header.end() + width * height * channels
    if len(data) < wanted:
        raise GroundTruthError(
            f"{path}: truncated: {width} x {height} px take {wanted} bytes, it has {len(data)}"
        )
    levels = np.frombuffer(data, np.uint8, width * height * channels, header.end())
    if channels == 1:
        return levels.reshape(height, width).copy()
    colours = levels.reshape(height, width, 3)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _decoded_png(path: Path, how: int) -> npt.NDArray[Any]:
    data = _bytes_of(path)
    if not data.startswith(_PNG_MAGIC):
        raise GroundTruthError(f"{path}: no PNG: it begins with {data[:8]!r}")
    names = [name for name, _ in _png_chunks(path, data)]
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND":
        raise GroundTruthError(f"{path}: damaged: a PNG begins with IHDR and ends with IEND")
    image: npt.NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if image is None:
        raise GroundTruthError(f"{path}: damaged: it cannot be decoded")
    return image


def _png_chunks(path: Path, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG_MAGIC)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if end > len(data) or len(name) < 4:
            raise GroundTruthError(f"{path}: truncated after {len(data)} bytes")
        if zlib.crc32(name + body) != int.from_bytes(data[end - 4 : end], "big"):
            raise GroundTruthError(f"{path}: damaged: wrong checksum at byte {at}")
        if name == b"IHDR":
            _require_size(path, *struct.unpack(">II", body[:8].ljust(8, b"\0")))
        yield name, body
        if name == b"IEND":
            return
        at = end
    raise GroundTruthError(f"{path}: truncated after {len(data)} bytes")


def _require_size(path: Path, width: int, height: int) -> None:
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise GroundTruthError(
            f"{path}: its header says {width} x {height} px; at least 1 x 1 and at most"
            f" {MOST_PIXELS} px are read"
        )


def _bytes_of(path: Path) -> bytes:
    try:
        # Nothing of that many pixels is longer, compressed or not.
        if path.stat().st_size > 8 * MOST_PIXELS + _FLO_HEADER.size:
            raise GroundTruthError(f"{path}: larger than any file that is read")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise GroundTruthError(f"{path}: missing; the data set is incomplete") from error
    except OSError as error:
        raise GroundTruthError(f"{path}: cannot be read: {error.strerror or error}") from error
