"""What lies on the picture and not in it: burnt-in logos, timecode, running tickers.

They would hold the camera at "static" or count as a subject. Told from the pair alone, since a
worker remembers nothing; strict, since a subject must not be taken for one.
"""

from __future__ import annotations

import cv2
import numpy as np

from flowtag.flow.field import FloatArray, FlowField, length_of, median_of
from flowtag.motion.picture_area import BoolArray

_STILL_PX = 0.3
_CAMERA_MOVES_PX = 0.9
_CENTRE_HALF_EXTENT = 0.5
_MOST_OF_PICTURE = 0.12
_STRIP_FROM = 0.55
_STRIP_LEAST_SPAN = 0.7
_STRIP_LEAST_SHARE = 0.7
_STRIP_LEAST_PX = 0.6
_STRIP_MOST_ROWS = 0.25
_STRIP_ALIKE = 0.6


def still_overlay(field: FlowField, camera_motion: FloatArray, inside: BoolArray) -> BoolArray:
    """Points that stand still on the screen while the camera moves what is behind them.

    Only outside the middle of the picture, and only where they are few: a subject that the
    camera follows stands still too, but in the middle.

    Args:
        field: flow with confidence.
        camera_motion: ``(rows, columns, 2)`` px that the camera moves each point by.
        inside: ``(rows, columns)`` bool, points of the picture.
    """
    still = length_of(field.vectors[..., 0], field.vectors[..., 1]) < _STILL_PX
    moves = length_of(camera_motion[..., 0], camera_motion[..., 1]) > _CAMERA_MOVES_PX
    found = still & moves & inside & (field.confidence >= 0.3) & ~_middle(field)
    points = np.count_nonzero(found)
    if not points or points > _MOST_OF_PICTURE * np.count_nonzero(inside):
        return np.zeros_like(found)
    return _grown(found, 2)


def _middle(field: FlowField) -> BoolArray:
    half = np.array(field.picture_size, dtype=np.float32) / 2
    away = np.abs(field.points()) / half
    middle: BoolArray = np.maximum(away[..., 0], away[..., 1]) < _CENTRE_HALF_EXTENT
    return middle


def running_strip(field: FlowField, inside: BoolArray) -> BoolArray:
    """Rows near the top or bottom edge that run sideways as one, as a news ticker does.

    A row belongs to a strip if nearly all of its trusted points, over most of the width, share
    one horizontal velocity that is not that of the picture's middle. Most rows of a strip run
    alike: ground that passes by runs faster the nearer it is.
    """
    away = np.abs(field.points()[:, 0, 1]) / (field.picture_size[1] / 2)
    trusted = inside & (field.confidence >= 0.4)
    middle = trusted & (away < _STRIP_FROM)[:, None]
    if np.count_nonzero(middle) < 8:
        return np.zeros_like(inside)
    world = median_of(field.vectors[..., 0][middle])
    edge = np.flatnonzero(away >= _STRIP_FROM)
    usual_x = row_medians(field.vectors[edge, :, 0], trusted[edge])
    velocity = np.full(len(away), np.nan)
    for row in edge[np.abs(usual_x - world) >= _STRIP_LEAST_PX].tolist():
        velocity[row] = _common_run(field, trusted[row], row)
    running = velocity[np.isfinite(velocity)]
    if not running.size or running.size > _STRIP_MOST_ROWS * len(away):
        return np.zeros_like(inside)
    usual = float(np.median(running))
    alike = np.abs(velocity - usual) <= 0.3 + 0.08 * abs(usual)
    if np.count_nonzero(alike) < _STRIP_ALIKE * running.size:
        return np.zeros_like(inside)
    return _grown(alike[:, None] & inside, 2)


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


def _grown(mask: BoolArray, points: int) -> BoolArray:
    box = np.ones((2 * points + 1, 2 * points + 1), np.uint8)
    grown: BoolArray = cv2.dilate(mask.astype(np.uint8), box) > 0
    return grown
