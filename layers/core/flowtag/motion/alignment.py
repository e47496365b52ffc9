"""The camera's similarity, sharpened on the pictures themselves.

Flow shrinks where a place is flat, and a fit to flow shrinks with it. Aligning both pictures
directly has no such bias (Lucas and Kanade 1981; Bergen et al. 1992), once it starts as near as
the fit does.
"""

from __future__ import annotations

import cv2
import numpy as np

from flowtag.flow.field import FloatArray, FlowField, GreyImage, every
from flowtag.motion.camera import REST, Similarity
from flowtag.motion.picture_area import BoolArray

_STEPS = 2
# Where pictures gain less, a static pattern that the codec left pulls as much as the scene does.
_LEAST_GAIN = 0.94
_LEAST_POINTS = 60
_LEAST_SCALE_LEVELS = 1.0


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
    points = field.points()
    ends = points + camera.displacement(points)
    half = np.array(field.picture_size, dtype=np.float32) / 2 - 2
    use = inliers & (np.abs(ends) < half).all(axis=-1)
    if np.count_nonzero(use) < _LEAST_POINTS:
        return camera
    grid = every(field.step_px)
    x, y = points[use].T
    first = _smoothed(field.frames[0])[grid][use].astype(np.float32)
    best, least, found = camera, np.inf, camera
    for step in range(_STEPS + 1):
        warped = _smoothed(warped_by(field.frames[1], found))
        error = first - warped[grid][use]
        cost = float(np.abs(error).mean())
        if cost < _LEAST_GAIN * least:
            best, least = found, cost
        elif cost >= least:
            break
        if step < _STEPS:
            gx, gy = (_slope(warped, *axis)[grid][use] for axis in ((1, 0), (0, 1)))
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


def _smoothed(image: GreyImage) -> GreyImage:
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0), dtype=np.uint8)


def _slope(image: GreyImage, dx: int, dy: int) -> FloatArray:
    """``(H, W)`` float32 grey levels per px along x or y."""
    return np.asarray(cv2.Sobel(image, cv2.CV_32F, dx, dy, scale=0.125), dtype=np.float32)


def _solve(
    gx: FloatArray, gy: FloatArray, x: FloatArray, y: FloatArray, error: FloatArray
) -> tuple[float, float, float, float] | None:
    """The weighted least-squares step; bright outliers weigh little (Cauchy)."""
    scale = max(1.5 * float(np.median(np.abs(error))), _LEAST_SCALE_LEVELS)
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
