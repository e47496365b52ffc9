"""How fast camera and subject move over time, reduced to what a picture can show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flowtag.contracts.metadata import Camera, MotionMetadata, Video
from flowtag.errors import ContractError

COLUMNS = 600
"""At most so many columns are drawn, each with its least and its greatest value."""

_TABLE_COLUMNS = (
    "seconds", "pts", "second_pts", "pan", "tilt", "zoom", "roll", "speed",
    "subject_speed", "subject_area", "flow_confidence",
)  # fmt: skip
# Mean distance of a point of a 16:9 picture from its middle, in diagonals.
_MEAN_RADIUS = 0.28
# Pairs come some 12.5 times a second: what lies longer ago says nothing any more.
_HOLD_SECONDS = 0.5
_LEAST_TOP = 0.05

Values = npt.NDArray[np.float64]
Span = tuple[float, float]
"""The least and the greatest of some values."""


@dataclass(frozen=True)
class Samples:
    """Speeds over time, in picture diagonals per second; NaN where unknown.

    Attributes:
        seconds: since the first displayed frame, rising.
        ends: until when each sample holds.
        camera: how fast the camera moves what is seen.
        subject: how fast the subject moves.
        confidence: 0 to 1.
        stretch: numbers the stretches that nothing interrupts.
        is_dense: whether there is a sample for each pair, not for each segment.
    """

    seconds: Values
    ends: Values
    camera: Values
    subject: Values
    confidence: Values
    stretch: npt.NDArray[np.int64]
    is_dense: bool

    @property
    def top(self) -> float:
        """The greatest speed of all, at least a slow move's."""
        speeds = np.concatenate([self.camera, self.subject])
        known = speeds[np.isfinite(speeds)]
        return max(_LEAST_TOP, float(known.max())) if len(known) else _LEAST_TOP


@dataclass(frozen=True)
class Column:
    """What lies between two times; None where unknown."""

    seconds: float
    end_seconds: float
    stretch: int
    camera: Span | None
    subject: Span | None
    confidence: float | None


def read_samples(motion: Path, metadata: MotionMetadata) -> Samples:
    """Samples from the table beside a motion.json; without one, the segments' means as steps."""
    table = motion.with_name("frames.parquet")
    if table.is_file():
        try:
            return _from_table(table, metadata.video)
        except ContractError:
            pass
    return _from_segments(metadata)


def reduced(samples: Samples, duration_seconds: float) -> list[Column]:
    """At most :data:`COLUMNS` columns, or some more where the curve is interrupted.

    No extreme is lost: a column keeps the least and the greatest of what lies in it.
    """
    count = len(samples.seconds)
    if not count:
        return []
    width = max(duration_seconds, float(samples.seconds[-1]), 1e-9) / COLUMNS
    bucket = np.arange(count) if count <= COLUMNS else np.floor(samples.seconds / width)
    is_first = np.ones(count, dtype=np.bool_)
    is_first[1:] = (np.diff(bucket) != 0) | (np.diff(samples.stretch) != 0)
    edges = [*np.flatnonzero(is_first).tolist(), count]
    return [_column(samples, start, end) for start, end in pairwise(edges)]


def stretches(columns: Sequence[Column]) -> Iterator[list[Column]]:
    """The columns of each stretch that nothing interrupts."""
    run: list[Column] = []
    for column in columns:
        if run and column.stretch != run[-1].stretch:
            yield run
            run = []
        run.append(column)
    if run:
        yield run


def _column(samples: Samples, start: int, end: int) -> Column:
    confidence = samples.confidence[start:end]
    known = confidence[np.isfinite(confidence)]
    return Column(
        float(samples.seconds[start]),
        float(samples.ends[end - 1]),
        int(samples.stretch[start]),
        _span(samples.camera[start:end]),
        _span(samples.subject[start:end]),
        float(known.mean()) if len(known) else None,
    )


def _span(values: Values) -> Span | None:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else None


def _from_table(path: Path, video: Video) -> Samples:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=list(_TABLE_COLUMNS))
        values = {
            name: np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)
            for name in _TABLE_COLUMNS
        }
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise ContractError(f"{path} cannot be read: {error}") from error
    # Rows of frames at which no pair begins say nothing of motion.
    is_pair = np.isfinite(values["flow_confidence"]) | np.isfinite(values["speed"])
    rows = {name: column[is_pair] for name, column in values.items()}
    seconds = rows["seconds"]
    duration = video.duration_seconds or 0.0
    # An interruption shorter than a column could not be seen.
    hold = max(_HOLD_SECONDS, 2 * duration / COLUMNS)
    tick = float(Fraction(video.time_base)) if video.time_base else 0.0
    return Samples(
        seconds,
        seconds + (rows["second_pts"] - rows["pts"]) * tick,
        _camera_speed(rows["pan"], rows["tilt"], rows["zoom"], rows["roll"], video),
        np.where(rows["subject_area"] == 0, 0.0, rows["subject_speed"]),
        rows["flow_confidence"],
        np.cumsum(np.diff(seconds, prepend=seconds[:1]) > hold),
        is_dense=True,
    )


def _from_segments(metadata: MotionMetadata) -> Samples:
    rows: list[tuple[float, float, float, float, int]] = []
    stretch, ended_pts = 0, None
    for segment in metadata.segments:
        stretch += segment.start.pts != ended_pts
        ended_pts = segment.end.pts
        camera = _segment_speed(segment.camera, metadata.video)
        subject = math.nan if segment.subject.speed is None else segment.subject.speed
        for instant in (segment.start, segment.end):
            rows.append((instant.seconds, camera, subject, segment.confidence.mean, stretch))
    columns = np.array(rows, np.float64).reshape(-1, 5).T
    seconds, camera_speed, subject_speed, confidence, numbers = columns
    runs = numbers.astype(np.int64)
    return Samples(seconds, seconds, camera_speed, subject_speed, confidence, runs, is_dense=False)


def _segment_speed(camera: Camera, video: Video) -> float:
    rates = (camera.pan, camera.tilt, camera.zoom, camera.roll)
    pan, tilt, zoom, roll = (np.array([math.nan if r is None else r]) for r in rates)
    return float(_camera_speed(pan, tilt, zoom, roll, video)[0])


def _camera_speed(pan: Values, tilt: Values, zoom: Values, roll: Values, video: Video) -> Values:
    """How fast the camera moves a point at the mean distance from the middle of the picture."""
    width, height = displayed_size(video)
    diagonal = math.hypot(width, height)
    parts = (
        pan * width / diagonal,
        tilt * height / diagonal,
        np.nan_to_num(zoom) * _MEAN_RADIUS,
        np.radians(np.nan_to_num(roll)) * _MEAN_RADIUS,
    )
    speeds: Values = np.sqrt(np.sum([part**2 for part in parts], axis=0))
    return speeds


def displayed_size(video: Video) -> tuple[float, float]:
    """Width and height as displayed, in square pixels; 16 to 9 where they are unknown."""
    if not video.width or not video.height:
        return 16.0, 9.0
    over, under = (video.sample_aspect_ratio or "1/1").split("/")
    width, height = video.width * int(over) / int(under), float(video.height)
    return (height, width) if video.rotation in (90, 270) else (width, height)
