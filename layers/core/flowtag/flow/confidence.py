"""How far a flow vector can be trusted: P(end-point error < 1 px), calibrated.

A logistic model over what forward-backward flow and the pictures show at each point, weighed as the
estimator's :class:`~flowtag.flow.calibration.Calibration` says. ``docs/decisions/`` tells how well
it holds on pairs that were not used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.flow.calibration import Calibration
from flowtag.flow.field import FloatArray, FlowField, GreyImage, every, length_of

_AROUND = 7
"""So many vectors across; of 3 to 15, best on generated pairs, if by little."""


RESIDUAL_REACH_PX = 2
"""What differs so far from a point counts in its residual, of 5x5 px."""


class Cues(NamedTuple):
    """Evidence at the grid's points, each ``(rows, columns)`` float32.

    Attributes:
        round_trip_px: length of forward flow plus the backward flow found at its end.
        residual: mean absolute difference after warping, grey levels, 5x5 px.
        unrest_px: how much the flow varies between neighbouring points.
        texture: smaller eigenvalue of the structure tensor, (grey levels per px)².
        reach_px: length of the vector.
        outside: 1 where the vector points out of the picture, else 0.
        disagreement: logarithm of the distance in px to another estimator's vector, times how sure
            that one is: where it is lost, it tells nothing of others. None where none was asked.
    """

    round_trip_px: FloatArray
    residual: FloatArray
    unrest_px: FloatArray
    texture: FloatArray
    reach_px: FloatArray
    outside: FloatArray
    disagreement: FloatArray | None = None


def gather_cues(
    first: GreyImage,
    second: GreyImage,
    forward: FloatArray,
    backward: FloatArray,
    step_px: int,
    other: FlowField | None = None,
) -> Cues:
    """Measures the cues at every ``step_px``-th pixel.

    Args:
        first: ``(H, W)`` uint8.
        second: ``(H, W)`` uint8, brightness matched to ``first``.
        forward: ``(H, W, 2)`` float32 px, first to second.
        backward: ``(H, W, 2)`` float32 px, second to first.
        step_px: the grid.
        other: what another estimator says of the pair, on the same grid, if one was asked.
    """
    height, width = first.shape
    grid = every(step_px)
    to = pixel_positions(height, width) + forward
    vectors, ends = np.ascontiguousarray(forward[grid]), np.ascontiguousarray(to[grid])
    round_trip = vectors + sampled_at(backward, ends)
    residual = local_difference(first, np.asarray(sampled_at(second, to), dtype=np.uint8))
    ends_x, ends_y = ends[..., 0], ends[..., 1]
    outside = (ends_x < 0) | (ends_y < 0) | (ends_x > width - 1) | (ends_y > height - 1)
    return Cues(
        round_trip_px=_length(round_trip),
        residual=np.ascontiguousarray(residual[grid]),
        unrest_px=_unrest(vectors),
        texture=texture_of(first)[grid],
        reach_px=_length(vectors),
        outside=outside.astype(np.float32),
        disagreement=None if other is None else _disagreement(vectors, other),
    )


def local_difference(first: GreyImage, second: GreyImage) -> FloatArray:
    """``(H, W)`` float32: mean absolute difference over 5x5 px, grey levels."""
    difference = cv2.absdiff(first, second)
    across = 2 * RESIDUAL_REACH_PX + 1
    return np.asarray(cv2.boxFilter(difference, cv2.CV_32F, (across, across)), dtype=np.float32)


def sampled_at(image: npt.NDArray[Any], positions: FloatArray) -> npt.NDArray[Any]:
    """An image at ``(..., 2)`` float32 positions, px from its corner; its border goes on."""
    # A map of two channels needs no second one, which OpenCV's types ask for all the same.
    no_second: Any = None
    return cv2.remap(image, positions, no_second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def texture_of(image: GreyImage) -> FloatArray:
    """``(H, W)`` float32: smaller eigenvalue of the 7x7 structure tensor (Shi and Tomasi 1994)."""
    smaller: FloatArray = cv2.cornerMinEigenVal(image, 7, ksize=3) * np.float32(255.0**2)
    return smaller


def design(cues: Cues) -> FloatArray:
    """``(rows, columns, 10 or 12)`` float32: the columns that the logistic model weighs, 1 first.

    Three are means over the vectors around: an error is seldom alone, and a vector among poor ones
    that looks right by itself often is not. With another estimator's flow there are two columns
    more, its disagreement here and around: two that err, err differently.
    """
    contrast = np.sqrt(np.maximum(cues.texture, 0)) + 1
    mismatch = np.dstack(
        [
            np.log(cues.round_trip_px + 0.05),
            np.log((cues.residual + 0.5) / contrast),
            np.log(cues.unrest_px + 0.05),
        ]
    )
    alone = [
        np.ones_like(cues.reach_px),
        mismatch,
        np.log(contrast),
        np.log(cues.reach_px + 0.25),
        cues.outside,
    ]
    columns = [*alone, _around(mismatch)]
    if cues.disagreement is not None:
        columns += [cues.disagreement, _around(cues.disagreement)]
    return np.dstack(columns)


def confidence(cues: Cues, calibration: Calibration) -> FloatArray:
    """``(rows, columns)`` float32: P(end-point error < 1 px of the working size)."""
    odds = design(cues) @ calibration.weights()
    probability: FloatArray = 1 / (1 + np.exp(-odds))
    return probability


@lru_cache(maxsize=8)
def pixel_positions(height: int, width: int) -> FloatArray:
    """``(H, W, 2)`` float32 x and y of every pixel; shared, so not to be written to."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    positions = np.stack([x, y], axis=-1)
    positions.flags.writeable = False
    return positions


def _disagreement(vectors: FloatArray, other: FlowField) -> FloatArray:
    apart_px = _length(vectors - other.vectors)
    return np.asarray(other.confidence * np.log(apart_px + 0.05), dtype=np.float32)


def _around(columns: FloatArray) -> FloatArray:
    blurred = cv2.blur(columns, (_AROUND, _AROUND), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32)


def _length(vectors: FloatArray) -> FloatArray:
    return length_of(vectors[..., 0], vectors[..., 1])


def _unrest(vectors: FloatArray) -> FloatArray:
    box = np.ones((3, 3), np.uint8)
    swing = cv2.dilate(vectors, box) - cv2.erode(vectors, box)
    return _length(swing)
