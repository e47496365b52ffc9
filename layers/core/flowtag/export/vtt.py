"""WebVTT: segments as cues of a metadata track, and thumbnails for a player's scrub bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.export.wording import mark_comment, mark_name, one_line

if TYPE_CHECKING:
    from flowtag.export.sprites import Tile

MOST_NAME = 255
MOST_NOTE = 1000


def cues(metadata: MotionMetadata, segments: Sequence[Segment]) -> str:
    """A cue a segment: its name, and its figures below."""
    blocks = ["WEBVTT", f"NOTE {_text(one_line(metadata.video.uri, MOST_NOTE))}"]
    for segment in segments:
        name = _text(one_line(mark_name(segment), MOST_NAME))
        figures = _text(one_line(mark_comment(segment), MOST_NOTE))
        blocks.append(f"{segment.index}\n{_range(segment)}\n{name}\n{figures}")
    return "\n\n".join(blocks) + "\n"


def thumbnail_cues(segments: Sequence[Segment], tiles: dict[int, Tile], sheet: str) -> str:
    """A cue a segment that has a picture: where it stands in the sheet beside this file.

    Args:
        segments: in order of time.
        tiles: by index of the segment.
        sheet: name of the picture's file, without a folder.
    """
    blocks = ["WEBVTT"]
    for segment in segments:
        if segment.index in tiles:
            tile = tiles[segment.index]
            where = f"{tile.x_px},{tile.y_px},{tile.width_px},{tile.height_px}"
            url = f"{quote(sheet, errors='surrogateescape')}#xywh={where}"
            blocks.append(f"{segment.index}\n{_range(segment)}\n{url}")
    return "\n\n".join(blocks) + "\n"


def _range(segment: Segment) -> str:
    start = round(segment.start.seconds * 1000)
    # A cue without length is dropped by readers.
    return f"{_clock(start)} --> {_clock(max(round(segment.end.seconds * 1000), start + 1))}"


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _text(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
