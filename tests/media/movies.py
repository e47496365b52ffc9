"""Small films whose frames carry their own numbers, in any codec and container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.rendering.encoding import X264_REPRODUCIBLE, usual_scheduling

Image = NDArray[np.uint8]

_BITS = 10
_X264 = {"preset": "veryfast", "x264opts": X264_REPRODUCIBLE}
_X265 = "keyint=12:min-keyint=12:bframes=3:log-level=none"


@dataclass(frozen=True)
class Movie:
    """How a test film is encoded.

    Attributes:
        codec: FFmpeg's name of the encoder.
        count: frames.
        size: stored width and height.
        rate: frames per second.
        pixel_format: what is stored.
        options: of the encoder.
        gop: frames between key frames.
        b_frames: at most so many in a row.
        bit_rate: for encoders without a constant quality.
        pts: presentation time of every frame in `time_base`; 0, 1, 2… by default.
        time_base: unit of pts; one frame by default.
        rotation: degrees clockwise to apply for display.
        aspect: sample aspect ratio.
        color_trc: FFmpeg's number of the transfer function.
        color_range: 1 limited, 2 full.
        metadata: of the container.
        muxing: options of the muxer.
    """

    codec: str = "libx264"
    count: int = 30
    size: tuple[int, int] = (192, 112)
    rate: Fraction = Fraction(25)
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    gop: int = 12
    b_frames: int = 0
    bit_rate: int = 0
    pts: Sequence[int] | None = None
    time_base: Fraction | None = None
    rotation: int = 0
    aspect: Fraction | None = None
    color_trc: int | None = None
    color_range: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    muxing: Mapping[str, str] = field(default_factory=dict)


def x264(count: int, parameters: str, **changes: object) -> Movie:
    """An H.264 film with x264's own parameters."""
    options = {**_X264, "x264-params": parameters}
    return replace(Movie(count=count, options=options), **changes)  # type: ignore[arg-type]


ENCODINGS: dict[str, Movie] = {
    "h264-closed.mp4": x264(60, "keyint=12:min-keyint=12:scenecut=0:bframes=3"),
    "h264-open.mp4": x264(60, "keyint=12:min-keyint=12:scenecut=0:bframes=3:open-gop=1"),
    "h264-open.mkv": x264(60, "keyint=12:min-keyint=12:scenecut=0:bframes=3:open-gop=1"),
    "h264-open.ts": x264(60, "keyint=24:bframes=5:b-pyramid=normal:open-gop=1:ref=4"),
    "h264-refresh.mp4": x264(60, "keyint=20:intra-refresh=1:bframes=0"),
    "h264-refresh.ts": x264(60, "keyint=20:intra-refresh=1:bframes=2"),
    "h264-interlaced.mp4": x264(
        60, "keyint=12:min-keyint=12:scenecut=0:bframes=3:open-gop=1:tff=1"
    ),
    "h264-large.mp4": x264(
        36, "keyint=12:min-keyint=12:scenecut=0:bframes=3:open-gop=1", size=(1280, 720)
    ),
    "h264-fragmented.mp4": x264(
        60, "keyint=12:bframes=2", muxing={"movflags": "frag_keyframe+empty_moov"}
    ),
    "hevc-open.mp4": Movie("libx265", 60, options={"preset": "ultrafast", "x265-params": _X265}),
    "hevc-open.ts": Movie("libx265", 60, options={"preset": "ultrafast", "x265-params": _X265}),
    "hevc-10bit.mov": Movie(
        "libx265",
        60,
        pixel_format="yuv420p10le",
        options={"preset": "ultrafast", "x265-params": _X265 + ":open-gop=0"},
    ),
    "mpeg2-open.ts": Movie("mpeg2video", 60, b_frames=2, bit_rate=2_000_000),
    "mpeg2-open.mpg": Movie("mpeg2video", 60, b_frames=2, bit_rate=2_000_000),
    "mpeg2-open.mxf": Movie(
        "mpeg2video", 60, pixel_format="yuv422p", b_frames=2, bit_rate=2_000_000
    ),
    "mpeg4.avi": Movie("mpeg4", 60, bit_rate=1_000_000),
    "mpeg4-b.avi": Movie("mpeg4", 60, b_frames=2, bit_rate=1_000_000),
    "vp8.webm": Movie(
        "libvpx",
        60,
        options={"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "10"},
        bit_rate=400_000,
    ),
    "vp9.webm": Movie(
        "libvpx-vp9",
        60,
        options={"deadline": "good", "cpu-used": "8", "crf": "40", "lag-in-frames": "10"},
    ),
    "av1.mp4": Movie("libsvtav1", 60, options={"preset": "11", "crf": "35"}),
    "prores.mov": Movie("prores_ks", 24, pixel_format="yuv422p10le", options={"profile": "proxy"}),
    "flv1.flv": Movie("flv", 60, bit_rate=400_000),
    "wmv2.asf": Movie("wmv2", 60, bit_rate=400_000),
}
"""Every way of coding whose key frames, B frames or containers behave differently."""


def numbered_picture(number: int, size: tuple[int, int]) -> Image:
    """A moving gradient over a strip of dark and bright blocks that spell a number, `(h, w, 3)`."""
    width, height = size
    ramp = (np.arange(width)[None, :] * 2 + np.arange(height)[:, None] + 5 * number) % 256
    picture = np.stack([ramp, 255 - ramp, (ramp + 90) % 256], axis=-1).astype(np.uint8)
    strip = height - height // 3
    for bit in range(_BITS):
        left, right = bit * width // _BITS, (bit + 1) * width // _BITS
        picture[strip:, left:right] = 235 if number >> (_BITS - 1 - bit) & 1 else 20
    return picture


def read_number(luma: Image) -> int:
    """The number that a picture of :func:`numbered_picture` carries, from its `(h, w)` luma."""
    height, width = luma.shape
    rows = luma[height - height // 4 : max(height - height // 20, height - height // 4 + 1)]
    number = 0
    for bit in range(_BITS):
        left, right = bit * width // _BITS, (bit + 1) * width // _BITS
        margin = max(0, (right - left) // 4)
        block = rows[:, left + margin : max(right - margin, left + margin + 1)]
        number = number << 1 | int(block.mean() > 128)
    return number


def write_movie(path: Path, movie: Movie, pictures: Iterable[Image] | None = None) -> Path:
    """Encodes a film.

    Args:
        path: the file to write; its suffix chooses the container.
        movie: how.
        pictures: RGB `(h, w, 3)`, or what `pixel_format` says for RGBA, grey and 16 bit; numbered
            ones by default.

    Returns:
        The path.
    """
    with (
        usual_scheduling(),
        av.open(str(path), "w", options=dict(movie.muxing)) as container,
    ):
        container.metadata.update(movie.metadata)
        stream = _video_stream(container, movie)
        for index, picture in enumerate(_numbered(movie) if pictures is None else pictures):
            frame = as_frame(picture)
            frame.pts = index if movie.pts is None else movie.pts[index]
            frame.time_base = movie.time_base or 1 / movie.rate
            if movie.color_range is not None:
                frame.color_range = movie.color_range
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def as_frame(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> av.VideoFrame:
    """A frame of a `(h, w)`, `(h, w, 3)` or `(h, w, 4)` array of 8 or 16 bit."""
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    array: NDArray[Any] = np.ascontiguousarray(picture)
    names = {1: ("gray", "gray16le"), 3: ("rgb24", "rgb48le"), 4: ("rgba", "rgba64le")}
    name = names[channels][picture.dtype == np.uint16]
    return av.VideoFrame.from_ndarray(array, format=name)


def _numbered(movie: Movie) -> Iterable[Image]:
    return (numbered_picture(number, movie.size) for number in range(movie.count))


def _video_stream(container: av.container.OutputContainer, movie: Movie) -> VideoStream:
    options = dict(movie.options) or (dict(_X264) if movie.codec == "libx264" else {})
    stream = container.add_stream(movie.codec, rate=movie.rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = movie.size
    stream.pix_fmt = movie.pixel_format
    context = stream.codec_context
    context.time_base = movie.time_base or 1 / movie.rate
    # The same bytes on every machine, however many processors it has.
    context.thread_count = 1
    if "x264-params" not in options and "x265-params" not in options:
        context.gop_size = movie.gop
        context.max_b_frames = movie.b_frames
    if movie.bit_rate:
        context.bit_rate = movie.bit_rate
    if movie.aspect is not None:
        context.sample_aspect_ratio = movie.aspect
    if movie.color_trc is not None:
        context.color_trc = movie.color_trc
    if movie.color_range is not None:
        context.color_range = movie.color_range
    if movie.rotation:
        stream.set_display_rotation(-movie.rotation)
    return stream
