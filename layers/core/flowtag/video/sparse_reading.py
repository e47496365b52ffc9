"""Reading that leaves out frames to which no other refers, and keeps what it takes to go back.

From a key frame to the next one is a window. Within it only frames that others refer to are
decoded, and those that the reader is told of. Packets are kept until the window was looked at, so
that it can be decoded once more.

All frames are decoded where a window cannot be decoded alone, is too long to be kept, or has other
codec parameters than the file's head: from there to the next key frame that will do. Which ones
these are follows from the packets since a key frame, so it does not show where reading began.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal, cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from flowtag.video.choosing_packets import ChoosyDecoder, Packet
from flowtag.video.damage import Shown
from flowtag.video.decoders import another_decoder
from flowtag.video.media import Media
from flowtag.video.reading import StreamReader, new_parameters
from flowtag.video.starting import decoded_frames

Mark = Literal["window", "whole"]

_MOST_BYTES = 32 << 20
# Decoders hold fewer frames: after so many key frames, or bytes, one will not come out any more.
_MOST_AWAITED = 32
_MOST_AWAITED_BYTES = 4 * _MOST_BYTES
_BEFORE_ALL = -(1 << 63)


class SparseReader(StreamReader):
    """Decodes a stream's windows sparsely, and all else wholly.

    Attributes:
        marks: by pts of the first frame of each: where a window begins, and where a stretch does
            all of which is decoded; for the consumer to take.
        troubled: key frames of windows in which something could not be decoded.
    """

    def __init__(
        self,
        media: Media,
        stream_index: int,
        is_wanted: Callable[[int, int], bool],
        longest_ticks: int,
    ) -> None:
        """Opens nothing yet.

        Args:
            media: the file.
            stream_index: which of its streams.
            is_wanted: whether a frame at the second pts, in the window of a key frame at the first,
                is decoded in any case.
            longest_ticks: windows are no longer than this.
        """
        super().__init__(media, stream_index, drifts=True)
        self._is_wanted = is_wanted
        self._longest = longest_ticks
        self._head_parameters = b""
        self._are_heads = True
        self._forget()

    def _forget(self) -> None:
        self.marks: dict[int, Mark] = {}
        self.troubled: set[int] = set()
        # All frames are decoded with this; None: within a window, with the stream's own decoder.
        self._whole: VideoCodecContext | None = None
        self._begun = self._mark_whole = False
        self._newest: Packet | None = None
        # Packets by the key frame that they follow; keys whose pictures are still to come.
        self._logs: dict[int, list[Packet]] = {}
        self._awaited: deque[int] = deque()
        # Of a window that was left: they come once more.
        self._repeats: set[int | None] = set()
        # Key frames whose parameters are not those of the file's head.
        self._foreign: set[int] = set()
        self._key = self._furthest = self._over = _BEFORE_ALL
        self._bytes: dict[int, int] = {}
        self._switches = 0

    def _open(self, media: Media) -> None:
        super()._open(media)
        self._head_parameters = self._stream.codec_context.extradata or b""
        self._are_heads = True

    def seek(self, pts: int) -> bool:
        """Goes to a key frame thought to lie at or before a pts; False if the file cannot."""
        self._forget()
        return super().seek(pts)

    def decoded(self, packet: Packet) -> list[av.VideoFrame]:
        """The frames that come out when a packet goes in; none if it is damaged or skipped."""
        self._newest = packet
        if not self._begun:
            self._begun, self._whole = True, self._another()
        return self._taken(packet) if packet.size else self._rest(packet)

    def take(self, key_pts: int, end_pts: int | None) -> list[Packet]:
        """The packets of a window, from its key frame on; they are kept no longer.

        Args:
            key_pts: of the window.
            end_pts: where the next one begins, whose leading pictures are this one's; None: at the
                end of the file.
        """
        packets = self._drop(key_pts)
        following = next(iter(self._logs.values()), [])
        leading = [
            at
            for at, one in enumerate(following)
            if one.pts is not None and key_pts < one.pts and (end_pts is None or one.pts < end_pts)
        ]
        return packets + following[: leading[-1] + 1] if leading else packets

    def again(
        self, packets: list[Packet], key_pts: int, is_wanted: Callable[[int], bool]
    ) -> Iterator[Shown]:
        """Decodes a window once more: frames that others refer to, and all that are wanted.

        Args:
            packets: of the window, as they were taken.
            key_pts: of the window.
            is_wanted: tells by a pts.
        """
        decoder = another_decoder(self._stream, self._reorder_depth, drifts=True)
        choosy = ChoosyDecoder(decoder, is_wanted, self.errors, super()._attempt)
        return decoded_frames(choosy, [*packets, _flush()], key_pts)

    def _attempt(self, decoder: VideoCodecContext, packet: Packet) -> list[av.VideoFrame]:
        errors = self.errors.packets
        pictures = super()._attempt(decoder, packet)
        if packet is not self._newest:
            self.errors.again += self.errors.packets - errors
        return pictures

    def _taken(self, packet: Packet) -> list[av.VideoFrame]:
        parameters = new_parameters(packet)
        if parameters is not None:
            # By what they are, not that they changed: a reader that began behind cannot know that.
            self._are_heads = parameters == self._head_parameters
        if self._whole is None and not self._belongs(packet):
            return self._left() + self._taken(packet)
        self._log(packet)
        if self._whole is not None:
            self._reach(packet)
            return self._resumed(self._attempt(self._whole, packet))
        return self._settled(self._decode_sparsely(packet))

    def _belongs(self, packet: Packet) -> bool:
        """Whether a packet can be part of the window, or begin the next one."""
        if packet.pts is None or not self._are_heads:
            return False
        if _is_key(packet):
            return packet.pts > self._key and not self._awaits_too_much()
        # Not between frames displayed before one that was decoded: the window would lack them.
        is_next = packet.pts > self._furthest
        held = self._bytes[self._key]
        is_near = packet.pts - self._key < self._longest and held < _MOST_BYTES
        # More than that is no reordering: the clock was reset, and no key frame follows.
        return is_near or (not is_next and held < _MOST_AWAITED_BYTES)

    def _log(self, packet: Packet) -> None:
        pts = packet.pts
        if _is_key(packet) and pts is not None and pts <= self._key:
            # The clock was reset: no frame has a place until it is past where it was.
            self._over = max(self._over, self._furthest)
        if _is_key(packet) and pts is not None and pts > self._over:
            self._key, self._bytes[pts] = pts, 0
            self._awaited.append(pts)
            self._logs[pts] = []
            if not self._are_heads:
                self._foreign.add(pts)
        if self._whole is None or self._awaited:
            self._logs[self._key].append(packet)
            self._bytes[self._key] += packet.size
        while self._whole is not None and self._awaits_too_much():
            self._drop(self._awaited.popleft())

    def _awaits_too_much(self) -> bool:
        held = sum(self._bytes[key] for key in self._awaited)
        return held >= _MOST_AWAITED_BYTES or len(self._awaited) > _MOST_AWAITED

    def _drop(self, key: int) -> list[Packet]:
        self._bytes.pop(key, None)
        self._foreign.discard(key)
        return self._logs.pop(key, [])

    def _decode_sparsely(self, packet: Packet) -> list[av.VideoFrame]:
        pts = self._key if packet.pts is None else packet.pts
        decoder = self._stream.codec_context
        decoder.skip_frame = "DEFAULT" if self._is_wanted(self._key, pts) else "NONREF"
        errors = self.errors.packets
        pictures = self._attempt(decoder, packet)
        self._reach(packet)
        if self.errors.packets > errors or packet.is_corrupt:
            # What follows a key frame may belong to the window before it.
            self.troubled.update(list(self._logs)[-2:])
        return pictures

    def _reach(self, packet: Packet) -> None:
        if packet.pts is not None:
            self._furthest = max(self._furthest, packet.pts)

    def _settled(self, pictures: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Takes note of the windows that begin in pictures; leaves where one cannot."""
        for at, picture in enumerate(pictures):
            while self._awaited and picture.pts is not None and picture.pts >= self._awaited[0]:
                key = self._awaited.popleft()
                if not _begins_window(picture, key):
                    return pictures[:at] + self._go_whole(key - 1)
                self.marks[key] = "window"
        return pictures

    def _resumed(self, pictures: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Goes over to windows where a key frame comes out whole."""
        pictures = self._fresh(pictures)
        for at, picture in enumerate(pictures):
            while self._awaited and picture.pts is not None and picture.pts >= self._awaited[0]:
                key = self._awaited.popleft()
                if _begins_window(picture, key) and key not in self._foreign:
                    return self._marked(pictures[:at]) + self._go_sparse(key)
                self._drop(key)
        return self._marked(pictures)

    def _fresh(self, pictures: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Without those that were given out before; the decoder may hold them for a while."""
        for at, picture in enumerate(pictures):
            if picture.pts not in self._repeats:
                self._repeats.clear()
                return pictures[at:]
            self._repeats.discard(picture.pts)
        return []

    def _marked(self, pictures: list[av.VideoFrame]) -> list[av.VideoFrame]:
        first = next((one.pts for one in pictures if one.pts is not None), None)
        if self._mark_whole and first is not None:
            self.marks[first] = "whole"
            self._mark_whole = False
        return pictures

    def _left(self) -> list[av.VideoFrame]:
        """Ends a window in its middle."""
        switches = self._switches
        rest = self._settled(self._attempt(self._stream.codec_context, _flush()))
        return rest + self._go_whole(self._furthest) if self._switches == switches else rest

    def _rest(self, flush: Packet) -> list[av.VideoFrame]:
        """The last pictures of the file."""
        pictures: list[av.VideoFrame] = []
        while True:
            switches = self._switches
            if self._whole is None:
                pictures += self._settled(self._attempt(self._stream.codec_context, flush))
            else:
                pictures += self._resumed(self._attempt(self._whole, flush))
            if self._switches == switches:
                return pictures

    def _go_whole(self, after_pts: int) -> list[av.VideoFrame]:
        """Decodes everything from the frame after a pts on; what it refers to, once more."""
        self._whole, self._mark_whole = self._another(), True
        self._switches += 1
        begin = max(key for key in self._logs if key <= after_pts)
        for key in [key for key in self._logs if key > begin and key not in self._awaited]:
            self._logs[begin] += self._drop(key)
        pictures: list[av.VideoFrame] = []
        for packet in [one for key, log in self._logs.items() if key >= begin for one in log]:
            is_before = packet.pts is not None and packet.pts <= after_pts
            self._whole.skip_frame = "NONREF" if is_before else "DEFAULT"
            self._repeats |= {packet.pts} if is_before else set()
            pictures += self._attempt(self._whole, packet)
        self._whole.skip_frame = "DEFAULT"
        return self._resumed(pictures)

    def _go_sparse(self, key_pts: int) -> list[av.VideoFrame]:
        """Decodes sparsely from a key frame on, of which the packets since were kept."""
        decoder = self._stream.codec_context
        if decoder.is_open:
            decoder.flush_buffers()
            decoder.reorder_depth = self._reorder_depth
        later = [key for key in self._logs if key >= key_pts]
        first, *more = [packet for key in later for packet in self._drop(key)]
        self._awaited.clear()
        self._whole, self._mark_whole = None, False
        self._switches += 1
        # As of the key frame; packets behind it that say otherwise are about to come once more.
        self._are_heads = True
        self._key = self._furthest = key_pts
        self._logs[key_pts], self._bytes[key_pts] = [first], first.size
        self.marks[key_pts] = "window"
        pictures = self._decode_sparsely(first)
        for packet in more:
            pictures += self._taken(packet)
        return [one for one in pictures if one.pts is None or one.pts >= key_pts]

    def _another(self) -> VideoCodecContext:
        return another_decoder(self._stream, self._reorder_depth)


def _is_key(packet: Packet) -> bool:
    return packet.is_keyframe and not packet.is_discard


def _begins_window(picture: av.VideoFrame, key_pts: int) -> bool:
    """Whether nothing from a key frame on refers to what was before it, or to damage."""
    is_intra = picture.pict_type == PictureType.I
    return picture.pts == key_pts and is_intra and not picture.is_corrupt


def _flush() -> Packet:
    return cast("Packet", av.Packet())
