"""One pair's features: camera, subject and overall motion, per second and in fractions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from flowtag.contracts.features import DIRECTION_SECTORS, PAIR_DTYPE, PairTable
from flowtag.flow.confidence import RESIDUAL_REACH_PX, local_difference
from flowtag.flow.field import FloatArray, FlowField, every, length_of
from flowtag.flow.photometry import Photometry
from flowtag.motion.alignment import sharpen, warped_by
from flowtag.motion.camera import CameraFit, fit_camera
from flowtag.motion.overlays import running_strip, still_overlay
from flowtag.motion.picture_area import BoolArray, PictureArea
from flowtag.motion.similarity import REST, Similarity
from flowtag.motion.visibility import would_show_motion

_TRUSTED = 0.5
_TEXTURED = 25.0
_MOVING_PX = 0.3
_MOVING_DIAGONALS_PER_SECOND = 0.012
_SUBJECT_PX = 0.5
_SUBJECT_DIAGONALS_PER_SECOND = 0.015
# Lenses, parallax and the flow's own error leave this share of the camera's motion behind.
_SUBJECT_OF_CAMERA = 0.15
_LEAST_BLOB_POINTS = 4
_EDGE_POINTS = 2
# Share of a moving patch that must contradict the camera for all of it to count.
_LEAST_SURE_SHARE = 0.3
# A camera that moves the corner farther than this is no artefact of noise.
_COULD_BE_NOISE_PX = 4.0
_STILL_RATIO = 1.03
_STILL_LEVELS = 0.05
# Grey levels, and ratio, by which the camera must explain a place worse than the flow does.
_CONTRADICTION_LEVELS = 2.0
_CONTRADICTION_RATIO = 1.5
# Grey levels by which rest may explain an overlay worse than flow that was dragged along.
_REST_LEVELS = 1.0


@dataclass(frozen=True, slots=True)
class PairTime:
    """When a pair is: pts of its frames, and the seconds between them."""

    pts: int
    second_pts: int
    seconds: float


def unknown_pair(time: PairTime) -> PairTable:
    """A pair about which nothing could be found out: all NaN, nothing trusted."""
    row = np.zeros(1, dtype=PAIR_DTYPE)
    for name in PAIR_DTYPE.names or ():
        if row.dtype[name].kind == "f":
            row[name] = np.nan
    row["pts"], row["second_pts"] = time.pts, time.second_pts
    row["confidence"] = row["coverage"] = row["texture"] = 0.0
    return row


def pair_features(
    field: FlowField, change: Photometry, area: PictureArea, time: PairTime
) -> PairTable:
    """The row of :data:`PAIR_DTYPE` for one pair, as an array of length 1; luma is not filled."""
    row = unknown_pair(time)
    row["gain"], row["offset"] = change.gain, change.offset
    inside = area.grid_mask(field.points(), field.picture_size)
    trusted = inside & (field.confidence >= _TRUSTED)
    points = max(int(np.count_nonzero(inside)), 1)
    row["confidence"] = field.confidence[inside].sum() / points
    row["coverage"] = np.count_nonzero(trusted) / points
    row["texture"] = np.count_nonzero(inside & (field.texture >= _TEXTURED)) / points
    if not would_show_motion(field, float(row["texture"][0])):
        row["confidence"] = row["coverage"] = 0.0
        return row
    unmoved = _residual_of(field, REST)
    camera = _fit_behind_overlays(field, inside, unmoved)
    if camera is None:
        return row
    fit, overlay = camera
    similarity = sharpen(field, fit.similarity, fit.inliers)
    behind = _residual_of(field, similarity)
    seen = trusted & ~overlay
    could_be_noise = _reach_px(field, similarity) < _COULD_BE_NOISE_PX
    if could_be_noise and _explains_as_well(unmoved, behind, seen):
        similarity, behind = REST, unmoved
    camera_motion = similarity.displacement(field.points())
    contradicting = (
        seen & _contradicts(field.residual, behind) & _comparable(field, camera_motion, area)
    )
    subject = _subject_region(field, camera_motion, seen, contradicting, time.seconds)
    motion = np.where(subject[..., None], field.vectors, camera_motion)
    _write_camera(row, similarity, fit.confidence, field.picture_size, time.seconds)
    _write_motion(row, field, motion, seen, time.seconds)
    _write_subject(row, field, camera_motion, seen & subject, subject, time.seconds)
    row["subject_area"] = np.count_nonzero(subject) / points
    return row


def _fit_behind_overlays(
    field: FlowField, inside: BoolArray, unmoved: FloatArray
) -> tuple[CameraFit, BoolArray] | None:
    """The camera, and the overlay that it was fitted behind, given what rest leaves."""
    strip = running_strip(field, inside)
    fit = fit_camera(field, inside & ~strip)
    if fit is None:
        return None
    if fit.similarity == REST:
        return fit, strip
    motion = fit.similarity.displacement(field.points())
    fixed = _contradicts(unmoved, _residual_of(field, fit.similarity))
    fixed &= unmoved <= field.residual + _REST_LEVELS
    return fit, still_overlay(field, motion, inside, fixed) | strip


def _write_camera(
    row: PairTable,
    similarity: Similarity,
    confidence: float,
    size: tuple[int, int],
    seconds: float,
) -> None:
    row["pan"] = -similarity.tx / size[0] / seconds
    row["tilt"] = similarity.ty / size[1] / seconds
    row["zoom"] = similarity.log_scale / seconds
    row["roll"] = -similarity.angle_degrees / seconds
    row["camera_confidence"] = confidence


def _write_motion(
    row: PairTable, field: FlowField, motion: FloatArray, counted: BoolArray, seconds: float
) -> None:
    """All motion: the flow's where it contradicts the camera, elsewhere the camera's.

    The camera's is the better estimate there: it averages over the picture.
    """
    if not counted.any():
        return
    per_second = 1 / (float(np.hypot(*field.picture_size)) * seconds)
    dx, dy = motion[..., 0][counted], motion[..., 1][counted]
    reach_px = length_of(dx, dy)
    moving = reach_px > _moving_threshold_px(field, seconds)
    row["speed"] = reach_px.mean() * per_second
    row["speed_spread"] = reach_px.std() * per_second
    row["moving_area"] = np.count_nonzero(moving) / len(moving)
    row["velocity_x"], row["velocity_y"] = dx.mean() * per_second, dy.mean() * per_second
    row["directions"] = _direction_histogram(dx[moving], dy[moving], reach_px[moving])


def _moving_threshold_px(field: FlowField, seconds: float) -> float:
    diagonal_px = float(np.hypot(*field.picture_size))
    return max(_MOVING_PX, _MOVING_DIAGONALS_PER_SECOND * diagonal_px * seconds)


def _direction_histogram(dx: FloatArray, dy: FloatArray, reach_px: FloatArray) -> FloatArray:
    """Share of motion in each sector, in 1/255; 0 where nothing moves."""
    if not len(reach_px):
        return np.zeros(DIRECTION_SECTORS, dtype=np.float32)
    sectors = np.arctan2(-dy, dx) * np.float32(DIRECTION_SECTORS / (2 * np.pi))
    sector = np.rint(sectors).astype(np.intp) % DIRECTION_SECTORS
    weight = np.bincount(sector, weights=reach_px, minlength=DIRECTION_SECTORS)
    return np.asarray(np.rint(255 * weight / weight.sum()), dtype=np.float32)


def _subject_region(
    field: FlowField,
    camera_motion: FloatArray,
    seen: BoolArray,
    contradicting: BoolArray,
    seconds: float,
) -> BoolArray:
    """``(rows, columns)`` bool: what moves against the camera, with the gaps that it encloses.

    A subject's plain parts contradict nothing, but they hang together with its edges, which do.
    """
    left = field.vectors - camera_motion
    diagonal_px = float(np.hypot(*field.picture_size))
    threshold = np.maximum(
        max(_SUBJECT_PX, _SUBJECT_DIAGONALS_PER_SECOND * diagonal_px * seconds),
        _SUBJECT_OF_CAMERA * length_of(camera_motion[..., 0], camera_motion[..., 1]),
    )
    moving = seen & (length_of(left[..., 0], left[..., 1]) > threshold)
    sure: BoolArray = moving & contradicting
    if not sure.any():
        return sure
    count, labels = cv2.connectedComponents(moving.astype(np.uint8), connectivity=4)
    sizes = np.bincount(labels.ravel(), minlength=count)
    backed = np.bincount(labels[sure], minlength=count)
    whole: BoolArray = backed >= _LEAST_SURE_SHARE * sizes
    whole[0] = False
    joined: BoolArray = np.take(whole, labels) & moving
    return _solid(joined | sure)


def _write_subject(
    row: PairTable,
    field: FlowField,
    camera_motion: FloatArray,
    seen: BoolArray,
    region: BoolArray,
    seconds: float,
) -> None:
    row["subject_speed"] = 0.0
    if not seen.any():
        return
    inner = _inside_of(region, seen)
    left = field.vectors[inner] - camera_motion[inner]
    diagonal_px = float(np.hypot(*field.picture_size))
    row["subject_speed"] = length_of(left[:, 0], left[:, 1]).mean() / (diagonal_px * seconds)
    centre = field.points()[region].mean(axis=0) / np.array(field.picture_size) + 0.5
    row["subject_x"], row["subject_y"] = np.clip(centre, 0, 1)


def _inside_of(region: BoolArray, seen: BoolArray) -> BoolArray:
    """What is seen of a region away from its edge, where flow is drawn to what lies behind."""
    for points in (_EDGE_POINTS, 1):
        box = np.ones((2 * points + 1, 2 * points + 1), np.uint8)
        inner: BoolArray = (cv2.erode(region.astype(np.uint8), box) > 0) & seen
        if np.count_nonzero(inner) >= _LEAST_BLOB_POINTS:
            return inner
    return seen


def _contradicts(residual: FloatArray, behind: FloatArray) -> BoolArray:
    """Where the pictures speak for a motion and against the camera, given what both leave.

    In flat places both explain what is seen, and what differs there is a guess of the flow's.
    """
    against: BoolArray = behind > np.maximum(
        residual + _CONTRADICTION_LEVELS, _CONTRADICTION_RATIO * residual
    )
    return against


def _comparable(field: FlowField, camera_motion: FloatArray, area: PictureArea) -> BoolArray:
    """Where what the camera would bring can be seen: not behind a bar, nor outside the frame."""
    points, size = field.points(), field.picture_size
    ends = points + camera_motion
    reach = RESIDUAL_REACH_PX
    return area.grid_mask(points, size, reach) & area.grid_mask(ends, size, reach)


def _explains_as_well(unmoved: FloatArray, moved: FloatArray, seen: BoolArray) -> bool:
    """Whether the pictures are explained as well by no motion at all: noise moves nothing."""
    if not seen.any():
        return False
    return float(unmoved[seen].mean()) <= _STILL_RATIO * float(moved[seen].mean()) + _STILL_LEVELS


def _reach_px(field: FlowField, camera: Similarity) -> float:
    """How far the camera moves the picture's corner."""
    corner = np.array(field.picture_size, dtype=np.float32) / np.float32(2)
    return float(np.hypot(*camera.displacement(corner)))


def _residual_of(field: FlowField, camera: Similarity) -> FloatArray:
    """``(rows, columns)`` mean absolute difference, 5x5 px, after warping by the camera alone."""
    first, second = field.frames
    warped = second if camera == REST else warped_by(second, camera)
    return np.ascontiguousarray(local_difference(first, warped)[every(field.step_px)])


def _solid(mask: BoolArray) -> BoolArray:
    """Closes gaps of a point or two, fills holes and drops specks."""
    box = np.ones((3, 3), np.uint8)
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, box)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(closed)
    cv2.drawContours(filled, contours, -1, 1, thickness=cv2.FILLED)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(filled, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= _LEAST_BLOB_POINTS
    large[0] = False
    solid: BoolArray = large[labels] if count else mask
    return solid
