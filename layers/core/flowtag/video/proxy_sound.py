"""The sound of a proxy: one stereo or mono stream of Opus, in step with the pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Discard
from numpy.typing import NDArray

from flowtag.errors import InputError
from flowtag.video.closing import ClosesAtExit
from flowtag.video.failures import reason
from flowtag.video.media import Media
from flowtag.video.opening import open_video

RATE_HZ = 48_000
"""The one that Opus is made for."""

_BIT_RATE = 96_000
_MAX_ERRORS = 64
# Up to here, times of sound are no more exact than that: many containers round them.
_SLACK_SECONDS = Fraction(1, 25)
# In pieces, because a long hole would be held as a whole.
_PIECE_SECONDS = Fraction(1)
_Kind = tuple[int, str, str]


class ProxySound(ClosesAtExit):
    """Reads and encodes the sound of a video, if it has some; a context manager.

    Sound that cannot be decoded is no error: the proxy goes without.

    Attributes:
        remark: why there is no sound, or not all of it; None if nothing is missing.
    """

    def __init__(self, media: Media, start_seconds: Fraction) -> None:
        """Opens nothing yet.

        Args:
            media: the video.
            start_seconds: the time, by the video's own clock, that becomes zero.
        """
        self.remark: str | None = None
        self._media = media
        self._start_seconds = start_seconds
        self._resources = ExitStack()
        self._output: AudioStream | None = None
        self._frames: Iterator[AudioFrame] = iter(())
        self._next: AudioFrame | None = None
        self._kind: _Kind | None = None
        self._graph: Graph | None = None
        self._given_seconds = Fraction(0)
        self._slack_seconds = Fraction(0)
        self._samples = 0
        self._held: deque[Packet[AudioStream]] = deque()

    def encode_into(self, container: OutputContainer) -> None:
        """Adds a stream for the sound, if there is any that decodes."""
        try:
            source = self._resources.enter_context(open_video(self._media))
        except InputError as error:
            self.remark = str(error)
            return
        if not source.streams.audio:
            return
        stream = source.streams.best("audio")
        if not isinstance(stream, AudioStream):
            self.remark = "its sound is in a codec that cannot be decoded"
            return
        self._frames = self._decoded(source, stream)
        self._next = next(self._frames, None)
        if self._next is not None:
            self._output = _opus_stream(container, self._next)

    def packets_until(self, seconds: Fraction) -> Iterator[Packet[AudioStream]]:
        """Encodes the sound up to a time, in seconds of the proxy."""
        if self._output is None:
            return
        while self._next is not None and self._time_of(self._next) < seconds:
            self._encode(self._next)
            self._next = next(self._frames, None)
        yield from self._released(seconds)

    def rest(self, seconds: Fraction) -> Iterator[Packet[AudioStream]]:
        """Encodes what is still held of the sound, up to the end of the pictures."""
        if self._output is None:
            return
        self._drain()
        self._held += self._output.encode(None)
        yield from self._released(seconds)

    def _released(self, seconds: Fraction) -> Iterator[Packet[AudioStream]]:
        # None that would outlast the pictures, else a player would call the video longer.
        end = round(seconds * RATE_HZ)
        while self._held and (self._held[0].pts or 0) + (self._held[0].duration or 0) <= end:
            yield self._held.popleft()

    def _decoded(self, source: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        for other in source.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        stream.codec_context.thread_count = 1
        errors = 0
        while errors < _MAX_ERRORS:
            try:
                for packet in source.demux(stream):
                    yield from self._frames_of(stream, packet)
                return
            except IndexError:
                # As in flowtag.video.opening.demuxed: damage made new streams appear.
                return
            except av.error.FFmpegError as error:
                errors += 1
                self._note(error)

    def _frames_of(self, stream: AudioStream, packet: Packet[AudioStream]) -> list[AudioFrame]:
        try:
            return stream.codec_context.decode(packet)
        except av.error.FFmpegError as error:
            self._note(error)
            return []

    def _note(self, error: av.error.FFmpegError) -> None:
        self.remark = f"some of its sound cannot be decoded ({reason(error)})"

    def _time_of(self, frame: AudioFrame) -> Fraction:
        if frame.pts is None or frame.time_base is None:
            return self._given_seconds
        return frame.pts * frame.time_base - self._start_seconds

    def _encode(self, frame: AudioFrame) -> None:
        kind = (frame.sample_rate, frame.format.name, frame.layout.name)
        try:
            if kind != self._kind:
                self._drain()
                self._kind, self._graph = kind, self._new_graph(kind)
            self._push_in_step(frame)
        except (av.error.FFmpegError, ValueError) as error:
            self.remark = f"its sound cannot be converted ({error})"
            self._frames = iter(())

    def _push_in_step(self, frame: AudioFrame) -> None:
        """Fills holes with silence, and cuts what overlaps or comes before the pictures."""
        late = self._time_of(frame) - self._given_seconds
        while late > self._slack_seconds:
            piece = min(late, _PIECE_SECONDS)
            self._push(_silence_like(frame, piece))
            late -= piece
        kept = frame if late >= -self._slack_seconds else _without_start(frame, -late)
        if kept is not None:
            self._slack_seconds = _SLACK_SECONDS
            self._push(kept)

    def _push(self, frame: AudioFrame) -> None:
        assert self._graph is not None
        frame.pts = None
        self._given_seconds += Fraction(frame.samples, frame.rate)
        self._graph.push(frame)
        self._pull()

    def _drain(self) -> None:
        if self._graph is not None:
            self._graph.push(None)
            self._pull()
        self._graph = None

    def _pull(self) -> None:
        assert self._graph is not None
        assert self._output is not None
        while True:
            try:
                frame = cast(AudioFrame, self._graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.pts, frame.time_base = self._samples, Fraction(1, RATE_HZ)
            self._samples += frame.samples
            self._held += self._output.encode(frame)

    def _new_graph(self, kind: _Kind) -> Graph:
        """Converts sound of a kind into what the encoder takes."""
        assert self._output is not None
        rate, sample_format, layout = kind
        context = self._output.codec_context
        graph = Graph()
        graph.threads = 1
        source = graph.add_abuffer(
            sample_rate=rate, format=sample_format, layout=layout, time_base=Fraction(1, rate)
        )
        resample = graph.add("aresample", str(RATE_HZ))
        form = f"sample_fmts={context.format.name}:channel_layouts={context.layout.name}"
        sink = graph.add("abuffersink")
        graph.link_nodes(source, resample, graph.add("aformat", form), sink).configure()
        return graph


def _opus_stream(container: OutputContainer, first: AudioFrame) -> AudioStream:
    stream = container.add_stream("libopus", rate=RATE_HZ)
    stream.layout = "mono" if first.layout.nb_channels == 1 else "stereo"
    stream.format = "flt"
    stream.bit_rate = _BIT_RATE
    return stream


def _silence_like(frame: AudioFrame, seconds: Fraction) -> AudioFrame:
    """Silence in the form of a frame."""
    samples = max(1, round(frame.rate * seconds))
    name, channels = frame.format.name, frame.layout.nb_channels
    shape = (channels, samples) if frame.format.is_planar else (1, samples * channels)
    kind = frame.to_ndarray().dtype
    middle = 128 if kind == np.uint8 else 0
    silence = AudioFrame.from_ndarray(np.full(shape, middle, kind), name, frame.layout.name)
    silence.sample_rate = frame.rate
    return silence


def _without_start(frame: AudioFrame, seconds: Fraction) -> AudioFrame | None:
    """What is left of a frame when its first samples are cut off."""
    samples = round(frame.rate * seconds)
    if samples >= frame.samples:
        return None
    name, layout = frame.format.name, frame.layout
    values = samples if frame.format.is_planar else samples * layout.nb_channels
    kept: NDArray[Any] = np.ascontiguousarray(frame.to_ndarray()[:, values:])
    rest = AudioFrame.from_ndarray(kept, name, layout.name)
    rest.sample_rate = frame.rate
    return rest
