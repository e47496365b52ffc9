"""Frames of a stretch of video of which only some were decoded, decided window by window.

A window lies between two key frames (see :mod:`flowtag.video.sparse_reading`), and which of its
frames are decoded follows from the window alone: so chunk borders cannot show. Its first frames,
up to the end of the key frame's cell, are always decoded and given out at once, so that whoever
reads up to a key frame need not look at the window behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.video.choosing_packets import Packet
from flowtag.video.closing import ClosesAtExit
from flowtag.video.damage import Shown
from flowtag.video.decoding import DecodedFrame, stores_durations
from flowtag.video.frame_account import FrameAccount
from flowtag.video.media import Media
from flowtag.video.scanning import is_shown
from flowtag.video.sparse_reading import SparseReader
from flowtag.video.starting import frames_from

LONGEST_WINDOW_SECONDS = Fraction(12)
"""What lies further from its key frame is decoded wholly, and never twice."""

T = TypeVar("T")

Span = tuple[int, int]
"""First and last pts of a stretch, both within it."""


@dataclass(frozen=True, slots=True)
class WindowFrame(Generic[T]):
    """One frame of a window.

    Attributes:
        pts: ticks.
        duration_pts: ticks; 0 where the container does not say.
        kept: what is kept of its picture; None: it was never decoded.
        corrupt: as of ``DecodedFrame``.
        size: width and height as stored, px; None: it was never decoded.
        position: of its packet in the file, if known.
        ends_cell: it is certain that the frame after it lies in another cell.
    """

    pts: int
    duration_pts: int
    kept: T | None
    corrupt: bool = False
    size: tuple[int, int] | None = None
    position: int | None = None
    ends_cell: bool = False


class WindowJudge(Protocol[T]):
    """What is done with frames, and where all of them are wanted. Keeps nothing of windows."""

    def keep(self, frame: DecodedFrame, previous_pts: int | None) -> T:
        """What is kept of a picture.

        Args:
            frame: the frame; its picture is gone afterwards.
            previous_pts: of the frame decoded before it, None where none was from the start on.
        """
        ...

    def is_in_head(self, key_pts: int, pts: int) -> bool:
        """Whether a frame at or after a key frame is in the key frame's cell."""
        ...

    def is_wanted(self, pts: int) -> bool:
        """Whether a frame is decoded in any case, by its time alone."""
        ...

    def stretches(
        self, frames: Sequence[WindowFrame[T]], closing: WindowFrame[T] | None
    ) -> list[Span]:
        """Where all frames must be decoded.

        Args:
            frames: of the window, in order; some were not decoded.
            closing: the frame after it; None at the end of the file.
        """
        ...


@dataclass(slots=True)
class _Window(Generic[T]):
    """A window while it grows; of ``frames`` the first ``given`` were given out."""

    key_pts: int
    frames: list[WindowFrame[T]] = field(default_factory=list)
    given: int = 0
    head_given: bool = False


class WindowDecoder(ClosesAtExit, Generic[T]):
    """Gives the frames from a range's start on, past its end, as windows are judged.

    As ``FrameDecoder``, of which this takes the place where timestamps can be trusted.
    """

    def __init__(
        self, media: Media, probe: VideoProbe, range: ChunkRange, judge: WindowJudge[T]
    ) -> None:
        """Remembers what to decode, and who judges it."""
        self._account = FrameAccount(probe, range)
        self.report = self._account.report
        self._media = media
        self._probe = probe
        self._range = range
        self._judge = judge
        self._resources = ExitStack()
        self._durations_stored = stores_durations(probe)
        self._previous_pts: int | None = None
        self._reader = self._open_reader()

    def __iter__(self) -> Iterator[WindowFrame[T]]:
        """Yields frames of strictly increasing pts, from the first at or after the start.

        Raises:
            InputError: the file cannot be opened, or is refused.
        """
        start, account = self._range.start_pts, self._account
        account.open_timeline()
        for frame in self._frames():
            wanted = account.admits(frame.pts, frame.position)
            if wanted and (start is None or frame.pts >= start):
                account.count(frame.pts, frame.duration_pts, frame.size, frame.corrupt)
                yield frame
        account.close_timeline()
        self.report.truncated = account.ended_early()

    def _open_reader(self) -> SparseReader:
        longest = int(LONGEST_WINDOW_SECONDS / self._probe.time_base)
        self._reader = SparseReader(self._media, self._probe.stream_index, self._is_wanted, longest)
        return self._reader

    def _is_wanted(self, key_pts: int, pts: int) -> bool:
        in_head = pts >= key_pts and self._judge.is_in_head(key_pts, pts)
        return in_head or self._judge.is_wanted(pts)

    def _frames(self) -> Iterator[WindowFrame[T]]:
        shown = frames_from(
            self._media,
            self._probe,
            self._range.start_pts,
            self._resources,
            self.report.errors,
            self._open_reader,
        )
        window: _Window[T] | None = None
        for one in shown:
            pts = one.picture.pts
            if pts is None:
                self._account.admits(None, one.position)
                continue
            frame = self._kept(one, pts, self._previous_pts)
            self._previous_pts = pts
            mark = self._reader.marks.pop(pts, None)
            if mark is not None:
                if window is not None:
                    # Before it: the clock was reset, and nothing more of the window comes.
                    yield from self._closed(window, frame if pts > window.key_pts else None)
                window = _Window(pts) if mark == "window" else None
            yield from (frame,) if window is None else self._grown(window, frame)
        if window is not None:
            yield from self._closed(window, None)

    def _kept(self, shown: Shown, pts: int, previous_pts: int | None) -> WindowFrame[T]:
        picture = shown.picture
        duration = max(picture.duration or 0, 0) if self._durations_stored else 0
        frame = DecodedFrame(pts, duration, picture, shown.spoiled)
        start = self._range.start_pts
        if start is not None and previous_pts is not None and previous_pts < start <= pts:
            previous_pts = None
        return WindowFrame(
            pts,
            duration,
            self._judge.keep(frame, previous_pts),
            shown.spoiled,
            (picture.width, picture.height),
            shown.position,
        )

    def _grown(self, window: _Window[T], frame: WindowFrame[T]) -> Iterator[WindowFrame[T]]:
        """Adds a frame; yields the head once it is whole."""
        if not window.head_given and not self._judge.is_in_head(window.key_pts, frame.pts):
            window.head_given, window.given = True, len(window.frames)
            yield from window.frames[:-1]
            yield replace(window.frames[-1], ends_cell=True)
        window.frames.append(frame)

    def _closed(
        self, window: _Window[T], closing: WindowFrame[T] | None
    ) -> Iterator[WindowFrame[T]]:
        """Yields what of a window was not given out, with what going back to it brought."""
        packets = self._reader.take(window.key_pts, None if closing is None else closing.pts)
        troubled = window.key_pts in self._reader.troubled
        self._reader.troubled.discard(window.key_pts)
        head_end = window.frames[window.given - 1].pts if window.given else window.key_pts - 1
        if troubled or any(frame.corrupt for frame in window.frames):
            end = None if closing is None else closing.pts
            yield from self._whole(packets, window.key_pts, head_end, end)
            return
        frames = self._with_skipped(window, packets, closing)
        spans = []
        if len(frames) > len(window.frames):
            spans = self._judge.stretches(frames, closing)
        if spans:
            found = self._again(packets, window.key_pts, spans)
            frames = [found.get(frame.pts, frame) for frame in frames]
        yield from frames[window.given :]

    def _with_skipped(
        self, window: _Window[T], packets: Sequence[Packet], closing: WindowFrame[T] | None
    ) -> list[WindowFrame[T]]:
        """All frames of a window in order; those that came after its head must not be doubled."""
        frames = {frame.pts: frame for frame in window.frames}
        for packet in packets:
            pts = packet.pts
            if pts is None or pts in frames or not is_shown(packet, self._probe.codec):
                continue
            if pts < window.key_pts or (closing is not None and pts >= closing.pts):
                continue
            duration = max(packet.duration or 0, 0) if self._durations_stored else 0
            frames[pts] = WindowFrame(pts, duration, None, position=packet.pos)
        return [frames[pts] for pts in sorted(frames)]

    def _again(
        self, packets: list[Packet], key_pts: int, spans: Sequence[Span]
    ) -> dict[int, WindowFrame[T]]:
        """The frames of some stretches, by pts."""

        def is_wanted(pts: int) -> bool:
            return any(first <= pts <= last for first, last in spans)

        end = max(last for _, last in spans)
        found: dict[int, WindowFrame[T]] = {}
        previous: int | None = None
        for shown in self._reader.again(packets, key_pts, is_wanted):
            pts = shown.picture.pts
            if pts is None or pts > end:
                break
            if is_wanted(pts):
                found[pts] = self._kept(shown, pts, previous)
            previous = pts
        return found

    def _whole(
        self, packets: list[Packet], key_pts: int, after_pts: int, end_pts: int | None
    ) -> Iterator[WindowFrame[T]]:
        """All frames of a window that come out, from after its head on."""
        previous: int | None = None
        for shown in self._reader.again(packets, key_pts, lambda pts: True):
            pts = shown.picture.pts
            if pts is not None and end_pts is not None and pts >= end_pts:
                return
            if pts is not None and pts > after_pts:
                yield self._kept(shown, pts, previous)
            previous = pts if pts is not None else previous
