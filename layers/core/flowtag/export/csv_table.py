"""A table for spreadsheets: RFC 4180, UTF-8, a row a segment."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

from flowtag.contracts.metadata import MotionMetadata, Segment

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

COLUMNS: dict[str, Callable[[Segment], object]] = {
    "segment": lambda s: s.index,
    "shot": lambda s: s.shot,
    "start_timecode": lambda s: s.start.timecode,
    "end_timecode": lambda s: s.end.timecode,
    "start_seconds": lambda s: s.start.seconds,
    "end_seconds": lambda s: s.end.seconds,
    "start_frame": lambda s: s.start.frame,
    "end_frame": lambda s: s.end.frame,
    "level": lambda s: s.motion.level,
    "activity": lambda s: s.motion.activity,
    "speed": lambda s: s.motion.speed,
    "speed_p95": lambda s: s.motion.speed_p95,
    "moving_area": lambda s: s.motion.moving_area,
    "direction": lambda s: s.motion.direction,
    "camera": lambda s: " ".join(s.camera.labels),
    "pan": lambda s: s.camera.pan,
    "tilt": lambda s: s.camera.tilt,
    "zoom": lambda s: s.camera.zoom,
    "roll": lambda s: s.camera.roll,
    "steadiness": lambda s: s.camera.steadiness,
    "shake": lambda s: s.camera.shake,
    "camera_confidence": lambda s: s.camera.confidence,
    "subject": lambda s: s.subject.level,
    "subject_speed": lambda s: s.subject.speed,
    "subject_area": lambda s: s.subject.area,
    "peak_timecode": lambda s: s.peak.timecode if s.peak else None,
    "peak_speed": lambda s: s.peak.speed if s.peak else None,
    "confidence": lambda s: s.confidence.mean,
    "coverage": lambda s: s.confidence.coverage,
    "flags": lambda s: " ".join(s.flags),
    "thumbnail": lambda s: s.thumbnail,
}
"""What stands in each column; an empty cell is unknown. The video's URI is the last."""


def table(metadata: MotionMetadata, segments: Sequence[Segment]) -> str:
    """The table, with a line of names. Lines end as RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, "video"])
    video = _cell(metadata.video.uri)
    for segment in segments:
        writer.writerow([*(_cell(read(segment)) for read in COLUMNS.values()), video])
    return text.getvalue()


def _cell(value: object) -> object:
    # A spreadsheet carries out what begins like a formula; a name from outside is none.
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
