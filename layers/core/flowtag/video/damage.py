"""Which frames are spoiled: those that a decoder patched up, and those that refer to them.

A decoder marks only the frames in which it met damage. What it patches them with depends on what it
decoded before, so frames that refer to them look different from chunk to chunk, unmarked. Here
damage spreads in decoding order, as references do, until a whole key frame ends it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
from av.video.frame import PictureType
from av.video.stream import VideoStream

_MAX_HELD = 17


@dataclass(frozen=True, slots=True)
class Shown:
    """A decoded frame, whether it is spoiled, and where in the file its packet begins, if known."""

    picture: av.VideoFrame
    spoiled: bool
    position: int | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """A packet's place in decoding order, its pts, whether it is a key frame, and its position."""

    place: int
    pts: int | None
    key: bool
    position: int | None = None

    def hides(self, earlier: _Sent) -> bool:
        """Whether what is displayed from this key frame on refers to nothing of a packet.

        That is so of packets decoded before it, and of its leading pictures.
        """
        if earlier.place < self.place:
            return True
        return earlier.pts is not None and self.pts is not None and earlier.pts < self.pts


@dataclass(slots=True)
class DamageTracker:
    """Follows packets in and frames out, and tells spoiled frames from whole ones.

    A frame may refer to one that is decoded before it but displayed after it, whose damage shows
    only then; so frames are held back until all that were decoded before them have come out.
    """

    _places: int = 0
    _last_key: _Sent | None = None
    _pending: dict[int, _Sent] = field(default_factory=dict)
    _held: deque[tuple[av.VideoFrame, _Sent]] = field(default_factory=deque)
    _damaged: list[_Sent] = field(default_factory=list)
    _last_pts: int | None = None

    def sent(self, packet: av.Packet[VideoStream], failed: bool) -> None:
        """Notes a packet that went into the decoder.

        Args:
            packet: the packet.
            failed: whether the decoder refused it.
        """
        self._places += 1
        sent = _Sent(self._places, packet.pts, packet.is_keyframe, packet.pos)
        if failed or packet.is_corrupt:
            self._damaged.append(sent)
        if packet.pts is not None:
            self._pending[packet.pts] = sent

    def shown(self, pictures: list[av.VideoFrame]) -> Iterator[Shown]:
        """Takes frames that came out; yields those of which all is known by now."""
        for picture in pictures:
            self._take(picture)
            while self._held and self._is_settled(self._held[0][1]):
                yield self._release()

    def rest(self) -> Iterator[Shown]:
        """Yields the frames still held at the end of the file."""
        while self._held:
            yield self._release()

    def _take(self, picture: av.VideoFrame) -> None:
        sent = _Sent(self._places, picture.pts, picture.key_frame)
        if picture.pts is not None:
            sent = self._pending.pop(picture.pts, sent)
            self._last_pts = picture.pts
            # What should have come out before this one never will.
            missed = [pts for pts in self._pending if pts < picture.pts]
            for pts in missed:
                del self._pending[pts]
        if picture.is_corrupt:
            self._damaged.append(sent)
        self._held.append((picture, sent))

    def _is_settled(self, sent: _Sent) -> bool:
        if len(self._held) > _MAX_HELD:
            return True
        return not any(other.place < sent.place for other in self._pending.values())

    def _release(self) -> Shown:
        picture, sent = self._held.popleft()
        if sent.key and not any(damaged.place == sent.place for damaged in self._damaged):
            # One that is no intra picture only begins a refresh, which the next one finds done.
            intra = picture.pict_type == PictureType.I
            self._forget(sent if intra else self._last_key)
        if sent.key:
            self._last_key = sent
        spoiled = any(damaged.place <= sent.place for damaged in self._damaged)
        return Shown(picture, spoiled, sent.position)

    def _forget(self, key: _Sent | None) -> None:
        if key is not None:
            self._damaged = [damaged for damaged in self._damaged if not key.hides(damaged)]
