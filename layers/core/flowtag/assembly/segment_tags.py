"""One segment's entry in ``motion.json``, from its pairs."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from flowtag.contracts.metadata import Camera, Confidence, Level, Motion, Subject
from flowtag.motion.series import FloatColumn, PairSeries
from flowtag.motion.tags import activity_of, level_of, tag_camera, weighted_mean
from flowtag.thresholds import Thresholds

_DIRECTED = 0.2
_LEAST_SUBJECT_SHARE = 0.2
_SPECK_OF_USUAL = 0.5


@dataclass(frozen=True, slots=True)
class SegmentTags:
    """What is said of a segment, but for its place in time.

    Attributes:
        peak: index within the segment's pairs of the fastest, None if nothing is known.
        flags: what was seen.
    """

    motion: Motion
    camera: Camera
    subject: Subject
    confidence: Confidence
    peak: int | None
    flags: list[str]


def known(value: float, digits: int) -> float | None:
    """A number rounded for print; None for NaN. Never minus zero."""
    return round(value, digits) + 0.0 if isfinite(value) else None


def tag_segment(series: PairSeries, limits: Thresholds, blank: bool) -> SegmentTags:
    """Tags a segment by its pairs; with no pairs, none trusted, or nothing to see: unknown."""
    coverage = weighted_mean(series.column("coverage"), series.seconds)
    trusted = isfinite(coverage) and coverage >= limits.least_coverage and not blank
    flags = _flags(series, limits)
    if blank:
        flags += ["blank", "low_texture"]
        series = series.part(0, 0)
    elif not trusted:
        flags.append("low_coverage" if len(series) else "no_pairs")
    return SegmentTags(
        motion=_motion(series, limits, trusted),
        camera=_camera(series, limits),
        subject=_subject(series, limits, trusted),
        confidence=_confidence(series),
        peak=_peak(series, limits) if trusted else None,
        flags=flags,
    )


def _confidence(series: PairSeries) -> Confidence:
    mean = known(weighted_mean(series.column("confidence"), series.seconds), 3)
    coverage = known(weighted_mean(series.column("coverage"), series.seconds), 3)
    return Confidence(mean=_share(mean), coverage=_share(coverage))


def _share(value: float | None) -> float:
    return min(max(value or 0.0, 0.0), 1.0)


def _motion(series: PairSeries, limits: Thresholds, trusted: bool) -> Motion:
    if not trusted:
        return Motion(
            level=None,
            activity=None,
            speed=None,
            speed_p95=None,
            moving_area=None,
            direction=None,
            direction_histogram=None,
        )
    speeds = _trusted_column(series, "speed", limits)
    speed = weighted_mean(speeds, series.seconds)
    spread = weighted_mean(_trusted_column(series, "speed_spread", limits), series.seconds)
    area = weighted_mean(_trusted_column(series, "moving_area", limits), series.seconds)
    level = level_of(speed, limits) if isfinite(speed) else None
    return Motion(
        level=level,
        activity=activity_of(spread, limits) if isfinite(spread) else None,
        speed=known(speed, 4),
        speed_p95=known(_quantile(speeds, 0.95), 4),
        moving_area=known(area, 3),
        direction=_direction(series, speed) if level not in (None, "static") else None,
        direction_histogram=_histogram(series),
    )


def _trusted_column(series: PairSeries, name: str, limits: Thresholds) -> FloatColumn:
    values = series.column(name)
    values[series.column("coverage") < limits.least_coverage] = np.nan
    return values


def _quantile(values: FloatColumn, share: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, share)) if finite.size else float("nan")


def _direction(series: PairSeries, speed: float) -> float | None:
    """Mean direction of the content, None where motion has no common one."""
    x = weighted_mean(series.column("velocity_x"), series.seconds)
    y = weighted_mean(series.column("velocity_y"), series.seconds)
    if not isfinite(x) or float(np.hypot(x, y)) < _DIRECTED * speed:
        return None
    return known(float(np.degrees(np.arctan2(-y, x))) % 360, 1)


def _histogram(series: PairSeries) -> list[float] | None:
    weights = np.nan_to_num(series.column("speed") * series.column("moving_area"))
    total = (series.rows["directions"] * (weights * series.seconds)[:, None]).sum(axis=0)
    if total.sum() <= 0:
        return None
    return [round(float(share), 3) + 0.0 for share in total / total.sum()]


def _camera(series: PairSeries, limits: Thresholds) -> Camera:
    tags = tag_camera(series, limits)
    pan, tilt, zoom, roll = tags.rates
    return Camera(
        labels=tags.labels(),
        pan=known(pan, 4),
        tilt=known(tilt, 4),
        zoom=known(zoom, 4),
        roll=known(roll, 3),
        steadiness=tags.steadiness,
        shake=known(tags.shake, 4),
        confidence=_share(known(tags.confidence, 3)),
    )


def _subject(series: PairSeries, limits: Thresholds, trusted: bool) -> Subject:
    unknown = Subject(level=None, speed=None, area=None, centroid=None)
    areas = series.column("subject_area")
    seen = np.isfinite(areas)
    if not trusted or not seen.any():
        return unknown
    moving = seen & (areas >= limits.subject_area)
    share = float(series.seconds[moving].sum() / series.seconds[seen].sum())
    if share < _LEAST_SUBJECT_SHARE:
        return Subject(level="static", speed=0.0, area=0.0, centroid=None)
    weights = series.seconds * moving
    # By time: the faster a subject is, the less of it is seen. Only specks count for less.
    usual = float(np.median(areas[moving]))
    whole = weights * np.minimum(np.nan_to_num(areas) / (_SPECK_OF_USUAL * usual), 1.0)
    speed = weighted_mean(series.column("subject_speed"), whole)
    level: Level = level_of(speed, limits)
    x = weighted_mean(series.column("subject_x"), whole)
    y = weighted_mean(series.column("subject_y"), whole)
    return Subject(
        level=level,
        speed=known(speed, 4),
        area=known(weighted_mean(areas, weights), 3),
        centroid=(round(x, 3), round(y, 3)) if isfinite(x) and isfinite(y) else None,
    )


def _peak(series: PairSeries, limits: Thresholds) -> int | None:
    speeds = _trusted_column(series, "speed", limits)
    return int(np.nanargmax(speeds)) if np.isfinite(speeds).any() else None


def _flags(series: PairSeries, limits: Thresholds) -> list[str]:
    flags = []
    texture = weighted_mean(series.column("texture"), series.seconds)
    if isfinite(texture) and texture < limits.low_texture:
        flags.append("low_texture")
    change = np.abs(series.column("light_change"))
    if len(series) and np.mean(change > limits.photometric_change) >= limits.photometric_share:
        flags.append("photometric_change")
    return flags
