"""Frames to files, in the codecs that cameras and archives use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

from tests.rendering.pictures import Image

X264_REPRODUCIBLE = "cpu-independent=1"
"""Without this parameter, what x264 encodes of small pictures depends on what the process did
before."""


@dataclass(frozen=True)
class Codec:
    """An encoder with its container.

    Attributes:
        encoder: FFmpeg's name of it.
        suffix: Of the file's name, which chooses the container.
        pixel_format: What is stored.
        options: Of the encoder.
        bit_rate: Bits per second, where the encoder has no constant quality.
    """

    encoder: str
    suffix: str
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    bit_rate: int = 0


CODECS = {
    "h264": Codec("libx264", ".mp4", options={"preset": "veryfast", "crf": "20"}),
    "h264-low": Codec("libx264", ".mp4", options={"preset": "veryfast", "crf": "34"}),
    "h264-mkv": Codec("libx264", ".mkv", options={"preset": "veryfast", "crf": "20"}),
    "hevc-10bit": Codec(
        "libx265",
        ".mp4",
        "yuv420p10le",
        {"preset": "ultrafast", "crf": "22", "x265-params": "log-level=none"},
    ),
    "prores": Codec("prores_ks", ".mov", "yuv422p10le", {"profile": "standard"}),
    "vp9": Codec(
        "libvpx-vp9",
        ".webm",
        options={"deadline": "realtime", "cpu-used": "8", "crf": "30", "row-mt": "1"},
    ),
    "av1": Codec("libsvtav1", ".mp4", options={"preset": "11", "crf": "32"}),
    "mpeg2": Codec("mpeg2video", ".mxf", "yuv422p", {"g": "12", "bf": "2"}, 12_000_000),
    "ffv1": Codec("ffv1", ".mkv", "yuv444p"),
}


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """Leaves the thread scheduled as it was, whatever an encoder does to it.

    SVT-AV1 gives the thread that opens it real-time priority where root runs it, and keeps it: that
    thread, and each process that it starts, would starve all others.
    """
    if not hasattr(os, "sched_setscheduler"):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def add_stream(
    container: OutputContainer, codec: Codec, frame_rate: Fraction, options: dict[str, str]
) -> av.VideoStream:
    """Open an encoder inside a container.

    Args:
        container: Open for writing.
        codec: What to encode with.
        frame_rate: Nominal rate.
        options: Of the encoder.

    Raises:
        TypeError: The encoder encodes no video.
    """
    stream = container.add_stream(codec.encoder, rate=frame_rate, options=options)
    if not isinstance(stream, av.VideoStream):
        raise TypeError(f"{codec.encoder} encodes no video")
    stream.pix_fmt = codec.pixel_format
    if codec.bit_rate:
        stream.bit_rate = codec.bit_rate
    return stream


def write_video(
    path: Path,
    frames: Iterable[Image],
    *,
    codec: Codec | str = "h264",
    frame_rate: Fraction = Fraction(25),
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Encode frames.

    Args:
        path: The file to write; its suffix chooses the container.
        frames: At least one; RGB `(H, W, 3)` or grey `(H, W)` arrays of one size.
        codec: An encoder, or a key of `CODECS`.
        frame_rate: Nominal rate, which the container records where it can.
        pts: Presentation time of every frame; counted up by default.
        time_base: Unit of `pts`; one frame by default.
        options: Encoder options beside, or instead of, the codec's own.

    Returns:
        The path.
    """
    chosen = CODECS[codec] if isinstance(codec, str) else codec
    base = time_base or 1 / frame_rate
    images = iter(frames)
    first = next(images)
    with usual_scheduling(), av.open(str(path), "w") as container:
        stream = add_stream(container, chosen, frame_rate, {**chosen.options, **(options or {})})
        stream.height, stream.width = first.shape[:2]
        stream.codec_context.time_base = base
        for index, image in enumerate(chain([first], images)):
            kind = "gray" if image.ndim == 2 else "rgb24"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format=kind)
            frame.pts, frame.time_base = (index if pts is None else pts[index]), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
