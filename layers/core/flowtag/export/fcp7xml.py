"""Final Cut Pro 7's XML (xmeml 4), by which Premiere takes markers; OpenTimelineIO writes it.

What its writer leaves out or gets wrong is given to it as metadata, which it writes as elements;
see ``docs/decisions/interchange.md``.
"""

from __future__ import annotations

import warnings
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
from opentimelineio.opentime import TimeRange

from flowtag.contracts.metadata import Level
from flowtag.export.marks import Handles, Marking
from flowtag.export.media import Media
from flowtag.export.rates import is_ntsc, timebase
from flowtag.export.timeline import NAMESPACE, marker_timeline, select_timeline

_XML = "fcp_xml"
_MOST_CHANNELS = 8

_PREMIERE: dict[Level | None, str | None] = {
    "static": "4294741314",
    "low": "4292277273",
    # Green is what Premiere gives to a marker without a colour.
    "medium": None,
    "high": "4281049552",
    "extreme": "4281740498",
    None: "4294967295",
}
"""Premiere's own colours of markers, as it writes them: alpha, blue, green, red from the top."""


def marker_document(marking: Marking) -> str:
    """A sequence of the whole source, with markers on its clip."""
    return _written(marking, marker_timeline(marking, _sound_tracks(marking.media)))


def select_document(marking: Marking, handles: Handles) -> str:
    """A sequence of the selects, each with a marker on its clip."""
    return _written(marking, select_timeline(marking, handles, _sound_tracks(marking.media)))


def _written(marking: Marking, timeline: otio.schema.Timeline) -> str:
    media = marking.media
    shown = {"displayformat": "DF" if media.drop_frame else "NDF"}
    timeline.metadata[_XML] = {"timecode": shown, "media": {"video": _picture(media)}}
    for number, track in enumerate(timeline.audio_tracks(), 1):
        for clip in track:
            # This tells them apart, too: of two that are alike it would write one, and a reference.
            clip.metadata[_XML] = {"sourcetrack": {"mediatype": "audio", "trackindex": number}}
    for clip in timeline.find_clips():
        _complete_file(clip.media_reference, media, shown)
        for marker in clip.markers:
            _complete_marker(marker, clip.media_reference.available_range.start_time, media)
    with warnings.catch_warnings():
        # It asks elements for their truth, which newer Pythons warn of.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        text = otio.adapters.write_to_string(timeline, _XML)
    return _mended(text, media)


def _sound_tracks(media: Media) -> int:
    """A track a channel: the format knows no others."""
    return min(media.sound.channels, _MOST_CHANNELS) if media.sound else 0


def _mended(text: str, media: Media) -> str:
    # Written a moment ago, from text that can declare no entity.
    root = ET.fromstring(text)  # nosec B314
    for item in root.iter("clipitem"):
        # Of the media: in and out lie within it. The writer gives the clip's, and its rate twice.
        item.findall("duration")[0].text = str(media.frames)
        for again in item.findall("rate")[1:]:
            item.remove(again)
    _link_sound(root)
    ET.indent(root, " " * 4)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'


def _link_sound(root: ET.Element) -> None:
    """Ties each picture to its sound: the writer drops links."""
    (picture,) = root.iterfind(".//media/video/track")
    sounds = root.findall(".//media/audio/track")
    rows = [("video", 1, picture), *(("audio", n, track) for n, track in enumerate(sounds, 1))]
    groups = zip(*(track.findall("clipitem") for _, _, track in rows), strict=True)
    for index, group in enumerate(groups, 1):
        for item in group:
            for other, (other_kind, other_number, _) in zip(group, rows, strict=True):
                link = ET.SubElement(item, "link")
                named = {"linkclipref": other.attrib["id"], "mediatype": other_kind}
                _add_texts(link, **named, trackindex=other_number, clipindex=index)


def _add_texts(parent: ET.Element, **texts: object) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = str(text)


def _complete_file(
    reference: otio.schema.ExternalReference, media: Media, shown: dict[str, str]
) -> None:
    reference.target_url = path_url(media.url)
    # Of its own accord the writer claims sound, of which nobody may know that it is there.
    tracks: dict[str, Any] = {"video": _picture(media, "")}
    if media.sound is not None:
        tracks["audio"] = {
            "samplecharacteristics": {"samplerate": media.sound.rate_hz},
            "channelcount": media.sound.channels,
        }
    reference.metadata[_XML] = {"timecode": shown, "media": tracks}


def _complete_marker(
    marker: otio.schema.Marker, first: otio.opentime.RationalTime, media: Media
) -> None:
    # Counted from the first frame of the media, not from midnight.
    marked = marker.marked_range
    marker.marked_range = TimeRange(marked.start_time - first, marked.duration)
    level = marker.metadata[NAMESPACE]["level"]
    more: dict[str, Any] = {"comment": marker.comment}
    if _PREMIERE[level] is not None:
        more["pproColor"] = _PREMIERE[level]
    marker.metadata[_XML] = more


def path_url(url: str) -> str:
    """A file's URL as this format wants it, with a host and an escaped drive's colon.

    Example:
        >>> path_url("file:///C:/rushes/a%20b.mov")
        'file://localhost/C%3a/rushes/a%20b.mov'
    """
    if not url.startswith("file:///"):
        return url
    path = url.removeprefix("file:///")
    if path[1:2] == ":":
        path = f"{path[0]}%3a{path[2:]}"
    return f"file://localhost/{path}"


def _picture(media: Media, within: str = "format") -> dict[str, Any]:
    described: dict[str, Any] = {}
    if media.width is not None and media.height is not None:
        described = {"width": media.width, "height": media.height}
    if media.square_pixels:
        described["pixelaspectratio"] = "square"
    rate = {"timebase": timebase(media.rate), "ntsc": "TRUE" if is_ntsc(media.rate) else "FALSE"}
    characteristics = {"samplecharacteristics": {"rate": rate, **described}}
    return {within: characteristics} if within else characteristics
