"""What lies on the picture and not in it: burnt-in logos, timecode, running tickers.

They would hold the camera at "static" or count as a subject. Told from the pair alone, since a
worker remembers nothing; strict, since a subject must not be taken for one.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.flow.field import FloatArray, FlowField, length_of, median_of
from flowtag.motion.picture_area import BoolArray

_STILL_PX = 0.3
_CAMERA_MOVES_PX = 0.9
# Where pictures themselves speak against the camera, it need not move them as far.
_CAMERA_SHOWS_PX = 0.45
_CENTRE_HALF_EXTENT = 0.5
_MOST_OF_PICTURE = 0.12
_MOST_TOGETHER = 0.25
_STRIP_FROM = 0.55
_STRIP_LEAST_SPAN = 0.7
_STRIP_LEAST_SHARE = 0.7
_STRIP_LEAST_PX = 0.6
_STRIP_MOST_ROWS = 0.25
_STRIP_ALIKE = 0.6
_BAND_LEAST_SHARE = 0.9
_BAND_LEAST_PX = 0.15
_BAND_MOST_ROWS = 0.14
_BAND_BORDER_ROWS = 2
_BAND_LEFT_BESIDE = 0.2


def still_overlay(
    field: FlowField, camera_motion: FloatArray, inside: BoolArray, fixed: BoolArray
) -> BoolArray:
    """Points that stand still on the screen while the camera moves what is behind them.

    Told by the flow, or by the pictures where the flow around a logo is dragged along. Only what
    lies mostly outside the middle of the picture, and is small: a subject that the camera follows
    stands still too, but in the middle.

    Args:
        field: flow with confidence.
        camera_motion: ``(rows, columns, 2)`` px that the camera moves each point by.
        inside: ``(rows, columns)`` bool, points of the picture.
        fixed: ``(rows, columns)`` bool, points where the pictures speak for rest and against the
            camera.
    """
    reach_px = length_of(field.vectors[..., 0], field.vectors[..., 1])
    moves_px = length_of(camera_motion[..., 0], camera_motion[..., 1])
    still = (reach_px < _STILL_PX) & (field.confidence >= 0.3) & (moves_px > _CAMERA_MOVES_PX)
    middle, points = _middle(field), np.count_nonzero(inside)
    overlay = np.zeros_like(inside)
    for alike in (still, fixed & (moves_px > _CAMERA_SHOWS_PX)):
        found = _small_and_outside(alike & inside, middle, _MOST_OF_PICTURE * points)
        if np.count_nonzero(found) <= _MOST_TOGETHER * points:
            overlay |= found
    return _grown(overlay, 2)


def _small_and_outside(mask: BoolArray, middle: BoolArray, most_points: float) -> BoolArray:
    """The parts of a mask that lie together, are small, and are mostly outside the middle."""
    count, labels = cv2.connectedComponents(_grown(mask, 1).astype(np.uint8), connectivity=8)
    sizes = np.bincount(labels[mask], minlength=count)
    outside = np.bincount(labels[mask & ~middle], minlength=count)
    chosen = (2 * outside > sizes) & (sizes <= most_points)
    found: BoolArray = chosen[labels] & mask
    return found


def _middle(field: FlowField) -> BoolArray:
    half = np.array(field.picture_size, dtype=np.float32) / 2
    away = np.abs(field.points()) / half
    middle: BoolArray = np.maximum(away[..., 0], away[..., 1]) < _CENTRE_HALF_EXTENT
    return middle


def running_strip(field: FlowField, inside: BoolArray) -> BoolArray:
    """Rows near the top or bottom edge that run sideways as one, as a news ticker does.

    A row belongs to a strip if nearly all of its trusted points, over most of the width, share
    one horizontal velocity that is not that of the picture's middle. Most rows of a strip run
    alike: ground that passes by runs faster the nearer it is. Where there is none of that kind, a
    narrow band that runs one way all across is one.
    """
    away = np.abs(field.points()[:, 0, 1]) / (field.picture_size[1] / 2)
    trusted = inside & (field.confidence >= 0.4)
    middle = trusted & (away < _STRIP_FROM)[:, None]
    if np.count_nonzero(middle) < 8:
        return np.zeros_like(inside)
    world = median_of(field.vectors[..., 0][middle])
    edge = np.flatnonzero(away >= _STRIP_FROM)
    against = field.vectors[..., 0] - world
    usual_x = row_medians(against, trusted)
    fast = edge[np.abs(usual_x[edge]) >= _STRIP_LEAST_PX]
    rows = _rows_of_one_velocity(field, trusted, fast)
    if not rows.any():
        rows = _band_of_one_direction(field, trusted, fast, against, usual_x)
    return _grown(rows[:, None] & inside, 2) if rows.any() else np.zeros_like(inside)


def _rows_of_one_velocity(
    field: FlowField, trusted: BoolArray, fast: npt.NDArray[np.intp]
) -> BoolArray:
    """``(rows,)`` bool: rows that each run as one, most of them alike."""
    none = np.zeros(len(trusted), dtype=np.bool_)
    velocity = np.full(len(trusted), np.nan)
    for row in fast.tolist():
        velocity[row] = _common_run(field, trusted[row], row)
    running = velocity[np.isfinite(velocity)]
    if not running.size or running.size > _STRIP_MOST_ROWS * len(trusted):
        return none
    usual = float(np.median(running))
    alike: BoolArray = np.abs(velocity - usual) <= 0.3 + 0.08 * abs(usual)
    return alike if np.count_nonzero(alike) >= _STRIP_ALIKE * running.size else none


def _band_of_one_direction(
    field: FlowField,
    trusted: BoolArray,
    fast: npt.NDArray[np.intp],
    against: FloatArray,
    usual_x: FloatArray,
) -> BoolArray:
    """``(rows,)`` bool: a narrow band all across that runs one way, with a border beside it.

    A slow ticker's flow sags between its letters, so that its rows share a direction and no
    velocity. Ground that passes by does too, but none of it ends within two rows.

    Args:
        field: flow with confidence.
        trusted: ``(rows, columns)`` bool.
        fast: rows that may belong to it.
        against: ``(rows, columns)`` px, velocity across against the picture's middle.
        usual_x: ``(rows,)`` px, its median along each row.
    """
    rows = np.zeros(len(trusted), dtype=np.bool_)
    for row in fast.tolist():
        rows[row] = _runs_one_way(field.vectors[row], trusted[row], against[row])
    found = np.flatnonzero(rows)
    if not found.size or found[-1] - found[0] >= _BAND_MOST_ROWS * len(rows):
        return np.zeros_like(rows)
    is_below = found[0] > len(rows) / 2
    beside = found[0] - _BAND_BORDER_ROWS if is_below else found[-1] + _BAND_BORDER_ROWS
    ends = abs(usual_x[beside]) <= _BAND_LEFT_BESIDE * float(np.abs(usual_x[found]).max())
    return rows if ends else np.zeros_like(rows)


def row_medians(values: FloatArray, known: BoolArray) -> FloatArray:
    """``(rows,)``: median of each row's known values (the upper one of two); NaN if none is."""
    ordered = np.sort(np.where(known, values, np.inf), axis=-1)
    count = known.sum(axis=-1)
    medians = ordered[np.arange(len(values)), np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, medians, np.nan).astype(np.float32)


def _common_run(field: FlowField, trusted: BoolArray, row: int) -> float:
    """The horizontal velocity in px that a whole row shares; NaN where it does not run as one."""
    columns = np.flatnonzero(trusted)
    if columns.size < 8:
        return float("nan")
    vectors = field.vectors[row, columns]
    common = np.median(vectors, axis=0)
    sideways = abs(common[1]) <= 0.15 * abs(common[0]) + 0.2
    if not sideways:
        return float("nan")
    together = np.hypot(*(vectors - common).T) < 0.5 + 0.1 * abs(common[0])
    span = columns[together]
    wide = span.size > 0 and (span[-1] - span[0] + 1) >= _STRIP_LEAST_SPAN * trusted.size
    if not wide or together.mean() < _STRIP_LEAST_SHARE:
        return float("nan")
    return float(common[0])


def _runs_one_way(vectors: FloatArray, trusted: BoolArray, against: FloatArray) -> bool:
    """Whether nearly all of a row, over its whole width, runs to the same side."""
    columns = np.flatnonzero(trusted)
    if columns.size < _BAND_LEAST_SHARE * trusted.size:
        return False
    across, down = against[columns], np.abs(vectors[columns, 1])
    one_way = across * np.sign(np.median(across)) >= _BAND_LEAST_PX
    level = down <= 0.15 * np.abs(across) + 0.2
    return float(np.mean(one_way & level)) >= _BAND_LEAST_SHARE


def _grown(mask: BoolArray, points: int) -> BoolArray:
    box = np.ones((2 * points + 1, 2 * points + 1), np.uint8)
    grown: BoolArray = cv2.dilate(mask.astype(np.uint8), box) > 0
    return grown
