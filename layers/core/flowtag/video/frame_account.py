"""Frames in the order of time, counted: what of them has a place, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.video.reading import ReadErrors
from flowtag.video.unwrapping import TimeGap, is_discontinuous, nominal_ticks

_END_TOLERANCE_FRAMES = 2


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


class FrameAccount:
    """Keeps the report of frames that come in output order: those of a part of a video."""

    def __init__(self, probe: VideoProbe, range: ChunkRange) -> None:
        """Takes what was found of the video, and which frames are wanted."""
        self.report = DecodeReport()
        self._probe = probe
        self._range = range
        self._size = (probe.width, probe.height)
        self._last: int | None = None
        self._last_end: int | None = None
        self._reset = False

    def open_timeline(self) -> None:
        """Takes note that frames come from the start on, maybe once more."""
        self._last, self._reset = None, False

    def admits(self, pts: int | None, position: int | None) -> bool:
        """Whether a frame has a place in time: its pts is above that of all before."""
        last, report = self._last, self.report
        if pts is None:
            report.missing_pts += 1
            return False
        if last is not None and pts <= last:
            report.repeated_pts += 1
            self._reset |= self._is_reset(last)
            return False
        if self._reset and last is not None:
            self._note_reset(last, pts)
        self._last, self._reset = pts, False
        self._note_position(pts, position)
        return True

    def count(
        self, pts: int, duration_pts: int, size: tuple[int, int] | None, corrupt: bool
    ) -> None:
        """Counts a frame that is given out.

        Args:
            pts: ticks.
            duration_pts: ticks; 0 where unknown.
            size: width and height as stored, px; None where it was not looked at.
            corrupt: as of ``DecodedFrame``.
        """
        report = self.report
        report.delivered += 1
        report.corrupt += corrupt
        report.last_pts = pts
        self._last_end = pts + (duration_pts or nominal_ticks(self._probe))
        if size is not None:
            report.size_changes += size != self._size
            self._size = size

    def close_timeline(self) -> None:
        """Takes note that no more frames come."""
        if self._reset and self._last is not None:
            self._note_reset(self._last, self._last + nominal_ticks(self._probe))

    def ended_early(self) -> bool:
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
