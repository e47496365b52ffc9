"""Decoded pictures made small: upright luma to analyse, and colour stills to look at."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from flowtag.contracts.messages import VideoProbe
from flowtag.errors import BrokenMediaError

Luma = NDArray[np.uint8]
_Plane = NDArray[np.uint8] | NDArray[np.uint16]

MIN_SIDE_PX = 32
"""Below this the flow estimator's patches no longer fit."""

_MAX_STRETCH = 4
_JPEG_QUALITY = 80
_PLANAR_8_BIT = frozenset(
    {"gray", "nv12", "nv21", "nv16"}
    | {f"yuv{j}{s}p" for j in ("", "j") for s in ("410", "411", "420", "422", "440", "444")}
    | {f"yuva{s}p" for s in ("420", "422", "444")}
)
_PLANAR_16_BIT = {
    f"{name}{bits}le": bits
    for bits in (9, 10, 12, 14, 16)
    for name in (
        "gray",
        *(f"yuv{s}p" for s in ("420", "422", "440", "444")),
        *(f"yuva{s}p" for s in ("420", "422", "444")),
    )
}
_PLANAR_16_BIT |= {"p010le": 16, "p012le": 16, "p016le": 16, "p210le": 16, "p410le": 16}
_LIMITED = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
_TURNS: Final[dict[int, int]] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def working_size(probe: VideoProbe, long_side_px: int) -> tuple[int, int]:
    """The size at which a video is analysed: upright, square pixels, even sides.

    Args:
        probe: gives size, rotation and pixel aspect.
        long_side_px: aimed-at longer side; a smaller picture is not enlarged, but a very long or
            tiny one gets a shorter side of :data:`MIN_SIDE_PX` where four times this side allows.

    Returns:
        Width and height in px.
    """
    width, height = probe.display_size()
    long, short = max(width, height), min(width, height)
    scale = min(Fraction(long_side_px, long), Fraction(1))
    scale = max(scale, Fraction(MIN_SIDE_PX, short))
    scale = min(scale, Fraction(_MAX_STRETCH * long_side_px, long))
    return tuple(max(MIN_SIDE_PX, 2 * round(side * scale / 2)) for side in (width, height))  # type: ignore[return-value]


def small_luma(picture: av.VideoFrame, size: tuple[int, int], rotation: int) -> Luma:
    """A small, upright, grey picture.

    Args:
        picture: a decoded frame of any pixel format.
        size: upright width and height in px, of :func:`working_size`.
        rotation: degrees clockwise to apply for display.

    Returns:
        Luma of full range (0 black, 255 white) whatever the source's, `(height, width)` uint8.
    """
    stored = (size[1], size[0]) if rotation in (90, 270) else size
    plane = _luma_plane(picture)
    if plane is None:
        # At full size: swscale's own reduction takes too few pixels into account.
        picture = picture.reformat(format="gray", dst_color_range="JPEG")
        plane = np.asarray(picture.to_ndarray(), dtype=np.uint8)
    small = _full_range(_shrunk(plane, stored, picture.interlaced_frame), picture)
    return _upright(small, rotation)


def small_colour_jpeg(
    picture: av.VideoFrame, long_side_px: int, rotation: int, sample_aspect_ratio: Fraction
) -> bytes:
    """A small, upright colour still in square pixels.

    Args:
        picture: a decoded frame of any pixel format.
        long_side_px: its longer side at most.
        rotation: degrees clockwise to apply for display.
        sample_aspect_ratio: width of a stored pixel over its height.

    Returns:
        A JPEG file; the same bytes for the same picture on one platform.
    """
    width, height = picture.width * sample_aspect_ratio, Fraction(picture.height)
    scale = min(Fraction(long_side_px) / max(width, height), Fraction(1))
    stored = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = picture.reformat(*stored, "bgr24", interpolation="AREA").to_ndarray()
    upright = _upright(np.ascontiguousarray(small, dtype=np.uint8), rotation)
    done, data = cv2.imencode(".jpg", upright, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise BrokenMediaError(f"a frame of {stored[0]}x{stored[1]} px could not be stored as JPEG")
    return data.tobytes()


def _luma_plane(picture: av.VideoFrame) -> _Plane | None:
    """The stored luma, not copied, `(height, width)`; None where it is no plane of its own."""
    name = picture.format.name
    sample: type[np.uint8] | type[np.uint16]
    if name in _PLANAR_8_BIT:
        sample = np.uint8
    elif name in _PLANAR_16_BIT:
        sample = np.uint16
    else:
        return None
    plane = picture.planes[0]
    if plane.line_size <= 0:
        return None
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: picture.height]
    return cast(_Plane, rows.view(sample)[:, : picture.width])


def _shrunk(plane: _Plane, size: tuple[int, int], interlaced: bool) -> _Plane:
    """Area-averages by halves, and smooths and samples for the rest of the way.

    Exact halves cost a fifth of one step by an odd ratio; the last step costs a quarter of an
    average over areas, and lets less noise through and more evenly.
    """
    width, height = size
    while plane.shape[1] >= 2 * width and plane.shape[0] >= 2 * height:
        plane = _resized(plane, plane.shape[1] // 2, plane.shape[0] // 2)
        interlaced = False
    if interlaced and plane.shape[0] > 2:
        # Both fields must weigh the same in each row, else a pan shows combs.
        plane = _resized(plane, plane.shape[1], plane.shape[0] // 2)
    across, down = plane.shape[1] / width, plane.shape[0] / height
    if plane.shape == (height, width) or not (1 <= across < 2 and 1 <= down < 2):
        return _resized(plane, width, height)
    smooth = cv2.GaussianBlur(plane, (3, 3), _least_sigma(across), sigmaY=_least_sigma(down))
    return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _least_sigma(ratio: float) -> float:
    """px: a pixel as a Gaussian of half a pixel, widened to one that is ``ratio`` times larger."""
    return max(0.5 * float(np.sqrt(ratio * ratio - 1)), 1e-3)


def _resized(plane: _Plane, width: int, height: int) -> _Plane:
    if plane.shape == (height, width):
        return plane
    shrinks = plane.shape[1] >= width and plane.shape[0] >= height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(plane, (width, height), interpolation=way)  # type: ignore[return-value]


def _full_range(small: _Plane, picture: av.VideoFrame) -> Luma:
    bits = 8 if small.dtype == np.uint8 else _PLANAR_16_BIT[picture.format.name]
    full = _is_full_range(picture)
    if bits == 8:
        return np.array(small, np.uint8) if full else np.asarray(cv2.LUT(small, _LIMITED), np.uint8)
    black = 0 if full else 16 << (bits - 8)
    white = (1 << bits) - 1 if full else 235 << (bits - 8)
    levels: NDArray[np.float32] = (small.astype(np.float32) - black) * (255 / (white - black))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _is_full_range(picture: av.VideoFrame) -> bool:
    if picture.format.name.startswith("yuvj"):
        return True
    if picture.format.name.startswith("gray"):
        return picture.color_range != ColorRange.MPEG
    return picture.color_range == ColorRange.JPEG


def _upright(small: Luma, rotation: int) -> Luma:
    turn = _TURNS.get(rotation)
    return small if turn is None else np.asarray(cv2.rotate(small, turn), np.uint8)
