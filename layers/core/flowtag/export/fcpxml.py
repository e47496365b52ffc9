"""Final Cut Pro's XML, version 1.9: a browser clip with markers and keywords, or a project.

OpenTimelineIO's writer is not used, see ``docs/decisions/interchange.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from xml.etree import ElementTree as ET

from flowtag.export.marks import Handles, Mark, Marking, Select, selects_start
from flowtag.export.media import Media
from flowtag.export.wording import one_line

VERSION = "1.9"
MOST_NAME = 255
MOST_NOTE = 1000

_FORMAT, _ASSET = "r1", "r2"


def marker_document(marking: Marking) -> str:
    """An event with the source as one clip; its segments are markers and keyword ranges."""
    media = marking.media
    root, event = _document(marking)
    clip = _asset_clip(event, media, media.name, media.start_frame, media.frames)
    # Markers of a clip stand in its own time, which begins at its start timecode.
    for mark in marking.marks:
        _add_marker(clip, media, mark)
    for mark in marking.marks:
        _add_keyword(clip, media, mark)
    return _text(root)


def select_document(marking: Marking, handles: Handles) -> str:
    """An event with a project of the selects, each with a marker behind its handle."""
    media = marking.media
    root, event = _document(marking)
    selects = marking.selects(handles)
    project = ET.SubElement(event, "project", {"name": one_line(marking.title, MOST_NAME)})
    start = selects_start(media)
    sequence = ET.SubElement(
        project,
        "sequence",
        {
            "format": _FORMAT,
            "duration": _seconds(sum(select.frames for select in selects), media),
            "tcStart": _seconds(start, media),
            "tcFormat": _tc_format(media),
        },
    )
    spine = ET.SubElement(sequence, "spine")
    for select in selects:
        _add_select(spine, media, select, start)
    return _text(root)


def _document(marking: Marking) -> tuple[ET.Element, ET.Element]:
    media = marking.media
    root = ET.Element("fcpxml", {"version": VERSION})
    resources = ET.SubElement(root, "resources")
    ET.SubElement(resources, "format", dict(_format_attributes(media)))
    asset = ET.SubElement(
        resources,
        "asset",
        {
            "id": _ASSET,
            "name": one_line(media.name, MOST_NAME),
            "start": _seconds(media.start_frame, media),
            "duration": _seconds(media.frames, media),
            "hasVideo": "1",
            "format": _FORMAT,
            **_sound_attributes(media),
        },
    )
    ET.SubElement(asset, "media-rep", {"kind": "original-media", "src": media.url})
    event = ET.SubElement(root, "event", {"name": one_line(marking.title, MOST_NAME)})
    return root, event


def _sound_attributes(media: Media) -> dict[str, str]:
    sound = media.sound
    if sound is None:
        return {}
    return {
        "hasAudio": "1",
        "audioSources": str(sound.streams),
        "audioChannels": str(sound.channels),
        "audioRate": str(sound.rate_hz),
    }


def _format_attributes(media: Media) -> Iterator[tuple[str, str]]:
    yield "id", _FORMAT
    yield "frameDuration", _seconds(1, media)
    if media.width is not None and media.height is not None:
        yield "width", str(media.width)
        yield "height", str(media.height)


def _asset_clip(
    parent: ET.Element, media: Media, name: str, start: int, frames: int, offset: int | None = None
) -> ET.Element:
    placed = {} if offset is None else {"offset": _seconds(offset, media)}
    return ET.SubElement(
        parent,
        "asset-clip",
        {
            "ref": _ASSET,
            **placed,
            "name": one_line(name, MOST_NAME),
            "start": _seconds(start, media),
            "duration": _seconds(frames, media),
            "format": _FORMAT,
            "tcFormat": _tc_format(media),
        },
    )


def _add_select(spine: ET.Element, media: Media, select: Select, start: int) -> None:
    clip = _asset_clip(
        spine,
        media,
        select.mark.name,
        media.start_frame + select.start,
        select.frames,
        start + select.at,
    )
    note = ET.SubElement(clip, "note")
    note.text = one_line(select.mark.comment, MOST_NOTE)
    _add_marker(clip, media, select.mark)


def _add_marker(clip: ET.Element, media: Media, mark: Mark) -> None:
    ET.SubElement(
        clip,
        "marker",
        {
            "start": _seconds(media.start_frame + mark.start, media),
            "duration": _seconds(1, media),
            "value": one_line(mark.name, MOST_NAME),
            "note": one_line(mark.comment, MOST_NOTE),
        },
    )


def _add_keyword(clip: ET.Element, media: Media, mark: Mark) -> None:
    ET.SubElement(
        clip,
        "keyword",
        {
            "start": _seconds(media.start_frame + mark.start, media),
            "duration": _seconds(mark.frames, media),
            "value": ", ".join(one_line(word, MOST_NAME, ",") for word in _keywords(mark)),
        },
    )


def _keywords(mark: Mark) -> list[str]:
    # A comma separates keywords here. The level alone would say nothing in a list of them.
    labels = [label for segment in mark.segments for label in segment.camera.labels]
    words = [f"camera {label}".replace("_", " ") for label in labels]
    return [f"motion {mark.level or 'unknown'}", *dict.fromkeys(words)]


def _seconds(frames: int, media: Media) -> str:
    time = Fraction(frames) / media.rate
    if time.denominator == 1:
        return f"{time.numerator}s"
    # Over one denominator, as Final Cut writes it: every time is seen to be on a frame.
    return f"{frames * media.rate.denominator}/{media.rate.numerator}s"


def _tc_format(media: Media) -> str:
    return "DF" if media.drop_frame else "NDF"


def _text(root: ET.Element) -> str:
    ET.indent(root, " " * 4)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'
