"""Where decoding must begin so that a seek leaves no trace in the frames.

Decoders start at a key frame, but not all that follows it is whole: leading pictures of an open GOP
are displayed before the key frame and refer to frames that the seek skipped; streams with gradual
refresh recover only some frames later. So frames that are displayed before the key frame are left
out, and when the first frame then lies after the wanted start, decoding begins further back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import Protocol

import av
from av.video.stream import VideoStream

from flowtag.contracts.messages import VideoProbe
from flowtag.video.damage import DamageTracker, Shown
from flowtag.video.media import Media
from flowtag.video.reading import ReadErrors, StreamReader

_FIRST_STEP_SECONDS = 1
_MAX_ATTEMPTS = 24


def frames_from(
    media: Media,
    probe: VideoProbe,
    start_pts: int | None,
    resources: ExitStack,
    errors: ReadErrors,
    open_reader: Callable[[], StreamReader] | None = None,
) -> Iterator[Shown]:
    """Frames in output order, beginning at or before a pts, as if decoded from the file's start.

    Args:
        media: the video as a local file.
        probe: what was found of it.
        start_pts: the first frame that must be there; None: from the file's first packet.
        resources: closes the file when the frames are no longer wanted.
        errors: counts what could not be read.
        open_reader: makes readers of the file, all frames of which come out as a rule.
    """
    if open_reader is None:
        open_reader = partial(StreamReader, media, probe.stream_index)
    if start_pts is not None and start_pts > probe.start_pts:
        reader = open_reader()
        resources.enter_context(reader)
        frames = _sought(reader, probe, start_pts)
        if frames is not None:
            # Damage met on the way to the start belongs to another chunk.
            reader.errors = errors
            return frames
        resources.close()
    reader = open_reader()
    reader.errors = errors
    resources.enter_context(reader)
    return decoded_frames(reader, reader.packets(), None)


def _sought(reader: StreamReader, probe: VideoProbe, start_pts: int) -> Iterator[Shown] | None:
    """Frames from a clean start at or before a pts; None if only the file's start will do."""
    step = max(1, int(_FIRST_STEP_SECONDS / probe.time_base))
    target = start_pts
    for _ in range(_MAX_ATTEMPTS):
        if target <= probe.start_pts or not reader.seek(target):
            return None
        packets = reader.packets()
        key = _next_key(packets)
        if key is not None and key.pts is not None:
            if key.pts <= start_pts:
                frames = _cleanly_begun(reader, chain((key,), packets), key.pts, start_pts)
                if frames is not None:
                    return frames
            target = min(target, key.pts)
        target, step = target - step, step * 2
    return None


def _cleanly_begun(
    reader: StreamReader, packets: Iterator[av.Packet[VideoStream]], key_pts: int, start_pts: int
) -> Iterator[Shown] | None:
    """Frames from a key frame on, if the first of them comes in time; else None."""
    frames = decoded_frames(reader, packets, key_pts)
    first = next(frames, None)
    if first is None or first.picture.pts is None or first.picture.pts > start_pts:
        return None
    return chain((first,), frames)


def _next_key(packets: Iterator[av.Packet[VideoStream]]) -> av.Packet[VideoStream] | None:
    return next((packet for packet in packets if packet.is_keyframe and packet.size), None)


class PacketDecoder(Protocol):
    """Frames from packets; ``errors`` counts those of which there are none."""

    errors: ReadErrors

    def decoded(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """The frames that come out when a packet goes in; none if it is damaged."""
        ...


def decoded_frames(
    reader: PacketDecoder, packets: Iterable[av.Packet[VideoStream]], key_pts: int | None
) -> Iterator[Shown]:
    """Decodes packets, without the frames that are displayed before the first key frame.

    Args:
        reader: decodes.
        packets: from a key frame on, or from the file's start.
        key_pts: of the key frame; None: of the first one met.
    """
    tracker = DamageTracker()
    leading = True
    for packet in packets:
        if key_pts is None and packet.is_keyframe:
            key_pts = packet.pts
        errors = reader.errors.in_turn
        pictures = reader.decoded(packet)
        tracker.sent(packet, failed=reader.errors.in_turn > errors)
        if leading:
            pictures = [picture for picture in pictures if not _is_before(picture, key_pts)]
            leading = not pictures
        yield from tracker.shown(pictures)
    yield from tracker.rest()


def _is_before(picture: av.VideoFrame, key_pts: int | None) -> bool:
    return key_pts is not None and picture.pts is not None and picture.pts < key_pts
