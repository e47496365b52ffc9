"""The sound that a video has beside its picture, which motion.json knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

USUAL_RATE_HZ = 48_000


@dataclass(frozen=True)
class Sound:
    """A video's sound.

    Attributes:
        channels: in all streams together.
        streams: how many these are.
        rate_hz: samples per second, of the first.
    """

    channels: int
    streams: int = 1
    rate_hz: int = USUAL_RATE_HZ


def sound_of(path: Path) -> Sound | None:
    """What a file's headers say of its sound; None: it has none.

    Raises:
        InputError: it is no video that can be read.
    """
    # PyAV is heavy, and a broken header may crash it: it is loaded where this is called.
    from flowtag.video.opening import open_video

    with open_video(path) as container:
        streams = [stream for stream in container.streams.audio if stream.codec_context.channels]
        if not streams:
            return None
        return Sound(
            channels=sum(stream.codec_context.channels for stream in streams),
            streams=len(streams),
            rate_hz=streams[0].codec_context.sample_rate or USUAL_RATE_HZ,
        )
