"""The camera's motion: a robust similarity fit to the trusted vectors.

The dominant motion is sought among many hypotheses by weighted consensus (after RANSAC; Fischler
and Bolles 1981), in which the border of the picture counts for more than its middle: a subject
fills the middle, the world the border.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.flow.field import FloatArray, FlowField, length_of, median_of
from flowtag.motion.picture_area import BoolArray
from flowtag.motion.similarity import REST, Displacements, Similarity

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
    trusted_points = int(np.count_nonzero(trusted))
    if trusted_points < _LEAST_POINTS:
        return None
    at = np.flatnonzero(trusted)
    at = at[_spread_evenly(len(at), _FITTED_POINTS)]
    votes = Displacements(field.points().reshape(-1, 2)[at], field.vectors.reshape(-1, 2)[at])
    texture = field.texture.ravel()[at]
    w = field.confidence.ravel()[at] * np.sqrt((texture + 0.1) / (texture + _HALF_WEIGHT_TEXTURE))
    outward = _outwardness(votes, field.points(), usable)
    ring = outward >= _BORDER_FROM
    even = _evened_out(w, votes, field.picture_size)
    w = even * (1 + _BORDER_WEIGHT * outward**6)
    best = REST
    if max(np.abs(votes.dx).max(), np.abs(votes.dy).max()) > _REST_PX:
        best = _best_hypothesis(votes, w, ring)
        # The border says which motion is the camera's; how fast it is, all of its points say.
        best = _refine(best, votes, even)
    off, reach = votes.off(best)
    inlier_share = float(w[off <= 2 * _tolerance(reach)].sum() / w.sum())
    disagreement = _border_disagreement(best, votes, ring)
    coverage = trusted_points / max(int(np.count_nonzero(usable)), 1)
    sure = min(max((inlier_share - 0.15) / 0.5, 0.0), 1.0) * min(coverage / 0.10, 1.0)
    return CameraFit(
        best,
        trusted & _agrees(field, best),
        inlier_share,
        disagreement,
        float(sure / (1 + (disagreement / 1.5) ** 2)),
    )


def _agrees(field: FlowField, camera: Similarity) -> BoolArray:
    """``(rows, columns)``: points that the camera moves as the flow says."""
    every_point = Displacements(field.points().reshape(-1, 2), field.vectors.reshape(-1, 2))
    off, reach = every_point.off(camera)
    agreeing: BoolArray = off <= 2 * _tolerance(reach)
    return agreeing.reshape(field.confidence.shape)


def _outwardness(votes: Displacements, points: FloatArray, usable: BoolArray) -> FloatArray:
    """0 in the picture's middle, 1 at its border."""
    half_width = float(np.abs(points[0, usable.any(axis=0), 0]).max()) + 1e-6
    half_height = float(np.abs(points[usable.any(axis=1), 0, 1]).max()) + 1e-6
    outward: FloatArray = np.maximum(np.abs(votes.x) / half_width, np.abs(votes.y) / half_height)
    return outward


def _evened_out(w: FloatArray, votes: Displacements, size: tuple[int, int]) -> FloatArray:
    """Weights with the square root of each tile's total: one rich corner must not decide."""
    columns, rows = _TILES
    column = np.clip((votes.x / size[0] + 0.5) * columns, 0, columns - 1).astype(np.intp)
    row = np.clip((votes.y / size[1] + 0.5) * rows, 0, rows - 1).astype(np.intp)
    tile = row * columns + column
    total = np.bincount(tile, weights=w, minlength=columns * rows)
    return np.asarray(w / np.sqrt(total + 1e-3)[tile], dtype=np.float32)


def _tolerance(reach: FloatArray) -> FloatArray:
    return _TOLERANCE_PX + _TOLERANCE_OF_MOTION * reach


def _best_hypothesis(votes: Displacements, w: FloatArray, ring: BoolArray) -> Similarity:
    """The hypothesis with the largest weighted consensus among two-point samples and averages."""
    first, second = (_SAMPLES * len(votes)).astype(np.intp)
    fixed = [REST, votes.fit(w), votes.median()]
    if np.count_nonzero(ring) >= _LEAST_POINTS:
        border = votes.at(ring)
        fixed += [border.fit(w[ring]), border.median()]
    averages = np.array([(one.tx, one.ty, one.a, one.b) for one in fixed])
    sampled = _from_two_points(votes.at(first), votes.at(second))
    models = np.concatenate([sampled, averages]).astype(np.float32)
    chosen = _spread_evenly(len(votes), _SCORED_POINTS)
    some, w = votes.at(chosen), w[chosen]
    one, none = np.ones_like(some.x), np.zeros_like(some.x)
    dx = models @ np.stack([one, none, some.x, -some.y])
    dy = models @ np.stack([none, one, some.y, some.x])
    off2 = (dx - some.dx) ** 2 + (dy - some.dy) ** 2
    score = np.maximum(1 - off2 / (2 * _tolerance(length_of(dx, dy))) ** 2, 0) @ w
    return Similarity(*models[int(np.argmax(score))].tolist())


def _from_two_points(first: Displacements, second: Displacements) -> npt.NDArray[np.float64]:
    """``(n, 4)`` similarities through two displaced points each; degenerate ones only shift."""
    # As complex numbers a displacement is v = t + c·x with c = a + ib.
    p1, p2 = first.x + 1j * first.y, second.x + 1j * second.y
    q1, q2 = first.dx + 1j * first.dy, second.dx + 1j * second.dy
    apart = p2 - p1
    safe = np.abs(apart) > 8
    c = np.where(safe, (q2 - q1) / np.where(safe, apart, 1), 0)
    t = q1 - c * p1
    return np.stack([t.real, t.imag, c.real, c.imag], axis=-1)


def _spread_evenly(count: int, wanted: int) -> npt.NDArray[np.intp]:
    return np.linspace(0, count - 1, min(count, wanted)).astype(np.intp)


def _refine(model: Similarity, votes: Displacements, w: FloatArray) -> Similarity:
    """Iteratively reweighted least squares with Tukey's biweight."""
    for step in range(_REFINEMENTS):
        wide = 3.0 if step < 2 else 2.0
        off, reach = votes.off(model)
        near = np.maximum(1 - (off / (wide * _tolerance(reach))) ** 2, 0)
        weight = w * near * near
        if float(weight.sum()) < 1e-3:
            return model
        model = votes.fit(weight)
    return model


def _border_disagreement(model: Similarity, votes: Displacements, ring: BoolArray) -> float:
    """How far, in px, the border's vectors lie from ``model``'s in the median."""
    if np.count_nonzero(ring) < _LEAST_POINTS:
        return 0.0
    border = votes.at(ring)
    moved = model.displacement(np.stack([border.x, border.y], axis=-1))
    return float(np.hypot(median_of(border.dx - moved[:, 0]), median_of(border.dy - moved[:, 1])))
