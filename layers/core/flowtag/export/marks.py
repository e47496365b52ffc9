"""Marks: the segments that are exported, in frames, with what people read at them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import get_args

from flowtag.contracts.metadata import Level, MotionMetadata, Segment
from flowtag.errors import InputError
from flowtag.export.media import Media, media_of
from flowtag.export.sound import Sound
from flowtag.export.wording import mark_comment, mark_name
from flowtag.filtering import Filter
from flowtag.timing import parse_timecode, round_half_up

_RANKS = {level: rank for rank, level in enumerate(get_args(Level))}


@dataclass(frozen=True)
class Mark:
    """A stretch of the video.

    Attributes:
        start: its first frame, counted from the video's first.
        end: the first frame that no longer belongs; later than the start.
        name: its level and the camera's labels.
        comment: figures and confidence, in one line.
        level: decides its colour; None: unknown.
        segments: what it stands for: one, or several that begin at one frame.
    """

    start: int
    end: int
    name: str
    comment: str
    level: Level | None
    segments: tuple[Segment, ...]

    @property
    def frames(self) -> int:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True)
class Handles:
    """What a select has before and after its mark: so many frames, or so long.

    Attributes:
        frames: a number of them; None where a time is given.
        seconds: a time.
    """

    frames: int | None = 0
    seconds: Fraction = Fraction(0)

    def at(self, rate: Fraction) -> int:
        """As frames."""
        return round_half_up(self.seconds * rate) if self.frames is None else self.frames


@dataclass(frozen=True)
class Select:
    """A mark with its handles, as it stands in a timeline of selects.

    Attributes:
        mark: the mark.
        start: first frame that is used, counted from the video's first.
        end: the first frame that no longer is.
        at: where it begins in the timeline, counted from the timeline's first frame.
    """

    mark: Mark
    start: int
    end: int
    at: int

    @property
    def frames(self) -> int:
        """Its length."""
        return self.end - self.start

    @property
    def mark_at(self) -> int:
        """Where the mark begins in the timeline, behind the handle."""
        return self.at + self.mark.start - self.start


@dataclass(frozen=True)
class Marking:
    """What is exported.

    Attributes:
        media: the video.
        marks: in order of their first frames, no two at one.
        warnings: for people.
    """

    media: Media
    marks: tuple[Mark, ...]
    warnings: tuple[str, ...]

    @property
    def title(self) -> str:
        """What a list or a timeline of these marks is called."""
        return f"{self.media.name} motion"

    def selects(self, handles: Handles) -> tuple[Select, ...]:
        """The marks end to end; a handle ends where the video does."""
        width = handles.at(self.media.rate)
        placed, at = [], 0
        for mark in self.marks:
            start, end = max(mark.start - width, 0), min(mark.end + width, self.media.frames)
            placed.append(Select(mark, start, end, at))
            at += end - start
        return tuple(placed)


def marking_of(
    metadata: MotionMetadata,
    where: Filter | None = None,
    relinked: str | None = None,
    sound: Sound | None = None,
) -> Marking:
    """The marks of a video.

    Args:
        metadata: its motion.json.
        where: which segments; None: all.
        relinked: path or URL of the media, instead of the video's own.
        sound: of the media, as far as known.

    Raises:
        InputError: it has no such segments.
        ContractError: its times cannot be read.
    """
    segments = chosen_segments(metadata, where)
    media, warnings = media_of(metadata.video, relinked, sound)
    marks = _merged(_mark(media, segment) for segment in segments)
    last = max((mark.end for mark in marks), default=0)
    media = replace(media, frames=max(media.frames, last))
    shortfall = metadata.analysis.shortfall()
    if shortfall:
        warnings = (*warnings, f"{media.name} was not analysed whole: {shortfall}")
    return Marking(media, marks, warnings)


def selects_start(media: Media) -> int:
    """Frames since midnight of one hour, at which a timeline of selects begins by custom."""
    return parse_timecode("01:00:00;00" if media.drop_frame else "01:00:00:00", media.rate)[0]


def chosen_segments(metadata: MotionMetadata, where: Filter | None) -> Sequence[Segment]:
    """The segments that a filter finds.

    Raises:
        InputError: there are none.
    """
    if not metadata.segments:
        why = metadata.analysis.reason or metadata.analysis.status
        raise InputError(f"{metadata.video.uri} has no segments: {why}")
    found = metadata.segments if where is None else where.select(metadata.segments)
    if not found:
        raise InputError(
            f"none of the {len(metadata.segments)} segments of {metadata.video.uri} matches --where"
        )
    return found


def _mark(media: Media, segment: Segment) -> Mark:
    start = media.timeline.frame(segment.start.pts)
    return Mark(
        start=start,
        end=max(media.timeline.frame(segment.end.pts), start + 1),
        name=mark_name(segment),
        comment=mark_comment(segment),
        level=segment.motion.level,
        segments=(segment,),
    )


def _merged(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    # Resolve keeps one of two markers on a frame, so none may be left to chance.
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.segments[0].index)):
        if kept and kept[-1].start == mark.start:
            kept[-1] = _joined(kept[-1], mark)
        else:
            kept.append(mark)
    return tuple(kept)


def _joined(first: Mark, second: Mark) -> Mark:
    return Mark(
        start=first.start,
        end=max(first.end, second.end),
        name=f"{first.name} + {second.name}",
        comment=f"{first.comment} + {second.comment}",
        level=max(first.level, second.level, key=lambda level: _RANKS.get(level or "", -1)),
        segments=(*first.segments, *second.segments),
    )
