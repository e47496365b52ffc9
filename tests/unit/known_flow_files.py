"""Data sets of known flow, small, written from the published descriptions of their formats."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.rendering import FlowPair, random_flow_pair

WIDTH, HEIGHT = 96, 64
Levels = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]


def small_pair(seed: int = 3) -> FlowPair:
    return random_flow_pair(seed, width=WIDTH, height=HEIGHT)


def flo_bytes(flow: Flow) -> bytes:
    """Middlebury: the number 202021.25, width, height, then u and v of each pixel by rows."""
    height, width = flow.shape[:2]
    return struct.pack("<fii", 202021.25, width, height) + flow.astype("<f4").tobytes()


def png_bytes(levels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """PNG (W3C, 2003) without filters, grey or RGB, 8 or 16 bits."""
    height, width = levels.shape[:2]
    bits, colour = 8 * levels.dtype.itemsize, 2 if levels.ndim == 3 else 0
    rows = levels.astype(levels.dtype.newbyteorder(">")).reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def kitti_bytes(flow: Flow, valid: npt.NDArray[np.bool_]) -> bytes:
    """KITTI: u and v as 64 v + 2^15, and 1 where valid, in 16 bits each."""
    coded = np.rint(flow * 64 + 2**15)
    channels = np.dstack([coded, valid]) * valid[..., None]
    return png_bytes(channels.astype(np.uint16))


def ppm_bytes(levels: Levels) -> bytes:
    colours = np.repeat(levels[..., None], 3, axis=-1)
    return f"P6\n{levels.shape[1]} {levels.shape[0]}\n255\n".encode() + colours.tobytes()


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_middlebury(root: Path, pair: FlowPair, scene: str = "Shelf") -> None:
    put(root / scene / "frame10.png", png_bytes(pair.first))
    put(root / scene / "frame11.png", png_bytes(pair.second))
    put(root / scene / "flow10.flo", flo_bytes(pair.flow))


def write_official_middlebury(root: Path, pair: FlowPair) -> None:
    put(root / "other-data/Shelf/frame10.png", png_bytes(pair.first))
    put(root / "other-data/Shelf/frame11.png", png_bytes(pair.second))
    put(root / "other-gt-flow/Shelf/flow10.flo", flo_bytes(pair.flow))


def write_kitti(root: Path, pair: FlowPair, frames: str = "image_2") -> None:
    known = np.zeros(pair.occluded.shape, np.bool_)
    known[::2] = True
    put(root / f"training/{frames}/000007_10.png", png_bytes(pair.first))
    put(root / f"training/{frames}/000007_11.png", png_bytes(pair.second))
    put(root / "training/flow_occ/000007_10.png", kitti_bytes(pair.flow, known))
    put(root / "training/flow_noc/000007_10.png", kitti_bytes(pair.flow, known & ~pair.occluded))


def write_sintel(root: Path, pair: FlowPair) -> None:
    for kind in ("clean", "final"):
        put(root / f"training/{kind}/alley_1/frame_0009.png", png_bytes(pair.first))
        put(root / f"training/{kind}/alley_1/frame_0010.png", png_bytes(pair.second))
    invalid = np.zeros(pair.occluded.shape, np.bool_)
    invalid[:5] = True
    put(root / "training/flow/alley_1/frame_0009.flo", flo_bytes(pair.flow))
    for kind, mask in (("occlusions", pair.occluded), ("invalid", invalid)):
        levels = np.where(mask, 255, 0).astype(np.uint8)
        put(root / f"training/{kind}/alley_1/frame_0009.png", png_bytes(levels))


def write_flyingchairs(root: Path, pair: FlowPair) -> None:
    put(root / "data/00001_img1.ppm", ppm_bytes(pair.first))
    put(root / "data/00001_img2.ppm", ppm_bytes(pair.second))
    put(root / "data/00001_flow.flo", flo_bytes(pair.flow))
