"""What a file's headers and its first frame say, without decoding the rest."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Literal

import av
import av.error
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.reformatter import ColorRange, ColorTrc
from av.video.stream import VideoStream

from flowtag.contracts.messages import VideoProbe
from flowtag.errors import BrokenMediaError, RefusedMediaError
from flowtag.video.decoders import limit_decoder
from flowtag.video.failures import reason
from flowtag.video.media import Media
from flowtag.video.opening import (
    MAX_PIXELS,
    demuxed,
    knows_first_fragment_alone,
    moving_streams,
    open_video,
    pick_stream,
)
from flowtag.video.rates import claimed_rate
from flowtag.video.timecodes import SourceTimecode, source_timecode

_HEAD_PACKETS = 400
_MAX_UNTIMED = 16
_FIELD_ORDERS = {0: "unknown", 1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
_MAX_PIXEL_ASPECT = 16
_MATRIX_ONE = 1 << 16

Rotation = Literal[0, 90, 180, 270]


@dataclass(frozen=True, slots=True)
class Head:
    """What the first packets say.

    Attributes:
        frame: the first frame that decodes, None if none of the first packets gives one.
        start_pts: its pts, or that of the first packets that is smallest.
        untimed: frames before the first one that has a pts.
        error: the last error met on the way to it.
    """

    frame: av.VideoFrame | None
    start_pts: int
    untimed: int
    error: av.error.FFmpegError | None


def probe_video(media: Media) -> VideoProbe:
    """Reads what a video is from its headers and its first frame.

    Only the first frame is decoded: rotation is tied to frames in PyAV, and the first pts that is
    displayed is certain only once it has been.

    Raises:
        InputError: the file is missing, no video, refused, or its headers are broken.
    """
    with open_video(media) as container:
        stream = pick_stream(container, media)
        warnings = _stream_warnings(container, stream)
        head = _read_head(container, stream)
        return _describe(media, container, stream, head, warnings)


def _describe(
    media: Media, container: InputContainer, stream: VideoStream, head: Head, warnings: list[str]
) -> VideoProbe:
    width, height, pixel_format = _picture(media, stream, head)
    rate = claimed_rate(stream.guessed_rate, stream.average_rate, stream.base_rate)
    timecode = source_timecode(container, stream, rate) or SourceTimecode()
    time_base = _time_base(media, stream)
    # Matroska loses negative times: the frames before the first one known are one frame apart.
    start_pts = head.start_pts - round(head.untimed / (rate * time_base))
    rotation, rotation_warnings = _rotation(head.frame)
    partial = knows_first_fragment_alone(container)
    aspect, aspect_warnings = _pixel_aspect(stream)
    if head.frame is None:
        warnings.append(
            f"no frame could be decoded at its start ({_said(head.error)}); "
            "rotation and start are taken for 0"
        )
    return VideoProbe(
        container=container.format.name,
        codec=_codec_name(stream),
        stream_index=stream.index,
        width=width,
        height=height,
        rotation=rotation,
        sample_aspect_ratio=aspect,
        pixel_format=pixel_format,
        full_range=_is_full_range(stream, pixel_format),
        color_transfer=_transfer(stream),
        field_order=_field_order(stream, head.frame),
        time_base=time_base,
        frame_rate=rate,
        start_pts=start_pts,
        end_pts=None if partial else _claimed_end(stream, start_pts),
        frames_expected=None if partial else stream.frames or None,
        timecode=timecode.text,
        start_frame=timecode.frame,
        drop_frame=timecode.drop_frame,
        still_image=(stream.frames == 1 and not partial)
        or bool(stream.disposition & Disposition.still_image),
        warnings=(*warnings, *rotation_warnings, *aspect_warnings, *timecode.warnings),
    )


def _stream_warnings(container: InputContainer, chosen: VideoStream) -> list[str]:
    others = [stream.index for stream in moving_streams(container) if stream is not chosen]
    if not others:
        return []
    return [f"{len(others) + 1} video streams: stream {chosen.index} is analysed, not {others}"]


def _read_head(container: InputContainer, stream: VideoStream) -> Head:
    limit_decoder(stream)
    smallest: int | None = None
    error: av.error.FFmpegError | None = None
    frames: list[av.VideoFrame] = []
    try:
        for packet in islice(demuxed(container, stream), _HEAD_PACKETS):
            if packet.pts is not None and not packet.is_discard:
                smallest = packet.pts if smallest is None else min(smallest, packet.pts)
            try:
                frames += stream.codec_context.decode(packet)
            except av.error.FFmpegError as failure:
                error = failure
            if len(frames) > _MAX_UNTIMED or any(frame.pts is not None for frame in frames):
                break
    except av.error.FFmpegError as failure:
        error = failure
    timed = next((n for n, frame in enumerate(frames) if frame.pts is not None), 0)
    start = frames[timed].pts if frames else None
    first = frames[0] if frames else None
    return Head(first, start if start is not None else smallest or 0, timed, error)


def _picture(media: Media, stream: VideoStream, head: Head) -> tuple[int, int, str]:
    if head.frame is not None:
        return head.frame.width, head.frame.height, head.frame.format.name
    if stream.width > 0 and stream.height > 0:
        return stream.width, stream.height, stream.pix_fmt or "unknown"
    # The decoder forgets a size that is over its limit, and calls the argument invalid.
    if isinstance(head.error, av.error.ArgumentError):
        raise RefusedMediaError(
            f"{media.name} claims pictures of no valid size, or of more than {MAX_PIXELS} pixels"
        ) from head.error
    raise BrokenMediaError(
        f"{media.name} has a video stream without a picture size and no frame of it decodes "
        f"({_said(head.error)}); copy it again from its source"
    ) from head.error


def _said(error: av.error.FFmpegError | None) -> str:
    return "it holds no packets" if error is None else reason(error)


def _time_base(media: Media, stream: VideoStream) -> Fraction:
    if not stream.time_base or stream.time_base <= 0:
        raise BrokenMediaError(f"{media.name} has a video stream without a time base")
    return stream.time_base


def _codec_name(stream: VideoStream) -> str:
    # The decoder's name would tell libdav1d where the stream is av1.
    return stream.codec_context.codec.canonical_name


def _rotation(frame: av.VideoFrame | None) -> tuple[Rotation, list[str]]:
    if frame is None:
        return 0, []
    matrix = _display_matrix(frame)
    # PyAV's angle is the counter-clockwise one.
    clockwise = -frame.rotation % 360
    warnings = []
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if a * d - b * c < 0:
        warnings.append("shown mirrored by its display matrix; directions are those unmirrored")
        clockwise = 0 if clockwise in (0, 180) else clockwise
    quarter = round(clockwise / 90) % 4
    if quarter * 90 != clockwise:
        warnings.append(f"rotated by {clockwise} degrees; analysed at the nearest quarter turn")
    turns: tuple[Rotation, ...] = (0, 90, 180, 270)
    return turns[quarter], warnings


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...]:
    matrix = frame.side_data.get(SideDataType.DISPLAYMATRIX.name)
    if isinstance(matrix, SideData):
        return tuple(memoryview(bytes(matrix)).cast("i"))
    return (_MATRIX_ONE, 0, 0, 0, _MATRIX_ONE, 0, 0, 0, 1 << 30)


def _pixel_aspect(stream: VideoStream) -> tuple[Fraction, list[str]]:
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect <= 0:
        return Fraction(1), []
    if not Fraction(1, _MAX_PIXEL_ASPECT) <= aspect <= _MAX_PIXEL_ASPECT:
        return Fraction(1), [f"pixel aspect ratio {aspect} is out of reason; taken for 1"]
    return aspect, []


def _is_full_range(stream: VideoStream, pixel_format: str) -> bool:
    tagged = stream.color_range == ColorRange.JPEG
    return tagged or pixel_format.startswith(("yuvj", "rgb", "bgr", "gbr", "argb", "abgr", "pal"))


def _transfer(stream: VideoStream) -> str | None:
    names = {
        int(ColorTrc.SMPTE2084): "pq",
        int(ColorTrc.ARIB_STD_B67): "hlg",
        int(ColorTrc.BT709): "bt709",
        int(ColorTrc.LINEAR): "linear",
    }
    return names.get(int(stream.color_trc))


def _field_order(stream: VideoStream, frame: av.VideoFrame | None) -> str:
    order = _FIELD_ORDERS.get(stream.codec_context.field_order, "unknown")
    if order in ("unknown", "progressive") and frame is not None and frame.interlaced_frame:
        return "interlaced"
    return "progressive" if order == "unknown" else order


def _claimed_end(stream: VideoStream, start_pts: int) -> int | None:
    time_base = stream.time_base or Fraction(0)
    if stream.duration is not None and stream.duration > 0:
        first = stream.start_time if stream.start_time is not None else start_pts
        return max(first + stream.duration, start_pts)
    text = next((v for k, v in stream.metadata.items() if k.upper() == "DURATION"), None)
    if text is None or time_base <= 0:
        return None
    seconds = _clock_seconds(text)
    return None if seconds is None else int(seconds / time_base)


def _clock_seconds(text: str) -> Fraction | None:
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    except (ValueError, ZeroDivisionError):
        return None
