"""The camera's motion: a robust similarity fit to the trusted vectors.

Four parameters (Horn 1987's similarity, linear in the plane): translation, scale, rotation. More
parameters fit subjects and noise instead of the camera. The dominant motion is sought among many
hypotheses by weighted consensus (after RANSAC; Fischler and Bolles 1981), in which the border of
the picture counts for more than its middle: a subject fills the middle, the world the border.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.flow.field import FloatArray, FlowField
from flowtag.motion.picture_area import BoolArray

_HYPOTHESES = 40
_SCORED_POINTS = 288
_FITTED_POINTS = 1000
_REFINEMENTS = 4
# Up to this much everywhere, nothing moves.
_REST_PX = 0.12
_LEAST_POINTS = 24
_LEAST_CONFIDENCE = 0.5
# Lenses and parallax bend a pan away from a similarity by about a tenth of its length.
_TOLERANCE_PX = 0.35
_TOLERANCE_OF_MOTION = 0.08
_BORDER_WEIGHT = 20.0
# Flow across a flat place is guessed from around it, and guesses tend to zero.
_HALF_WEIGHT_TEXTURE = 1.0
_BORDER_FROM = 0.62
_TILES = (8, 6)
# The same samples for every pair: results must not depend on what was analysed before.
_SAMPLES = np.random.default_rng(20260101).random((2, _HYPOTHESES))


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


@dataclass(frozen=True, slots=True)
class CameraFit:
    """The camera's motion over one pair.

    Attributes:
        similarity: of the content.
        inliers: ``(rows, columns)`` bool: points that move with the camera.
        inlier_share: weight of the inliers among all trusted points, the border counting more.
        disagreement_px: how far a fit to the border ring alone lies from this one, at its points.
        confidence: 0 to 1.
    """

    similarity: Similarity
    inliers: BoolArray
    inlier_share: float
    disagreement_px: float
    confidence: float


def fit_camera(field: FlowField, usable: BoolArray) -> CameraFit | None:
    """Fits the camera to a flow field, or None where too few vectors can be trusted.

    Args:
        field: flow with confidence.
        usable: ``(rows, columns)`` bool: points that are picture, neither bar nor overlay.
    """
    trusted = usable & (field.confidence >= _LEAST_CONFIDENCE)
    if np.count_nonzero(trusted) < _LEAST_POINTS:
        return None
    points = field.points()
    at = np.flatnonzero(trusted)
    at = at[_spread_evenly(len(at), _FITTED_POINTS)]
    x, v = points.reshape(-1, 2)[at], field.vectors.reshape(-1, 2)[at]
    texture = field.texture.ravel()[at]
    w = field.confidence.ravel()[at] * np.sqrt((texture + 0.1) / (texture + _HALF_WEIGHT_TEXTURE))
    outward = _outwardness(x, points[usable])
    ring = outward >= _BORDER_FROM
    even = _evened_out(w, x, field.picture_size)
    w = even * (1 + _BORDER_WEIGHT * outward**6)
    if float(np.abs(v).max()) <= _REST_PX:
        best = REST
    else:
        best = _best_hypothesis(x, v, w, ring)
        # The border says which motion is the camera's; how fast it is, all of its points say.
        best = _refine(best, x, v, even)
    off = _distance(best, x, v)
    within = off <= _tolerance(best, x) * 2
    inlier_share = float(w[within].sum() / w.sum())
    disagreement = _border_disagreement(best, x, v, w, ring)
    coverage = float(trusted.sum() / max(usable.sum(), 1))
    inliers = trusted & (_distance(best, points, field.vectors) <= 2 * _tolerance(best, points))
    sure = min(max((inlier_share - 0.15) / 0.5, 0.0), 1.0) * min(coverage / 0.10, 1.0)
    return CameraFit(
        best, inliers, inlier_share, disagreement, float(sure / (1 + (disagreement / 1.5) ** 2))
    )


def _outwardness(x: FloatArray, picture: FloatArray) -> FloatArray:
    """0 in the picture's middle, 1 at its border."""
    half = np.abs(picture).max(axis=0) + 1e-6
    outward: FloatArray = (np.abs(x) / half).max(axis=-1)
    return outward


def _evened_out(w: FloatArray, x: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Weights with the square root of each tile's total: one rich corner must not decide."""
    columns, rows = _TILES
    column = np.clip((x[:, 0] / size[0] + 0.5) * columns, 0, columns - 1).astype(np.intp)
    row = np.clip((x[:, 1] / size[1] + 0.5) * rows, 0, rows - 1).astype(np.intp)
    tile = row * columns + column
    total = np.bincount(tile, weights=w, minlength=columns * rows)
    return np.asarray(w / np.sqrt(total[tile] + 1e-3), dtype=np.float32)


def _tolerance(model: Similarity, x: FloatArray) -> FloatArray:
    moved = model.displacement(x)
    reach: FloatArray = np.hypot(moved[..., 0], moved[..., 1])
    return _TOLERANCE_PX + _TOLERANCE_OF_MOTION * reach


def _distance(model: Similarity, x: FloatArray, v: FloatArray) -> FloatArray:
    gap = v - model.displacement(x)
    distance: FloatArray = np.hypot(gap[..., 0], gap[..., 1])
    return distance


def _best_hypothesis(x: FloatArray, v: FloatArray, w: FloatArray, ring: BoolArray) -> Similarity:
    """The hypothesis with the largest weighted consensus among two-point samples and averages."""
    first, second = (_SAMPLES * len(x)).astype(np.intp)
    models = _from_two_points(x[first], v[first], x[second], v[second])
    fixed = [np.zeros(4), _least_squares(x, v, w), np.array([*np.median(v, axis=0), 0, 0])]
    if np.count_nonzero(ring) >= _LEAST_POINTS:
        fixed.append(_least_squares(x[ring], v[ring], w[ring]))
        fixed.append(np.array([*np.median(v[ring], axis=0), 0, 0]))
    models = np.concatenate([models, np.array(fixed)]).astype(np.float32)
    chosen = _spread_evenly(len(x), _SCORED_POINTS)
    x, v, w = x[chosen], v[chosen], w[chosen]
    tx, ty, a, b = (models[:, i, None] for i in range(4))
    dx = tx + a * x[:, 0] - b * x[:, 1]
    dy = ty + b * x[:, 0] + a * x[:, 1]
    off2 = (dx - v[:, 0]) ** 2 + (dy - v[:, 1]) ** 2
    tolerance = _TOLERANCE_PX + _TOLERANCE_OF_MOTION * np.hypot(dx, dy)
    score = np.maximum(1 - off2 / (2 * tolerance) ** 2, 0) @ w
    return Similarity(*(float(p) for p in models[int(np.argmax(score))]))


def _from_two_points(
    x1: FloatArray, v1: FloatArray, x2: FloatArray, v2: FloatArray
) -> npt.NDArray[np.float64]:
    """``(n, 4)`` similarities through two displaced points each; degenerate ones only shift."""
    # As complex numbers a displacement is v = t + c·x with c = a + ib.
    p1, p2 = x1 @ np.array([1, 1j]), x2 @ np.array([1, 1j])
    q1, q2 = v1 @ np.array([1, 1j]), v2 @ np.array([1, 1j])
    apart = p2 - p1
    safe = np.abs(apart) > 8
    c = np.where(safe, (q2 - q1) / np.where(safe, apart, 1), 0)
    t = q1 - c * p1
    return np.stack([t.real, t.imag, c.real, c.imag], axis=-1)


def _spread_evenly(count: int, wanted: int) -> npt.NDArray[np.intp]:
    return np.linspace(0, count - 1, min(count, wanted)).astype(np.intp)


def _least_squares(x: FloatArray, v: FloatArray, w: FloatArray) -> npt.NDArray[np.float64]:
    """Weighted similarity ``(tx, ty, a, b)`` in closed form."""
    weight = w.astype(np.float64)
    total = weight.sum()
    mean_x, mean_v = (weight @ x) / total, (weight @ v) / total
    dx, dv = x - mean_x, v - mean_v
    size = float(weight @ (dx[:, 0] ** 2 + dx[:, 1] ** 2)) + 1e-9
    a = float(weight @ (dx[:, 0] * dv[:, 0] + dx[:, 1] * dv[:, 1])) / size
    b = float(weight @ (dx[:, 0] * dv[:, 1] - dx[:, 1] * dv[:, 0])) / size
    tx = mean_v[0] - a * mean_x[0] + b * mean_x[1]
    ty = mean_v[1] - b * mean_x[0] - a * mean_x[1]
    return np.array([tx, ty, a, b])


def _refine(model: Similarity, x: FloatArray, v: FloatArray, w: FloatArray) -> Similarity:
    """Iteratively reweighted least squares with Tukey's biweight."""
    for step in range(_REFINEMENTS):
        wide = 3.0 if step < 2 else 2.0
        away = _distance(model, x, v) / (wide * _tolerance(model, x))
        weight = w * np.where(away < 1, (1 - away**2) ** 2, 0).astype(np.float32)
        if float(weight.sum()) < 1e-3:
            return model
        model = Similarity(*(float(p) for p in _least_squares(x, v, weight)))
    return model


def _border_disagreement(
    model: Similarity, x: FloatArray, v: FloatArray, w: FloatArray, ring: BoolArray
) -> float:
    """Mean distance in px, over the border, of a fit to the border's own median from ``model``."""
    if np.count_nonzero(ring) < _LEAST_POINTS:
        return 0.0
    gap = v[ring] - model.displacement(x[ring])
    return float(np.hypot(*np.median(gap, axis=0)))
