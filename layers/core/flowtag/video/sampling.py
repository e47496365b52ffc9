"""What a few reads tell of a long file without an index: its end, and whether its times are sound.

Broadcast streams are looked at in evenly spaced bytes, so that recordings joined end to end show;
Matroska and fragmented MP4 where a few of their clusters or fragments begin; all else by seeking.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from flowtag.contracts.messages import VideoProbe
from flowtag.video.finding import PlaceFinder, place_finder
from flowtag.video.media import Media
from flowtag.video.opening import demuxed, open_video, select_only
from flowtag.video.reading import video_stream
from flowtag.video.remembering import EnoughReadError, RememberedMedia
from flowtag.video.scanning import is_shown, keeps_decode_order
from flowtag.video.unwrapping import is_discontinuous, jump_ticks

_MOST_BYTES = 13 << 20
_LEAST_BYTES = 2 << 20
_LOOKS = (8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15)
"""Sixteenths of the file, coarsely first: where pictures are large, not all can be afforded."""

_LEAST_LOOKS = 7
_PLACES = 4
_HUNT_BYTES = 1 << 20
_TAIL_BYTES = 8 << 20
_STRETCH_BYTES = 1 << 20
_STRETCH_PACKETS = 64
_TAIL_PACKETS = 2000
_UNSURE_PACKETS = 8


@dataclass(slots=True)
class Samples:
    """What was found.

    Attributes:
        steps: from frame to frame where it was looked, in ticks.
        end_pts: end of the last frame, or a time before it that is surely reached; None: unknown.
        trouble: why times cannot be trusted, or chunks not be found; None if they can.
    """

    steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    end_pts: int | None = None
    trouble: str | None = None


@dataclass(slots=True)
class _Stretch:
    """Times of some packets that follow each other, in the order of the file."""

    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)
    missing: int = 0
    backwards: bool = False
    end_pts: int = 0

    @property
    def first(self) -> int:
        """When it begins to be decoded."""
        return self.dts[0] if self.dts else self.pts[0]

    def steps(self) -> NDArray[np.int64]:
        """From frame to frame, of a stretch that begins with a key frame."""
        known = np.unique(np.array([pts for pts in self.pts if pts >= self.pts[0]], np.int64))
        # What is displayed after the last decode time may have others before it that were not read.
        return np.diff(known[known <= self.dts[-1]]) if self.dts else np.diff(known)


def sample_packets(media: RememberedMedia, probe: VideoProbe) -> Samples:
    """Looks at a video in a few places; what was read of it before is not read again.

    Args:
        media: the video; its bound is set, to some 13 MB in all.
        probe: what the headers say.

    Raises:
        InputError: the file can no longer be opened or read.
        StorageError: fetching failed.
    """
    media.most_bytes = max(_MOST_BYTES, media.read_bytes + _LEAST_BYTES)
    with open_video(media) as container:
        stream = video_stream(container, probe.stream_index, media)
        if keeps_decode_order(stream):
            return Samples(trouble="it keeps no times of display")
        finder = place_finder(media, stream)
    sampler = _Sampler(media, probe, finder)
    # Who has read enough judges by what was seen till then.
    with suppress(EnoughReadError):
        if finder.searches:
            sampler.visit_places()
        else:
            sampler.seek()
    return sampler.judge()


class _Sampler:
    def __init__(self, media: RememberedMedia, probe: VideoProbe, finder: PlaceFinder) -> None:
        self._media = media
        self._probe = probe
        self._finder = finder
        self._end = probe.end_pts
        self._stretches: list[_Stretch] = []
        self._times: list[tuple[int, int]] = []
        self._enterable = False
        self._untimed = False
        self._backwards = False

    def seek(self) -> None:
        """Looks with the media library's own seeks."""
        with self._entered(self._media) as (container, stream):
            self._look(container, stream, 0)
            if self._end is None:
                return
            start, length = self._probe.start_pts, self._end - self._probe.start_pts
            self._go(container, start + length // 2, stream)
            self._stretches.append(self._read(container, stream, _STRETCH_BYTES))
            by_bytes = is_discontinuous(self._probe)
            if by_bytes:
                self._look_at_tail(container, stream)
            for done, look in enumerate(_LOOKS, 1):
                share = Fraction(look, len(_LOOKS) + 1)
                if by_bytes:
                    position = int(self._media.size_bytes * share)
                    self._go(container, position)
                else:
                    position = start + int(length * share)
                    self._go(container, position, stream)
                self._look(container, stream, position)
                self._enterable = done >= _LEAST_LOOKS

    def _look_at_tail(self, container: InputContainer, stream: VideoStream) -> None:
        """Where recordings were joined near the end, the headers tell of the last one alone."""
        position = max(self._media.size_bytes - _STRETCH_BYTES, 0)
        self._go(container, position)
        seen = self._read(container, stream, _STRETCH_BYTES, _TAIL_PACKETS)
        self._backwards |= seen.backwards
        if seen.pts:
            self._times.append((position, seen.first))

    def visit_places(self) -> None:
        """Looks where clusters or fragments begin."""
        with self._entered(self._media) as (container, stream):
            self._stretches.append(self._read(container, stream, _STRETCH_BYTES))
        first = self._finder.after(0, _HUNT_BYTES)
        if first is None:
            return
        self._enterable = True
        self._times.append((first.position, first.pts))
        last = self._finder.last(_TAIL_BYTES)
        if last is not None:
            self._times.append((last.position, last.pts))
            self._end = max(last.pts, self._end or last.pts)
            with self._entered(self._finder.entered(last)) as (container, stream):
                tail = self._read(container, stream, _TAIL_BYTES, _TAIL_PACKETS)
            self._end = max(tail.end_pts, self._end)
        for look in range(1, _PLACES):
            place = self._finder.after(self._media.size_bytes * look // _PLACES, _HUNT_BYTES)
            if place is not None:
                self._times.append((place.position, place.pts))

    def judge(self) -> Samples:
        """What all looks together say."""
        steps = [stretch.steps() for stretch in self._stretches if stretch.pts]
        samples = Samples(np.concatenate([*steps, np.empty(0, np.int64)]), self._end)
        missing = any(stretch.missing or not stretch.pts for stretch in self._stretches)
        if self._end is None:
            samples.trouble = "nothing tells how long it is"
        elif not self._enterable:
            samples.trouble = "too much of it would have to be read to find a place in it"
        elif missing or self._untimed:
            samples.trouble = "some of its frames have no times"
        elif self._disordered(self._end):
            samples.trouble = "its clock is reset or jumps"
        return samples

    def _disordered(self, end: int) -> bool:
        times = sorted(set(self._times))
        slack = jump_ticks(self._probe)
        backwards = self._backwards or any(stretch.backwards for stretch in self._stretches)
        backwards |= any(two[1] < one[1] for one, two in pairwise(times))
        return backwards or any(pts > end + slack for _, pts in times)

    def _go(
        self, container: InputContainer, position: int, stream: VideoStream | None = None
    ) -> None:
        """To a time of a stream, or to a byte of the file."""
        try:
            container.seek(position, stream=stream, unsupported_byte_offset=stream is None)
        except av.error.FFmpegError:
            self._untimed = True

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator[av.Packet[VideoStream]]:
        """The displayed packets from here on, until one cannot be read."""
        try:
            for packet in demuxed(container, stream):
                if is_shown(packet, self._probe.codec):
                    yield packet
        except av.error.FFmpegError:
            self._untimed = True

    def _look(self, container: InputContainer, stream: VideoStream, position: int) -> None:
        seen = self._read(container, stream, 1)
        self._untimed |= not seen.pts
        if seen.pts:
            self._times.append((position, seen.first))

    def _read(
        self,
        container: InputContainer,
        stream: VideoStream,
        most_bytes: int,
        most_packets: int = _STRETCH_PACKETS,
    ) -> _Stretch:
        """Times of the packets from here on."""
        seen, size = _Stretch(end_pts=self._probe.start_pts), 0
        for packet in self._packets(container, stream):
            size += packet.size
            if packet.pts is not None:
                seen.pts.append(packet.pts)
                seen.end_pts = max(seen.end_pts, packet.pts + (packet.duration or 0))
            elif seen.pts:
                # Before, right after a seek, the library may not know yet.
                seen.missing += 1
            if packet.dts is not None and seen.pts:
                # The library guesses times that a stream leaves out; at first, after a seek, wrong.
                sure = len(seen.dts) >= _UNSURE_PACKETS
                seen.backwards |= sure and packet.dts <= seen.dts[-1]
                seen.dts.append(packet.dts)
            if seen.pts and (size >= most_bytes or len(seen.pts) >= most_packets):
                break
        return seen

    @contextmanager
    def _entered(self, media: Media) -> Iterator[tuple[InputContainer, VideoStream]]:
        with open_video(media) as container:
            stream = video_stream(container, self._probe.stream_index, media)
            select_only(container, stream)
            yield container, stream
