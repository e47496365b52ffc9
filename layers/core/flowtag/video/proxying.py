"""A proxy: a small copy of a video that any browser plays, frame for frame at the same times.

VP9 and Opus, because a browser without licensed codecs plays them; in MP4, because it keeps times
as they are, where WebM rounds them to a millisecond. The first frame lies at zero, so the time of
a player is ``seconds`` of ``motion.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.errors import BrokenMediaError, StorageError
from flowtag.video.decoding import DecodedFrame, FrameDecoder
from flowtag.video.failures import reason
from flowtag.video.media import Media
from flowtag.video.proxy_pictures import ProxyPictures, TimedPicture
from flowtag.video.proxy_sound import ProxySound
from flowtag.video.unwrapping import is_discontinuous, nominal_ticks

_WHOLE = ChunkRange(start_pts=None, end_pts=None)
_LONGEST_KEY_INTERVAL_SECONDS = 1
_REPORT_EVERY_FRAMES = 25
_MUXING = {"movflags": "+faststart"}
# Constant quality, one pass, no look-ahead: about half of the time goes into decoding 1080p.
_ENCODING = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "34",
    "b": "0",
    "lag-in-frames": "0",
    "g": "9999",
}


def write_proxy(
    path: Path,
    media: Media,
    probe: VideoProbe,
    sequential: bool,
    on_progress: Callable[[int], None],
) -> str | None:
    """Writes a proxy of a whole video: every frame that analysis sees, upright, and its sound.

    Memory does not grow with the length of the video, but for the few bytes a frame of MP4's index.

    Args:
        path: the file to write.
        media: the video.
        probe: what was found of it.
        sequential: it can be read from its start alone; as the plan says.
        on_progress: called now and then with the number of frames written.

    Returns:
        Why it has no sound, or not all of it; None if it is as it should be.

    Raises:
        InputError: the video cannot be opened, or nothing of it decodes.
        StorageError: the file cannot be written.
    """
    with (
        FrameDecoder(media, probe, _WHOLE, sequential) as frames,
        _output(path, probe.time_base) as container,
        ProxySound(media, probe.start_pts * probe.time_base) as sound,
    ):
        writer = _Writer(container, probe, sound)
        if sequential and is_discontinuous(probe):
            sound.remark = "no sound: its clock is reset, and nothing tells where"
        else:
            sound.encode_into(container)
        count = 0
        for count, timed in enumerate(timed_pictures(frames, probe), 1):
            writer.write(timed)
            if count % _REPORT_EVERY_FRAMES == 0:
                on_progress(count)
        if not count:
            raise BrokenMediaError(f"nothing of {media.name} can be decoded")
        writer.finish()
        return sound.remark


def timed_pictures(frames: Iterable[DecodedFrame], probe: VideoProbe) -> Iterator[TimedPicture]:
    """Gives frames their times in the proxy, and marks those that a player may seek to.

    The last frame is shown for as long as the container says, else as long as the one before.
    """
    ticks, nominal = probe.time_base.numerator, nominal_ticks(probe)
    longest = _LONGEST_KEY_INTERVAL_SECONDS / probe.time_base
    shown = (frame for frame in frames if frame.pts >= probe.start_pts)
    held = next(shown, None)
    # What comes before the first frame that decodes is filled with it.
    pts = last_key = probe.start_pts
    is_key, interval = True, nominal
    while held is not None:
        following = next(shown, None)
        interval = following.pts - pts if following else held.duration_pts or interval
        start = (pts - probe.start_pts) * ticks
        yield TimedPicture(held.picture, start, interval * ticks, is_key)
        if following is not None:
            last_key = pts if is_key else last_key
            is_key = following.pts + nominal - last_key > longest
            pts = following.pts
        held = following


class _Writer:
    """Encodes pictures and sound side by side, so that neither waits long for the other."""

    def __init__(self, container: OutputContainer, probe: VideoProbe, sound: ProxySound) -> None:
        self._container = container
        self._pictures = ProxyPictures(probe)
        self._sound = sound
        self._base = Fraction(1, probe.time_base.denominator)
        self._end_seconds = Fraction(0)
        self._durations: dict[int, int] = {}
        self._stream = self._video_stream(probe)

    def write(self, timed: TimedPicture) -> None:
        """Takes the next picture, and the sound until it ends."""
        self._end_seconds = (timed.pts + timed.duration) * self._base
        if timed.pts == 0:
            self._pictures.describe(self._stream.codec_context, timed.picture)
        for ready in self._pictures.made_of(timed):
            self._encode(ready)
        self._mux(self._sound.packets_until(self._end_seconds))

    def finish(self) -> None:
        """Writes what is still held."""
        for ready in self._pictures.rest():
            self._encode(ready)
        with _writing():
            packets = self._stream.encode(None)
        self._mux(self._timed(packets))
        self._mux(self._sound.rest(self._end_seconds))

    def _encode(self, timed: TimedPicture) -> None:
        picture = timed.picture
        picture.pts, picture.time_base = timed.pts, self._base
        # Else the encoder makes a key frame of each that was one in the source.
        picture.pict_type = PictureType.I if timed.is_key else PictureType.NONE
        self._durations[timed.pts] = timed.duration
        with _writing():
            packets = self._stream.encode(picture)
        self._mux(self._timed(packets))

    def _timed(self, packets: list[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, 0) if packet.pts is not None else 0
            yield packet

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            with _writing():
                self._container.mux(packet)

    def _video_stream(self, probe: VideoProbe) -> VideoStream:
        with _writing():
            stream = self._container.add_stream(
                "libvpx-vp9", rate=probe.frame_rate, options=dict(_ENCODING)
            )
        stream.width, stream.height = self._pictures.size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.codec_context.time_base = stream.time_base = self._base
        return stream


@contextmanager
def _output(path: Path, time_base: Fraction) -> Iterator[OutputContainer]:
    options = {**_MUXING, "video_track_timescale": str(time_base.denominator)}
    with _writing():
        container = av.open(f"file:{path.absolute()}", "w", format="mp4", options=options)
    try:
        yield container
    except BaseException:
        # Its end would be written as if all were well, or fail once more.
        _close_quietly(container)
        raise
    with _writing():
        container.close()


def _close_quietly(container: OutputContainer) -> None:
    try:
        container.close()
    except av.error.FFmpegError:
        return


@contextmanager
def _writing() -> Iterator[None]:
    """Turns what the media library says of a file that it writes into flowtag's error.

    Raises:
        StorageError: in place of PyAV's exception, and from it.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        raise StorageError(f"cannot write the proxy: {reason(error)}") from error
