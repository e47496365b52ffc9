"""Videos of any rate with segments at any frames, as motion.json has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flowtag.contracts.metadata import (
    CameraLabel,
    Instant,
    Level,
    MotionMetadata,
    Segment,
)
from flowtag.timing import Timeline, parse_timecode
from tests.unit.run_objects import make_metadata, make_plan, make_segment

NTSC_24, NTSC_30, NTSC_60 = (Fraction(rate * 1000, 1001) for rate in (24, 30, 60))


@dataclass(frozen=True)
class Rate:
    """A rate that editing programs know.

    Attributes:
        name: as the package timecode knows it.
        fps: frames per second.
        start: of the video's timecode: half a minute before the hour.
        drop_frame: how that counts.
    """

    name: str
    fps: Fraction
    start: str = "00:59:30:00"
    drop_frame: bool = False

    def __str__(self) -> str:
        return f"{self.name}{'DF' if self.drop_frame else ''}"


RATES = (
    Rate("23.976", NTSC_24),
    Rate("24", Fraction(24)),
    Rate("25", Fraction(25)),
    Rate("29.97", NTSC_30),
    Rate("29.97", NTSC_30, "00:59:30;00", True),
    Rate("30", Fraction(30)),
    Rate("48", Fraction(48)),
    Rate("50", Fraction(50)),
    Rate("59.94", NTSC_60),
    Rate("59.94", NTSC_60, "00:59:30;00", True),
    Rate("60", Fraction(60)),
)

FRAMES = 6000
"""Across the hour at each of them, where drop-frame drops nothing, and a minute where it does."""


@dataclass(frozen=True)
class Span:
    """A segment to be: its frames, and what it is."""

    start: int
    end: int
    level: Level | None = "high"
    labels: tuple[CameraLabel, ...] = ("pan_right",)


SPANS = (
    Span(0, 47),
    Span(47, 1799, "static", ("static",)),
    Span(1799, 1800, None, ()),
    Span(1800, 5400, "extreme", ("tilt_up", "zoom_in", "handheld")),
    Span(5400, 6000, "low", ()),
)


def marked_video(
    rate: Rate = RATES[2],
    spans: Sequence[Span] = SPANS,
    uri: str = "/rushes/Take 2.mov",
    **changes: Any,
) -> MotionMetadata:
    """What tagging says of such a video.

    Args:
        rate: of the video.
        spans: its segments.
        uri: where it is.
        changes: of its entry ``video``.
    """
    made = make_metadata(make_plan())
    ticks, time_base = rate.fps.denominator, Fraction(1, rate.fps.numerator)
    start_frame, drop_frame = parse_timecode(rate.start, rate.fps)
    timeline = Timeline(time_base, 0, rate.fps, start_frame, drop_frame)
    last = max(FRAMES, *(span.end for span in spans))
    video = made.video.model_copy(
        update={
            "uri": uri,
            "width": 1920,
            "height": 1080,
            "time_base": f"{time_base.numerator}/{time_base.denominator}",
            "frame_rate": f"{rate.fps.numerator}/{rate.fps.denominator}",
            "start_pts": 0,
            "timecode": rate.start,
            "drop_frame": rate.drop_frame,
            "duration_seconds": round(float(last / rate.fps), 6),
            **changes,
        }
    )
    segments = [
        _segment(index, span, lambda frame: _instant(timeline, frame * ticks))
        for index, span in enumerate(spans)
    ]
    return made.model_copy(update={"video": video, "segments": segments})


def _segment(index: int, span: Span, at: Any) -> Segment:
    template = make_segment(1)
    return template.model_copy(
        update={
            "index": index,
            "start": at(span.start),
            "end": at(span.end),
            "motion": template.motion.model_copy(update={"level": span.level}),
            "camera": template.camera.model_copy(update={"labels": list(span.labels)}),
            "peak": None,
            "thumbnail": f"thumbnails/{index:04d}.jpg",
        }
    )


def _instant(timeline: Timeline, pts: int) -> Instant:
    return Instant(
        pts=pts,
        seconds=round(float(timeline.seconds(pts)), 6),
        frame=timeline.frame(pts),
        timecode=timeline.timecode(pts),
    )
