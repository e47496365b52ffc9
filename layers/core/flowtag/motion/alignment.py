"""The camera's similarity, sharpened on the pictures themselves.

Flow shrinks where a place is flat, and a fit to flow shrinks with it. Aligning both pictures
directly has no such bias (Lucas and Kanade 1981; Bergen et al. 1992), once it starts as near as
the fit does.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.flow.confidence import sampled_at
from flowtag.flow.field import FloatArray, FlowField, GreyImage, every, median_of
from flowtag.motion.picture_area import BoolArray
from flowtag.motion.similarity import REST, Similarity

_STEPS = 2
# Where pictures gain less, a static pattern that the codec left pulls as much as the scene does.
_LEAST_GAIN = 0.94
_LEAST_POINTS = 60
_LEAST_SCALE_LEVELS = 1.0
_ALIGNED_POINTS = 1500


def warped_by(second: GreyImage, camera: Similarity) -> GreyImage:
    """The second picture as the first saw it, had only the camera moved."""
    height, width = second.shape
    cx, cy = (width - 1) / 2, (height - 1) / 2
    turn = np.array([[1 + camera.a, -camera.b], [camera.b, 1 + camera.a]])
    shift = np.array([cx + camera.tx, cy + camera.ty]) - turn @ np.array([cx, cy])
    warped = cv2.warpAffine(
        second,
        np.column_stack([turn, shift]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, dtype=np.uint8)


def sharpen(field: FlowField, camera: Similarity, inliers: BoolArray) -> Similarity:
    """Gauss-Newton steps from ``camera``, as long as they align the inliers better.

    Args:
        field: gives the pictures.
        camera: the start, from a fit to the flow.
        inliers: ``(rows, columns)`` bool, grid points that move with the camera.

    Returns:
        The sharpened similarity; the start itself where too little can be aligned.
    """
    if camera == REST:
        return camera
    at = _points_that_stay(field, camera, inliers)
    if len(at) < _LEAST_POINTS:
        return camera
    x, y = np.ascontiguousarray(field.points().reshape(-1, 2)[at].T)
    first = _smoothed(field.frames[0])[every(field.step_px)].ravel()[at].astype(np.float32)
    second = _with_slopes(_smoothed(field.frames[1]))
    best, least, found = camera, np.inf, camera
    for step in range(_STEPS + 1):
        level, gx, gy = _sampled(second, found, x, y)
        error = first - level
        cost = float(np.abs(error).mean())
        if cost < _LEAST_GAIN * least:
            best, least = found, cost
        elif cost >= least:
            break
        if step < _STEPS:
            change = _solve(gx, gy, x, y, error)
            if change is None:
                break
            found = Similarity(
                found.tx + change[0],
                found.ty + change[1],
                found.a + change[2],
                found.b + change[3],
            )
    return best


def _points_that_stay(
    field: FlowField, camera: Similarity, inliers: BoolArray
) -> npt.NDArray[np.intp]:
    """Flat indices of the inliers that the camera leaves in the picture, at most so many."""
    points = field.points()
    ends = np.abs(points + camera.displacement(points))
    half_width, half_height = (side / 2 - 2 for side in field.picture_size)
    stays = inliers & (ends[..., 0] < half_width) & (ends[..., 1] < half_height)
    at = np.flatnonzero(stays)
    return at[np.linspace(0, len(at) - 1, min(len(at), _ALIGNED_POINTS)).astype(np.intp)]


def _smoothed(image: GreyImage) -> GreyImage:
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0), dtype=np.uint8)


def _with_slopes(image: GreyImage) -> FloatArray:
    """``(H, W, 3)`` float32: grey levels, and their slopes per px along x and y."""
    slopes = [cv2.Sobel(image, cv2.CV_32F, *axis, scale=0.125) for axis in ((1, 0), (0, 1))]
    return np.asarray(cv2.merge([image.astype(np.float32), *slopes]), dtype=np.float32)


def _sampled(
    image: FloatArray, camera: Similarity, x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The layers of an image where the camera moves points to, each ``(n,)`` float32."""
    height, width = image.shape[:2]
    to_x = (width - 1) / 2 + x + (camera.tx + camera.a * x - camera.b * y)
    to_y = (height - 1) / 2 + y + (camera.ty + camera.b * x + camera.a * y)
    at = np.stack([to_x, to_y], axis=-1)[:, None]
    level, gx, gy = sampled_at(image, at).reshape(-1, 3).T
    return level, gx, gy


def _solve(
    gx: FloatArray, gy: FloatArray, x: FloatArray, y: FloatArray, error: FloatArray
) -> tuple[float, float, float, float] | None:
    """The weighted least-squares step; bright outliers weigh little (Cauchy)."""
    scale = max(1.5 * median_of(np.abs(error)), _LEAST_SCALE_LEVELS)
    weight = 1 / (1 + (error / (2 * scale)) ** 2)
    columns = np.stack([gx, gy, gx * x + gy * y, gy * x - gx * y])
    weighted = columns * weight
    square = (weighted @ columns.T).astype(np.float64)
    try:
        step = np.linalg.solve(square, (weighted @ error).astype(np.float64))
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(step).all():
        return None
    return float(step[0]), float(step[1]), float(step[2]), float(step[3])
