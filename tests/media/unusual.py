"""Files that hold something else than one plain video stream."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from tests.media.movies import Image, as_frame, numbered_picture

_SOUND_RATE = 48_000
_SOUND_SAMPLES = 1152


def encoded_picture(picture: Image, codec: str) -> bytes:
    """One picture as the bytes of a PNG (``png``) or JPEG (``mjpeg``) file."""
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.height, context.width = picture.shape[:2]
    context.pix_fmt = "rgb24" if codec == "png" else "yuvj420p"
    context.time_base = Fraction(1)
    frame = as_frame(picture).reformat(format=context.pix_fmt)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def write_sound(path: Path, codec: str, blocks: int = 20, cover: Image | None = None) -> Path:
    """A sound file of silence, with a cover picture if one is given."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream(codec, rate=_SOUND_RATE)
        assert isinstance(sound, AudioStream)
        sound.layout = "mono"
        picture = None if cover is None else _picture_stream(container, cover)
        if picture is not None and cover is not None:
            container.mux(_picture_packet(picture, cover))
        for block in range(blocks):
            silence = np.zeros((1, _SOUND_SAMPLES), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = _SOUND_RATE, block * _SOUND_SAMPLES
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def write_with_cover(path: Path, count: int, size: tuple[int, int], cover: Image) -> Path:
    """A numbered film that has a cover picture as its first stream."""
    with av.open(str(path), "w") as container:
        picture = _picture_stream(container, cover)
        film = _film_stream(container, size)
        container.mux(_picture_packet(picture, cover))
        _encode_numbers(container, film, range(count))
    return path


def write_with_attachment(path: Path, count: int, size: tuple[int, int], cover: Image) -> Path:
    """A numbered film in Matroska with a cover picture attached to the file."""
    with av.open(str(path), "w") as container:
        film = _film_stream(container, size)
        container.add_attachment("cover.png", "image/png", encoded_picture(cover, "png"))
        _encode_numbers(container, film, range(count))
    return path


def write_several(path: Path, sizes: Sequence[tuple[int, int]], default: int, count: int) -> Path:
    """A file of several video streams; frame `n` of stream `s` carries the number `100 s + n`."""
    with av.open(str(path), "w") as container:
        films = [_film_stream(container, size) for size in sizes]
        for index, film in enumerate(films):
            film.disposition = Disposition.default if index == default else Disposition(0)
        for index, film in enumerate(films):
            _encode_numbers(container, film, range(100 * index, 100 * index + count))
    return path


def _film_stream(container: av.container.OutputContainer, size: tuple[int, int]) -> VideoStream:
    stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    return stream


def _encode_numbers(
    container: av.container.OutputContainer, stream: VideoStream, numbers: range
) -> None:
    for index, number in enumerate(numbers):
        frame = as_frame(numbered_picture(number, (stream.width, stream.height)))
        frame.pts = index
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _picture_stream(container: av.container.OutputContainer, picture: Image) -> VideoStream:
    stream = container.add_stream("png", rate=1)
    assert isinstance(stream, VideoStream)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "rgb24"
    stream.disposition = Disposition.attached_pic
    return stream


def _picture_packet(stream: VideoStream, picture: Image) -> av.Packet[VideoStream]:
    packet = stream.encode(as_frame(picture))[0]
    packet.pts = packet.dts = 0
    return packet
