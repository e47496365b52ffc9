"""The start timecode of a file, wherever its container keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from flowtag.timing import parse_timecode


@dataclass(frozen=True, slots=True)
class SourceTimecode:
    """A start timecode.

    Attributes:
        text: as the source has it; None where it has none.
        frame: frames since midnight.
        drop_frame: whether it counts in drop-frame.
        warnings: why a timecode that stands there was not taken.
    """

    text: str | None = None
    frame: int = 0
    drop_frame: bool = False
    warnings: tuple[str, ...] = ()


def source_timecode(
    container: InputContainer, stream: VideoStream, frame_rate: Fraction
) -> SourceTimecode | None:
    """The first frame's timecode: of the video stream, else a timecode track, else the file.

    Args:
        container: the open file.
        stream: the video stream.
        frame_rate: the nominal rate that frames are counted at.
    """
    places = [stream.metadata]
    places += [other.metadata for other in container.streams if other.type == "data"]
    places += [container.metadata]
    for place in places:
        # Matroska keeps tags in capitals.
        text = place.get("timecode") or place.get("TIMECODE")
        if text:
            return _parsed(text, frame_rate)
    return None


def _parsed(text: str, frame_rate: Fraction) -> SourceTimecode:
    try:
        frame, drop_frame = parse_timecode(text, frame_rate)
    except ValueError as error:
        return SourceTimecode(warnings=(f"start timecode is not used: {error}",))
    return SourceTimecode(text, frame, drop_frame)
