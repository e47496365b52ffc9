"""Frames of a stretch of video, the same ones whichever stretch they are decoded in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import av

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.video.damage import Shown
from flowtag.video.media import Media
from flowtag.video.reading import ReadErrors
from flowtag.video.starting import frames_from
from flowtag.video.unwrapping import (
    TimeGap,
    Unwrapper,
    is_discontinuous,
    jump_ticks,
    nominal_ticks,
)

_END_TOLERANCE_FRAMES = 2

# Elsewhere the demuxer guesses durations from what it has read so far: not the same after a seek.
_DURATION_FORMATS = {"mov", "matroska"}


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One frame.

    Attributes:
        pts: presentation time in ticks, above that of the frame before.
        duration_pts: ticks that the container says it is shown for; 0 where it does not say.
        picture: the decoded picture.
        corrupt: whether it is damaged, or refers to a frame that is. The pixels of such a frame may
            differ with where decoding began; nothing else does.
    """

    pts: int
    duration_pts: int
    picture: av.VideoFrame
    corrupt: bool


@dataclass(slots=True)
class DecodeReport:
    """What went wrong on the way; grows while frames are taken.

    Attributes:
        delivered: frames given out.
        corrupt: frames of these that are spoiled by damage.
        errors: packets that could not be read or decoded, and what was said of the last.
        missing_pts: frames without a presentation time, which was made up.
        repeated_pts: frames whose time was not above the one before: nudged when timestamps are
            unwrapped, else left out.
        size_changes: how often the picture's size changed.
        jumps: places where the clock was reset or jumped.
        last_pts: pts of the last frame given out.
        first_position: where in the file the first frame given out begins, and
        next_position: the first one at or after the range's end. What one chunk says of its end and
            the next of its beginning must agree, or frames lie between that no clock tells of.
            None where unknown, and of files whose clocks are not reset.
        truncated: whether the file ended before what its headers, or the range, promise.
    """

    delivered: int = 0
    corrupt: int = 0
    errors: ReadErrors = field(default_factory=ReadErrors)
    missing_pts: int = 0
    repeated_pts: int = 0
    size_changes: int = 0
    jumps: list[TimeGap] = field(default_factory=list)
    last_pts: int | None = None
    first_position: int | None = None
    next_position: int | None = None
    truncated: bool = False


class FrameDecoder:
    """Decodes from the first frame at or after a range's start, on past its end.

    The consumer stops when it has what it needs. One thread, software only, nothing opened before
    the first frame is asked for.

    Example:
        >>> whole = ChunkRange(start_pts=None, end_pts=None)
        >>> with FrameDecoder(media, probe, whole, sequential=False) as frames:
        ...     for frame in frames:
        ...         show(frame.picture)
    """

    def __init__(
        self,
        media: Media,
        probe: VideoProbe,
        range: ChunkRange,
        sequential: bool,
    ) -> None:
        """Remembers what to decode.

        Args:
            media: the video.
            probe: what was found of it.
            range: which frames are wanted.
            sequential: timestamps cannot be trusted: no seeks, unwrap from the first packet.
        """
        self.report = DecodeReport()
        self._media = media
        self._probe = probe
        self._range = range
        self._sequential = sequential
        self._resources = ExitStack()
        self._durations_stored = bool(_DURATION_FORMATS & set(probe.container.split(",")))
        self._size = (probe.width, probe.height)
        self._last_end: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._resources.close()

    def __iter__(self) -> Iterator[DecodedFrame]:
        """Yields frames of strictly increasing pts, from the first at or after the start.

        Raises:
            InputError: the file cannot be opened, or is refused.
        """
        start = self._range.start_pts
        seek_to = None if self._sequential else start
        frames = frames_from(self._media, self._probe, seek_to, self._resources, self.report.errors)
        timed = self._unwrapped(frames) if self._sequential else self._in_time(frames)
        for frame in timed:
            if start is None or frame.pts >= start:
                self._count(frame)
                yield frame
        self.report.truncated = self._ended_early()

    def _in_time(self, shown: Iterator[Shown]) -> Iterator[DecodedFrame]:
        last: int | None = None
        reset = False
        for frame in shown:
            pts = frame.picture.pts
            if pts is None:
                self.report.missing_pts += 1
            elif last is not None and pts <= last:
                self.report.repeated_pts += 1
                reset |= self._is_reset(last)
            else:
                if reset and last is not None:
                    self._note_reset(last, pts)
                last, reset = pts, False
                self._note_position(pts, frame.position)
                yield self._frame(pts, frame)
        if reset and last is not None:
            self._note_reset(last, last + nominal_ticks(self._probe))

    def _is_reset(self, last: int) -> bool:
        start, end = self._range.start_pts, self._range.end_pts
        own = (start is None or last >= start) and (end is None or last < end)
        return own and is_discontinuous(self._probe)

    def _note_reset(self, last: int, pts: int) -> None:
        """Frames came whose times were over: the plan could not know, and they have no place."""
        self.report.jumps.append(TimeGap(last, pts, 0, "lost"))

    def _note_position(self, pts: int, position: int | None) -> None:
        if not is_discontinuous(self._probe):
            return
        start, end = self._range.start_pts, self._range.end_pts
        report = self.report
        if start is not None and report.first_position is None and pts >= start:
            report.first_position = position
        if end is not None and report.next_position is None and pts >= end:
            report.next_position = position

    def _unwrapped(self, shown: Iterator[Shown]) -> Iterator[DecodedFrame]:
        unwrapper = Unwrapper(
            nominal_ticks(self._probe), jump_ticks(self._probe), self._probe.start_pts
        )
        self.report.jumps = unwrapper.gaps
        for frame in shown:
            pts = unwrapper.unwrap(frame.picture.pts)
            self.report.missing_pts = unwrapper.missing
            self.report.repeated_pts = unwrapper.nudged
            yield self._frame(pts, frame)

    def _frame(self, pts: int, shown: Shown) -> DecodedFrame:
        picture = shown.picture
        duration = max(picture.duration or 0, 0) if self._durations_stored else 0
        return DecodedFrame(pts, duration, picture, shown.spoiled)

    def _count(self, frame: DecodedFrame) -> None:
        report, picture = self.report, frame.picture
        report.delivered += 1
        report.corrupt += frame.corrupt
        report.last_pts = frame.pts
        self._last_end = frame.pts + (frame.duration_pts or nominal_ticks(self._probe))
        size = (picture.width, picture.height)
        report.size_changes += size != self._size
        self._size = size

    def _ended_early(self) -> bool:
        """Judged at the end of the file alone: a consumer that stops before has what it wants."""
        promised = self._probe.end_pts
        if promised is None or self.report.jumps:
            return False
        if self._range.end_pts is not None:
            promised = min(promised, self._range.end_pts)
        reached = self._last_end if self._last_end is not None else self._range.start_pts
        if reached is None:
            return True
        return promised - reached > _END_TOLERANCE_FRAMES * nominal_ticks(self._probe)
