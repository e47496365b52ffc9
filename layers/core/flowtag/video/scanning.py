"""A reading of all packets of a stream, for files that keep no index of them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from flowtag.contracts.messages import VideoProbe
from flowtag.video.failures import reason
from flowtag.video.media import Media
from flowtag.video.opening import demuxed, open_video, select_only
from flowtag.video.reading import new_parameters, video_stream

_VP8_SHOWN = 0x10
_MAX_DTS_LAG_SECONDS = 10


@dataclass(slots=True)
class PacketScan:
    """What the packets of a stream said.

    Attributes:
        pts: presentation times in the order of the file.
        key_pts: those of key frames.
        end_pts: end of the frame that is displayed last.
        count: packets that hold a displayed frame.
        missing: packets without a presentation time.
        backwards: decode times that were not above the one before, or far from the pts.
        unordered: the container keeps decode times alone, of frames displayed in another order.
        unenterable: the codec's parameters change on the way, and the container tells of it there
            alone: whoever begins behind decodes by the wrong ones.
        error: what ended the reading before the end of the file.
    """

    pts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    key_pts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    end_pts: int | None = None
    count: int = 0
    missing: int = 0
    backwards: int = 0
    unordered: bool = False
    unenterable: bool = False
    error: str | None = None


def scan_packets(media: Media, probe: VideoProbe) -> PacketScan:
    """Reads all packets of the probed stream; decodes none.

    Args:
        media: the file that was probed.
        probe: says which stream.
    """
    with open_video(media) as container:
        stream = video_stream(container, probe.stream_index, media)
        return _scan(container, stream, probe)


def keeps_decode_order(stream: VideoStream) -> bool:
    """Whether pts are but decode times: AVI stores no others, and has them right for MPEG-4 alone.

    Args:
        stream: of an open container.
    """
    if stream.container.format.name != "avi" or stream.codec_context.name == "mpeg4":
        return False
    return bool(stream.codec_context.has_b_frames)


def is_shown(packet: av.Packet[VideoStream], codec: str) -> bool:
    """Whether a packet holds a frame that is displayed."""
    if packet.size == 0 or packet.is_discard:
        return False
    # VP8 keeps its hidden reference frames in packets of their own (RFC 6386, 9.1).
    return codec != "vp8" or bool(bytes(memoryview(packet)[:1])[0] & _VP8_SHOWN)


def _scan(container: InputContainer, stream: VideoStream, probe: VideoProbe) -> PacketScan:
    select_only(container, stream)
    scan, times, keys = PacketScan(unordered=keeps_decode_order(stream)), array("q"), array("q")
    lag = int(_MAX_DTS_LAG_SECONDS / probe.time_base)
    last_dts: int | None = None
    tells_once = container.format.name == "flv"
    head = stream.codec_context.extradata
    try:
        for packet in demuxed(container, stream):
            scan.unenterable |= tells_once and new_parameters(packet) not in (None, head)
            if not is_shown(packet, probe.codec):
                continue
            scan.count += 1
            if packet.dts is not None:
                scan.backwards += last_dts is not None and packet.dts <= last_dts
                last_dts = packet.dts
            if packet.pts is None:
                scan.missing += 1
                continue
            scan.backwards += last_dts is not None and abs(packet.pts - last_dts) > lag
            times.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
            end = packet.pts + (packet.duration or 0)
            scan.end_pts = end if scan.end_pts is None else max(scan.end_pts, end)
    except av.error.FFmpegError as failure:
        scan.error = reason(failure)
    scan.pts, scan.key_pts = np.array(times, np.int64), np.array(keys, np.int64)
    return scan
