"""Motion over time as one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from flowtag.contracts.metadata import MotionMetadata
from flowtag.errors import ContractError

_BLOCKS = "▁▂▃▄▅▆▇█"
_UNKNOWN = "·"
_FULL_SPEED = 0.6

Sample = tuple[float, float | None]
"""Seconds since the first frame, and the speed there: None if unknown."""


def sparkline(samples: Sequence[Sample], seconds: float, width: int) -> str:
    """The fastest moment of each of ``width`` equal parts of a video, on one scale for all videos.

    The scale is that of a root, so that a slow pan and a whip pan are both seen.

    Args:
        samples: in any order.
        seconds: length of the video.
        width: how many characters.
    """
    fastest: list[float | None] = [None] * width
    for at, speed in samples:
        if speed is None or not math.isfinite(speed):
            continue
        part = min(max(int(at / seconds * width), 0), width - 1) if seconds > 0 else 0
        fastest[part] = max(fastest[part] or 0.0, speed)
    return "".join(_block(speed) for speed in _held(fastest))


def samples_of(motion: Path, metadata: MotionMetadata) -> list[Sample]:
    """Speeds from the table beside a motion.json, or from its segments where there is none."""
    table = motion.with_name("frames.parquet")
    if table.is_file():
        try:
            return _from_table(table)
        except ContractError:
            pass
    return _from_segments(metadata)


def _from_table(path: Path) -> list[Sample]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(path, columns=["seconds", "speed"])
        pairs = zip(columns["seconds"].to_pylist(), columns["speed"].to_pylist(), strict=True)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise ContractError(f"{path} cannot be read: {error}") from error
    return [(seconds, speed) for seconds, speed in pairs if speed is not None]


def _from_segments(metadata: MotionMetadata) -> list[Sample]:
    samples: list[Sample] = []
    for segment in metadata.segments:
        samples.append((segment.start.seconds, segment.motion.speed))
        if segment.peak is not None:
            samples.append((segment.peak.seconds, segment.peak.speed))
    return samples


def _held(speeds: Sequence[float | None]) -> list[float | None]:
    """Fills what lies between two samples with the first: a sample lasts until the next."""
    held: list[float | None] = []
    for speed in speeds:
        held.append(speed if speed is not None or not held else held[-1])
    return held


def _block(speed: float | None) -> str:
    if speed is None:
        return _UNKNOWN
    share = math.sqrt(min(max(speed, 0.0) / _FULL_SPEED, 1.0))
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]
