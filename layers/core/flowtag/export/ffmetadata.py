"""Chapters for FFmpeg: ``ffmpeg -i take.mov -i chapters.txt -map_chapters 1 -codec copy …``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.errors import InputError
from flowtag.export.wording import mark_name, one_line

MOST_NAME = 255
_SPECIAL = re.compile(r"([=;#])")
_BACKSLASH = "\\"


def chapters(metadata: MotionMetadata, segments: Sequence[Segment]) -> str:
    """A chapter a segment, exact: in the video's own time base, from its first frame.

    Raises:
        InputError: the video's time is not known.
    """
    video = metadata.video
    if video.time_base is None or video.start_pts is None:
        raise InputError(f"{video.uri} could not be read when it was tagged; it has no chapters")
    return "\n".join(_lines(segments, Fraction(video.time_base), video.start_pts)) + "\n"


def _lines(segments: Sequence[Segment], time_base: Fraction, first: int) -> Iterator[str]:
    yield ";FFMETADATA1"
    for segment in segments:
        yield "[CHAPTER]"
        yield f"TIMEBASE={time_base.numerator}/{time_base.denominator}"
        yield f"START={segment.start.pts - first}"
        yield f"END={segment.end.pts - first}"
        yield f"title={escaped(mark_name(segment))}"


def escaped(text: str) -> str:
    """A line in which what FFmpeg's reader takes for a sign stands behind a backslash.

    A backslash itself becomes a slash: at the end of a line, escaped or not, it joins the next.
    """
    return _SPECIAL.sub(r"\\\1", one_line(text, MOST_NAME, _BACKSLASH))
