"""Similarities: shift, scale and turn of the picture, and their least-squares fit.

Four parameters (Horn 1987's similarity, linear in the plane). More parameters fit subjects and
noise instead of the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flowtag.flow.field import FloatArray, length_of, median_of
from flowtag.motion.picture_area import BoolArray


@dataclass(frozen=True, slots=True)
class Similarity:
    """Displacement of a content point at ``(x, y)`` px from the picture's centre, y down.

    ``dx = tx + a·x - b·y`` and ``dy = ty + b·x + a·y``, where ``1 + a = s·cos θ`` and
    ``b = s·sin θ``: scale s, rotation θ clockwise on the screen.
    """

    tx: float
    ty: float
    a: float
    b: float

    def displacement(self, points: FloatArray) -> FloatArray:
        """``(..., 2)`` px for points ``(..., 2)`` px."""
        x, y = points[..., 0], points[..., 1]
        moved = np.empty_like(points)
        moved[..., 0] = self.tx + self.a * x - self.b * y
        moved[..., 1] = self.ty + self.b * x + self.a * y
        return moved

    @property
    def log_scale(self) -> float:
        """Logarithm of the magnification of the content."""
        return float(np.log(np.hypot(1 + self.a, self.b)))

    @property
    def angle_degrees(self) -> float:
        """Rotation of the content, clockwise on the screen."""
        return float(np.degrees(np.arctan2(self.b, 1 + self.a)))


REST = Similarity(0.0, 0.0, 0.0, 0.0)
"""A camera that does not move."""


class Displacements:
    """Points and where they went, ready for one weighted fit after another."""

    def __init__(self, points: FloatArray, vectors: FloatArray) -> None:
        """Takes ``(n, 2)`` float32 points, px from the centre, and their vectors, px."""
        self.x, self.y = np.ascontiguousarray(points.T)
        self.dx, self.dy = np.ascontiguousarray(vectors.T)

    def __len__(self) -> int:
        return len(self.x)

    def at(self, chosen: npt.NDArray[np.intp] | BoolArray) -> Displacements:
        """Some of them."""
        some = object.__new__(Displacements)
        some.x, some.y = self.x[chosen], self.y[chosen]
        some.dx, some.dy = self.dx[chosen], self.dy[chosen]
        return some

    def median(self) -> Similarity:
        """The shift by the median vector (the upper one of two)."""
        return Similarity(median_of(self.dx), median_of(self.dy), 0.0, 0.0)

    def off(self, model: Similarity) -> tuple[FloatArray, FloatArray]:
        """How far each vector lies from the model's, and how long the model's is, px."""
        dx = model.tx + model.a * self.x - model.b * self.y
        dy = model.ty + model.b * self.x + model.a * self.y
        return length_of(self.dx - dx, self.dy - dy), length_of(dx, dy)

    def fit(self, weights: FloatArray) -> Similarity:
        """The weighted least-squares similarity, in closed form."""
        total, x, y, dx, dy, spread, along, across = (weights @ self._moments).tolist()
        x, y, dx, dy = x / total, y / total, dx / total, dy / total
        size = spread - total * (x * x + y * y) + 1e-9
        a = (along - total * (x * dx + y * dy)) / size
        b = (across - total * (x * dy - y * dx)) / size
        return Similarity(dx - a * x + b * y, dy - b * x - a * y, a, b)

    @cached_property
    def _moments(self) -> npt.NDArray[np.float64]:
        """``(n, 8)``: what a fit needs of each point, so that weights only have to sum it up."""
        x, y, dx, dy = (part.astype(np.float64) for part in (self.x, self.y, self.dx, self.dy))
        spread, along, across = x * x + y * y, x * dx + y * dy, x * dy - y * dx
        return np.stack([np.ones_like(x), x, y, dx, dy, spread, along, across], axis=-1)
