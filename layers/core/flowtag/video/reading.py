"""One open video stream: its packets in the order of the file, decoded, errors counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal, Self, cast

import av
import av.error
from av.container import InputContainer
from av.packet import PacketSideData
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from flowtag.errors import BrokenMediaError
from flowtag.video.closing import ClosesAtExit
from flowtag.video.decoders import limit_decoder
from flowtag.video.failures import reason
from flowtag.video.finding import PlaceFinder, place_finder
from flowtag.video.masking import MaskedMedia
from flowtag.video.media import Media
from flowtag.video.opening import demuxed, open_video, select_only

_MAX_READ_ERRORS = 64
_PARAMETERS: Literal["new_extradata"] = "new_extradata"


@dataclass(slots=True)
class ReadErrors:
    """What could not be read or decoded so far.

    Attributes:
        packets: how many packets.
        last: what was said of the last one.
        again: of these, packets that were decoded once more, and had their turn before.
    """

    packets: int = 0
    last: str | None = None
    again: int = 0

    @property
    def in_turn(self) -> int:
        """Packets that failed when it was their turn."""
        return self.packets - self.again


@dataclass(slots=True)
class StreamReader(ClosesAtExit):
    """Decodes one stream from where it stands; a context manager.

    Attributes:
        media: the file.
        stream_index: which of its streams.
        errors: grows while frames are taken.
        drifts: as of :func:`~flowtag.video.decoders.limit_decoder`.
    """

    media: Media
    stream_index: int
    errors: ReadErrors = field(default_factory=ReadErrors)
    drifts: bool = False
    _resources: ExitStack = field(default_factory=ExitStack)
    _container: InputContainer = field(init=False)
    _stream: VideoStream = field(init=False)
    _reorder_depth: int = 0
    _finder: PlaceFinder | None = None
    _parameters: PacketSideData | None = None

    def __enter__(self) -> Self:
        self._open(self.media)
        self._reorder_depth = self._stream.codec_context.reorder_depth
        return self

    def seek(self, pts: int) -> bool:
        """Goes to a key frame thought to lie at or before a pts; False if the file cannot."""
        if self._finder is None:
            self._finder = place_finder(self.media, self._stream)
        if self._finder.searches:
            return self._jump(self._finder.before(pts))
        try:
            self._container.seek(pts, stream=self._stream)
        except av.error.FFmpegError as error:
            self.errors.last = reason(error)
            return False
        # A flush makes decoders forget how deep the stream reorders; they would drop frames.
        self._stream.codec_context.reorder_depth = self._reorder_depth
        return True

    def _jump(self, place: MaskedMedia | None) -> bool:
        """Opens the file again as it goes on from a place."""
        if place is None:
            return False
        self._resources.close()
        self._open(place)
        # What the file's head says holds for all of it, wherever it is opened.
        self._stream.codec_context.reorder_depth = self._reorder_depth
        return True

    def _open(self, media: Media) -> None:
        self._container = self._resources.enter_context(open_video(media))
        self._stream = video_stream(self._container, self.stream_index, media)
        select_only(self._container, self._stream)
        limit_decoder(self._stream, self.drifts)
        self._parameters = None

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """The packets from here to the end of the file; ends with an empty one that flushes.

        Where the codec's parameters changed, each key frame has those that hold for it.
        """
        failures = 0
        while failures < _MAX_READ_ERRORS:
            try:
                for packet in demuxed(self._container, self._stream):
                    failures = 0
                    self._tell_parameters(packet)
                    yield packet
                return
            except av.error.FFmpegError as error:
                failures += 1
                self._note(error)
        yield cast("av.Packet[VideoStream]", av.Packet())

    def _tell_parameters(self, packet: av.Packet[VideoStream]) -> None:
        # Demuxers tell of a change once, even if that packet was passed over and a seek follows.
        if packet.has_sidedata(_PARAMETERS):
            self._parameters = packet.get_sidedata(_PARAMETERS)
        elif packet.is_keyframe and self._parameters is not None:
            packet.set_sidedata(self._parameters)

    def decoded(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """The frames that come out when a packet goes in; none if it is damaged."""
        return self._attempt(self._stream.codec_context, packet)

    def _attempt(
        self, decoder: VideoCodecContext, packet: av.Packet[VideoStream]
    ) -> list[av.VideoFrame]:
        try:
            return decoder.decode(packet)
        except av.error.FFmpegError as error:
            self._note(error)
            return []

    def _note(self, error: av.error.FFmpegError) -> None:
        self.errors.packets += 1
        self.errors.last = reason(error)


def video_stream(container: InputContainer, index: int, media: Media) -> VideoStream:
    """The stream that a probe chose.

    Raises:
        BrokenMediaError: if the file no longer has it.
    """
    streams = [stream for stream in container.streams.video if stream.index == index]
    if not streams or streams[0].codec_context is None:
        raise BrokenMediaError(f"{media.name} has no video stream {index}; was it replaced?")
    return streams[0]


def new_parameters(packet: av.Packet[VideoStream]) -> bytes | None:
    """The codec's parameters from a packet on, as extradata; None: those that held before."""
    if not packet.has_sidedata(_PARAMETERS):
        return None
    return bytes(memoryview(packet.get_sidedata(_PARAMETERS)))
