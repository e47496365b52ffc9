"""The timeline of a report as places and paths, for a picture as wide as the page allows.

Across, places are shares of the video's length, written as percent; curves have a box of their own
that is stretched. So the picture needs no script to fit a page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flowtag.contracts.metadata import Gap, MotionMetadata, Segment, Shot, Video
from flowtag.report.curves import Column, Samples, Span, reduced, stretches
from flowtag.report.wording import camera_sign, camera_words, level_of, rate_words
from flowtag.timing import format_timecode, parse_timecode, round_half_up

CURVE_WIDTH, CURVE_HEIGHT = 10_000, 96
LANE_HEIGHT = 16
MOVE_LANES = ("pan", "tilt", "zoom", "roll", "hand-held")

_LEVEL_HEIGHTS = {"static": 12, "low": 18, "medium": 25, "high": 32, "extreme": 38, "unknown": 38}
_NAMED_FROM_SHARE = 0.065
_MOST_TICKS = 8
_LAST_SHARE_OF_FIRST_RANK = 0.75
_RULER_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MARKED_SPEEDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_REACH = CURVE_HEIGHT / 2 - 3
_HIGH = ("pan_right", "tilt_up", "zoom_in", "roll_cw")
_FOG_STEPS = 10


@dataclass(frozen=True)
class Place:
    """From where to where, in percent of the video's length."""

    x: str
    width: str


@dataclass(frozen=True)
class Bar:
    """A segment: its place, height in px, level, name where there is room, and words on it."""

    place: Place
    height: int
    level: str
    name: str | None
    words: str


@dataclass(frozen=True)
class Move:
    """A camera move: its place, lane, px from the top of the lane, opacity, and words on it."""

    place: Place
    lane: int
    offset: int
    opacity: str
    sign: str | None
    words: str


@dataclass(frozen=True)
class Edit:
    """How a shot begins; a cut has no width."""

    place: Place
    kind: str
    words: str


@dataclass(frozen=True)
class Tick:
    """A mark of the ruler; the greater its rank, the sooner it goes where room is short."""

    x: str
    text: str
    rank: int


@dataclass(frozen=True)
class Fog:
    """Where little can be trusted: in the curves' box, and how thick."""

    x: int
    width: int
    opacity: str


@dataclass(frozen=True)
class Curves:
    """Paths in a box of CURVE_WIDTH x CURVE_HEIGHT; the camera's above its middle.

    ``most`` and ``least`` are areas under the extremes of each column; the same where each column
    holds one sample.
    """

    camera_most: str
    camera_least: str
    subject_most: str
    subject_least: str
    fog: tuple[Fog, ...]
    marks: tuple[tuple[str, str], ...]
    is_dense: bool


@dataclass(frozen=True)
class Timeline:
    """All that is drawn, over so many seconds."""

    seconds: str
    bars: tuple[Bar, ...]
    shots: tuple[tuple[Place, str | None], ...]
    edits: tuple[Edit, ...]
    moves: tuple[Move, ...]
    gaps: tuple[tuple[Place, str], ...]
    ticks: tuple[Tick, ...]
    curves: Curves


def timeline_of(metadata: MotionMetadata, samples: Samples) -> Timeline | None:
    """Lays out a result; None where the video has no length."""
    seconds = _length(metadata)
    if seconds <= 0:
        return None
    segments, shots, gaps = metadata.segments, metadata.shots, metadata.analysis.gaps
    return Timeline(
        seconds=f"{seconds:.6f}",
        bars=tuple(_bar(segment, seconds) for segment in segments),
        shots=tuple(_shot(shot, seconds) for shot in shots),
        edits=tuple(_edit(shot, seconds) for shot in shots if shot.transition.kind != "start"),
        moves=tuple(move for segment in segments for move in _moves(segment, seconds)),
        gaps=tuple((_gap_place(gap, seconds), _gap_words(gap)) for gap in gaps),
        ticks=tuple(_ticks(metadata.video, seconds)),
        curves=_curves(samples, seconds),
    )


def _length(metadata: MotionMetadata) -> float:
    ends = [segment.end.seconds for segment in metadata.segments]
    return max([metadata.video.duration_seconds or 0.0, *ends])


def _percent(share: float) -> str:
    return f"{min(max(share, 0.0), 1.0) * 100:.3f}%"


def _place(start: float, end: float, seconds: float) -> Place:
    return Place(_percent(start / seconds), _percent((end - start) / seconds))


def _bar(segment: Segment, seconds: float) -> Bar:
    start, end, level = segment.start, segment.end, level_of(segment)
    labels = ", ".join(map(camera_words, segment.camera.labels)) or "camera unknown"
    return Bar(
        place=_place(start.seconds, end.seconds, seconds),
        height=_LEVEL_HEIGHTS[level],
        level=level,
        name=level if (end.seconds - start.seconds) / seconds >= _NAMED_FROM_SHARE else None,
        words=f"{segment.index}: {start.timecode} to {end.timecode}, {level}, {labels}",
    )


def _shot(shot: Shot, seconds: float) -> tuple[Place, str | None]:
    is_named = (shot.end.seconds - shot.start.seconds) / seconds >= _NAMED_FROM_SHARE
    name = f"shot {shot.index}" if is_named else None
    return _place(shot.start.seconds, shot.end.seconds, seconds), name


def _edit(shot: Shot, seconds: float) -> Edit:
    edit = shot.transition
    return Edit(
        _place(edit.start.seconds, edit.end.seconds, seconds),
        edit.kind,
        f"{edit.kind} into shot {shot.index} at {shot.start.timecode}",
    )


def _moves(segment: Segment, seconds: float) -> Iterator[Move]:
    place = _place(segment.start.seconds, segment.end.seconds, seconds)
    is_wide = (segment.end.seconds - segment.start.seconds) / seconds >= _NAMED_FROM_SHARE / 3
    for label in segment.camera.labels:
        name = label.partition("_")[0].replace("handheld", "hand-held")
        if name not in MOVE_LANES:
            continue
        offset = 2 if name == "hand-held" else 0 if label in _HIGH else 4
        said = [camera_words(label), rate_words(segment.camera, label)]
        yield Move(
            place=place,
            lane=MOVE_LANES.index(name),
            offset=offset,
            opacity=f"{0.4 + 0.6 * segment.camera.confidence:.2f}",
            sign=camera_sign(label) if is_wide else None,
            words=f"{segment.index}: {' '.join(word for word in said if word)}",
        )


def _gap_place(gap: Gap, seconds: float) -> Place:
    return _place(gap.start.seconds, gap.end.seconds, seconds)


def _gap_words(gap: Gap) -> str:
    return f"not analysed: {gap.start.timecode} to {gap.end.timecode}, {gap.reason}"


def _ticks(video: Video, seconds: float) -> Iterator[Tick]:
    """Marks at whole seconds of timecode's own count, so many that they stay apart."""
    if video.frame_rate is None or video.timecode is None:
        return
    rate = Fraction(video.frame_rate)
    try:
        start, drop_frame = parse_timecode(video.timecode, rate)
    except ValueError:
        return
    base = round_half_up(rate)
    steps = [base * whole for whole in _RULER_SECONDS]
    frames = seconds * float(rate)
    step = next((each for each in steps if frames / each <= _MOST_TICKS), steps[-1])
    for number in range(int(frames / step) + 1):
        share = number * step / frames
        # A label needs room to its right.
        if share > 1 - 0.5 / _MOST_TICKS and number:
            return
        rank = 0 if number % 4 == 0 and share < _LAST_SHARE_OF_FIRST_RANK else 1
        rank = 2 if number % 2 else rank
        text = format_timecode(start + number * step, rate, drop_frame)
        yield Tick(_percent(share), text, rank)


def _curves(samples: Samples, seconds: float) -> Curves:
    columns, top = reduced(samples, seconds), samples.top

    def path(of: Callable[[Column], Span | None], which: int, sign: int) -> str:
        drawn = [_area(run, of, which, sign, top, seconds) for run in stretches(columns)]
        return "".join(drawn)

    return Curves(
        camera_most=path(lambda column: column.camera, 1, -1),
        camera_least=path(lambda column: column.camera, 0, -1),
        subject_most=path(lambda column: column.subject, 1, 1),
        subject_least=path(lambda column: column.subject, 0, 1),
        fog=tuple(_fog(columns, seconds)),
        marks=tuple(_marks(top)),
        is_dense=samples.is_dense,
    )


def _scaled(value: float, top: float) -> float:
    # A root, so that a slow pan and a whip pan are both seen.
    return math.sqrt(min(max(value, 0.0) / top, 1.0)) * _REACH


def _across(at_seconds: float, seconds: float) -> int:
    return round(min(max(at_seconds / seconds, 0.0), 1.0) * CURVE_WIDTH)


def _area(
    columns: Sequence[Column],
    of: Callable[[Column], Span | None],
    which: int,
    sign: int,
    top: float,
    seconds: float,
) -> str:
    """The area between the middle and a curve, in parts where the curve is not known."""
    middle, parts = CURVE_HEIGHT / 2, []
    points: list[tuple[int, float]] = []
    end = 0
    for column in [*columns, None]:
        span = of(column) if column is not None else None
        if column is not None and span is not None:
            y = middle + sign * _scaled(span[which], top)
            points.append((_across(column.seconds, seconds), y))
            end = _across(column.end_seconds, seconds)
        elif points:
            parts.append(_closed([*points, (end, points[-1][1])], middle))
            points = []
    return "".join(parts)


def _closed(points: Sequence[tuple[int, float]], middle: float) -> str:
    line = "".join(f"L{x} {y:.1f}" for x, y in points)
    return f"M{points[0][0]} {middle:g}{line}L{points[-1][0]} {middle:g}Z"


def _fog(columns: Sequence[Column], seconds: float) -> Iterator[Fog]:
    """Shades by confidence, in few steps, so that neighbours alike are one."""
    began, thickness = 0, 0
    for run in stretches(columns):
        ended = _across(run[-1].end_seconds, seconds)
        for column in [*run, None]:
            x = ended if column is None else _across(column.seconds, seconds)
            step = _thickness(column)
            if step == thickness and column is not None:
                continue
            if thickness and x > began:
                yield Fog(began, x - began, f"{thickness / _FOG_STEPS * 0.9:.2f}")
            began, thickness = x, step


def _thickness(column: Column | None) -> int:
    if column is None or column.confidence is None:
        return 0
    return round((1 - column.confidence) * _FOG_STEPS)


def _marks(top: float) -> Iterator[tuple[str, str]]:
    """Two speeds to read the scale by: from the top of the box in px, and the figure."""
    fitting = [value for value in _MARKED_SPEEDS if 0.2 * top <= value <= 0.9 * top]
    for value in fitting[-1:]:
        for sign in (-1, 1):
            yield f"{CURVE_HEIGHT / 2 + sign * _scaled(value, top):.1f}", f"{value:g}"
