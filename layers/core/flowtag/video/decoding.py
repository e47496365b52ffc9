"""Frames of a stretch of video, the same ones whichever stretch they are decoded in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import av

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.video.closing import ClosesAtExit
from flowtag.video.damage import Shown
from flowtag.video.frame_account import FrameAccount
from flowtag.video.media import Media
from flowtag.video.starting import frames_from
from flowtag.video.unwrapping import Unwrapper, jump_ticks, nominal_ticks

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


def stores_durations(probe: VideoProbe) -> bool:
    """Whether a container says of each frame how long it is shown."""
    return bool(_DURATION_FORMATS & set(probe.container.split(",")))


class FrameDecoder(ClosesAtExit):
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
        self._account = FrameAccount(probe, range)
        self.report = self._account.report
        self._media = media
        self._probe = probe
        self._range = range
        self._sequential = sequential
        self._resources = ExitStack()
        self._durations_stored = stores_durations(probe)

    def __iter__(self) -> Iterator[DecodedFrame]:
        """Yields frames of strictly increasing pts, from the first at or after the start.

        Raises:
            InputError: the file cannot be opened, or is refused.
        """
        self._account.open_timeline()
        start = self._range.start_pts
        seek_to = None if self._sequential else start
        frames = frames_from(self._media, self._probe, seek_to, self._resources, self.report.errors)
        timed = self._unwrapped(frames) if self._sequential else self._in_time(frames)
        for frame in timed:
            if start is None or frame.pts >= start:
                picture = frame.picture
                size = (picture.width, picture.height)
                self._account.count(frame.pts, frame.duration_pts, size, frame.corrupt)
                yield frame
        self.report.truncated = self._account.ended_early()

    def _in_time(self, shown: Iterator[Shown]) -> Iterator[DecodedFrame]:
        for frame in shown:
            pts = frame.picture.pts
            if self._account.admits(pts, frame.position) and pts is not None:
                yield self._frame(pts, frame)
        self._account.close_timeline()

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
