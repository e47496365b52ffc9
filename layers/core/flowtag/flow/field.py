"""A flow field on a regular grid of points of the working picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
GreyImage = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FlowField:
    """Vectors and their confidence at every ``step_px``-th pixel of the working picture.

    Attributes:
        vectors: ``(rows, columns, 2)`` float32, px of the working size per pair, x right, y down;
            the motion of the scene's content.
        confidence: ``(rows, columns)`` float32, P(end-point error < 1 px), 0 to 1.
        residual: ``(rows, columns)`` float32, mean absolute difference of the frames after warping
            by the flow, 5x5 px, grey levels.
        round_trip_px: ``(rows, columns)`` float32, length of the vector plus the backward flow
            found at its end: 0 where both directions agree.
        texture: ``(rows, columns)`` float32, smaller eigenvalue of the structure tensor, (grey
            levels per px)²: how well the place pins a vector down in both directions.
        step_px: distance of neighbouring points; the first lies at ``step_px // 2``.
        frames: both working pictures, ``(H, W)`` uint8, equal in brightness and contrast.
        dense: ``(H, W, 2)`` float32, the flow of every pixel that the vectors were taken from; None
            where it was not kept.
    """

    vectors: FloatArray
    confidence: FloatArray
    residual: FloatArray
    round_trip_px: FloatArray
    texture: FloatArray
    step_px: int
    frames: tuple[GreyImage, GreyImage]
    dense: FloatArray | None = None

    def __post_init__(self) -> None:
        rows_columns = self.vectors.shape[:2]
        if self.vectors.shape != (*rows_columns, 2):
            raise ValueError(f"vectors must be (rows, columns, 2), not {self.vectors.shape}")
        for name in ("confidence", "residual", "round_trip_px", "texture"):
            shape = getattr(self, name).shape
            if shape != rows_columns:
                raise ValueError(f"{name} is {shape}, but vectors are {self.vectors.shape}")

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the working picture, px."""
        return self.frames[0].shape[1], self.frames[0].shape[0]

    def points(self) -> FloatArray:
        """``(rows, columns, 2)`` float32 positions, px from the picture's centre, y down."""
        return grid_points(self.picture_size, self.confidence.shape, self.step_px)


@lru_cache(maxsize=8)
def grid_points(picture_size: tuple[int, int], shape: tuple[int, int], step_px: int) -> FloatArray:
    """``(rows, columns, 2)`` float32 positions of a grid, px from the centre; not to be written."""
    rows, columns = shape
    width, height = picture_size
    first = step_px // 2
    # Pixel centres: the middle of a picture n px wide lies at (n - 1) / 2.
    x = np.arange(columns, dtype=np.float32) * step_px + first - (width - 1) / 2
    y = np.arange(rows, dtype=np.float32) * step_px + first - (height - 1) / 2
    points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    points.flags.writeable = False
    return points


def every(step_px: int) -> tuple[slice, slice]:
    """The index of the grid's points in an array of the working picture."""
    return (slice(step_px // 2, None, step_px), slice(step_px // 2, None, step_px))


def median_of(values: FloatArray) -> float:
    """The median of ``(n,)`` values, of an even number the upper one of the two in the middle."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def length_of(dx: FloatArray, dy: FloatArray) -> FloatArray:
    """Lengths of vectors; a quarter of the time of ``np.hypot``, which guards against overflow."""
    length: FloatArray = np.sqrt(dx * dx + dy * dy)
    return length
