"""What a filter may ask of a segment: names, where they stand in it, and the words they know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from flowtag.contracts.metadata import CameraLabel, Level, Segment, Steadiness

Value = float | str | frozenset[str] | None
"""What a segment says of a field; None: unknown."""

Kind = Literal["ordered", "set", "direction", "number", "duration"]

MICROSECONDS = 1_000_000

FLAGS = (
    "low_texture",
    "low_light",
    "photometric_change",
    "flash",
    "black",
    "blank",
    "low_coverage",
    "no_pairs",
    "single_frame",
    "frozen",
    "dropped_frames",
    "corrupt_frames",
    "truncated",
    "not_analyzed",
    "fade_in",
    "fade_out",
)

COMPASS = {"right": 0.0, "up": 90.0, "left": 180.0, "down": 270.0}

CAMERA_GROUPS = {
    "pan": frozenset({"pan_left", "pan_right"}),
    "tilt": frozenset({"tilt_up", "tilt_down"}),
    "zoom": frozenset({"zoom_in", "zoom_out"}),
    "roll": frozenset({"roll_cw", "roll_ccw"}),
}
"""A word for any of some labels."""


@dataclass(frozen=True)
class Field:
    """Something that a filter may ask for.

    Attributes:
        kind: decides which operators it knows, and how values are read.
        read: gets it from a segment.
        words: that it may be compared with; of an ordered field from the least to the most.
    """

    kind: Kind
    read: Callable[[Segment], Value]
    words: tuple[str, ...] = ()


def microseconds(seconds: float) -> int:
    """Seconds as whole microseconds, to which motion.json rounds: 9.68 - 7.48 is to be 2.2."""
    return int(seconds * MICROSECONDS + 0.5)


def _labels(segment: Segment) -> Value:
    # The schema has no null here; a reader of a later version may.
    labels = segment.camera.labels
    return None if labels is None else frozenset(labels)


def _flags(segment: Segment) -> Value:
    return None if segment.flags is None else frozenset(segment.flags)


def _number(read: Callable[[Segment], float | None]) -> Field:
    return Field("number", read)


def _duration(read: Callable[[Segment], int]) -> Field:
    return Field("duration", read)


_LEVELS = get_args(Level)

FIELDS: dict[str, Field] = {
    "level": Field("ordered", lambda s: s.motion.level, _LEVELS),
    "subject": Field("ordered", lambda s: s.subject.level, _LEVELS),
    "steadiness": Field("ordered", lambda s: s.camera.steadiness, get_args(Steadiness)),
    "camera": Field("set", _labels, (*get_args(CameraLabel), *CAMERA_GROUPS)),
    "flags": Field("set", _flags, FLAGS),
    "direction": Field("direction", lambda s: s.motion.direction, tuple(COMPASS)),
    "activity": _number(lambda s: s.motion.activity),
    "speed": _number(lambda s: s.motion.speed),
    "peak": _number(lambda s: s.peak.speed if s.peak else None),
    "area": _number(lambda s: s.motion.moving_area),
    "pan": _number(lambda s: s.camera.pan),
    "tilt": _number(lambda s: s.camera.tilt),
    "zoom": _number(lambda s: s.camera.zoom),
    "roll": _number(lambda s: s.camera.roll),
    "shake": _number(lambda s: s.camera.shake),
    "subject_speed": _number(lambda s: s.subject.speed),
    "subject_area": _number(lambda s: s.subject.area),
    "confidence": _number(lambda s: s.confidence.mean),
    "coverage": _number(lambda s: s.confidence.coverage),
    "camera_confidence": _number(lambda s: s.camera.confidence),
    "length": _duration(lambda s: microseconds(s.end.seconds) - microseconds(s.start.seconds)),
    "start": _duration(lambda s: microseconds(s.start.seconds)),
    "end": _duration(lambda s: microseconds(s.end.seconds)),
    "index": _number(lambda s: s.index),
    "shot": _number(lambda s: s.shot),
}
