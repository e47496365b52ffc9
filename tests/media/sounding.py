"""Films with sound that is silent but for one beep, so that hearing it tells when it sounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.media.movies import as_frame, numbered_picture

_RATE_HZ = 44_100
_BLOCK = 1024
_BEEP_HZ = 1000
_SIZE = (192, 112)


def write_with_beep(
    path: Path,
    seconds: int,
    beep: tuple[Fraction, Fraction],
    *,
    sound: str = "aac",
    layout: str = "stereo",
    silent_until: Fraction = Fraction(0),
) -> Path:
    """A numbered film of 25 fps with sound.

    Args:
        path: the file to write; its suffix chooses the container.
        seconds: its length.
        beep: when the beep starts and ends.
        sound: FFmpeg's name of the encoder.
        layout: of the channels.
        silent_until: no sound is stored before this time.
    """
    with av.open(str(path), "w") as container:
        film = container.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        heard = container.add_stream(sound, rate=_RATE_HZ)
        assert isinstance(film, VideoStream)
        assert isinstance(heard, AudioStream)
        film.width, film.height = _SIZE
        film.pix_fmt, heard.layout = "yuv420p", layout
        for number in range(25 * seconds):
            frame = as_frame(numbered_picture(number, _SIZE))
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
        for block in _blocks(seconds, beep, heard.codec_context.layout.nb_channels):
            if Fraction(block.pts or 0, _RATE_HZ) >= silent_until:
                container.mux(heard.encode(block))
        container.mux(heard.encode(None))
    return path


def beep_seconds(path: Path) -> tuple[float, float]:
    """When the beep of a film starts and ends, in seconds of its clock."""
    times: list[NDArray[np.float64]] = []
    loudness: list[NDArray[np.float64]] = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        to_plain = av.AudioResampler("fltp", "mono", stream.rate)
        for frame in container.decode(stream):
            for plain in to_plain.resample(frame):
                assert plain.pts is not None
                assert plain.time_base is not None
                samples = np.abs(plain.to_ndarray()[0].astype(np.float64))
                start = float(plain.pts * plain.time_base)
                times.append(start + np.arange(len(samples)) / stream.rate)
                loudness.append(samples)
    loud = np.concatenate(times)[np.concatenate(loudness) > 0.2]
    return float(loud[0]), float(loud[-1])


def _blocks(
    seconds: int, beep: tuple[Fraction, Fraction], channels: int
) -> Iterator[av.AudioFrame]:
    for start in range(0, seconds * _RATE_HZ, _BLOCK):
        time = (start + np.arange(_BLOCK)) / _RATE_HZ
        sounds = (time >= float(beep[0])) & (time < float(beep[1]))
        wave = np.where(sounds, 0.8 * np.sin(2 * np.pi * _BEEP_HZ * time), 0).astype(np.float32)
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
        block = av.AudioFrame.from_ndarray(np.tile(wave, (channels, 1)), "fltp", layout)
        block.sample_rate, block.pts = _RATE_HZ, start
        block.time_base = Fraction(1, _RATE_HZ)
        yield block
