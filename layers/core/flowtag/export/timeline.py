"""Marks and selects as OpenTimelineIO's timelines, on which its writers build."""

from __future__ import annotations

from typing import Any

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from flowtag.export.marks import Handles, Mark, Marking, Select, selects_start
from flowtag.export.media import Media
from flowtag.export.wording import Palette, one_line

MOST_NAME = 255
NAMESPACE = "flowtag"

_COLOURS: Palette = {
    "static": otio.schema.MarkerColor.BLUE,
    "low": otio.schema.MarkerColor.CYAN,
    "medium": otio.schema.MarkerColor.GREEN,
    "high": otio.schema.MarkerColor.YELLOW,
    "extreme": otio.schema.MarkerColor.RED,
    None: otio.schema.MarkerColor.WHITE,
}


def marker_timeline(marking: Marking, sound_tracks: int = 1) -> otio.schema.Timeline:
    """The whole source as one clip, with its markers, at its own start timecode.

    Args:
        marking: the marks.
        sound_tracks: how many tracks the sound takes, where there is any.
    """
    media = marking.media
    clip = _clip(media, 0, media.frames, media.name)
    clip.markers.extend(_marker(media, mark) for mark in marking.marks)
    return _timeline(marking, media.start_frame, [clip], sound_tracks)


def select_timeline(
    marking: Marking, handles: Handles, sound_tracks: int = 1
) -> otio.schema.Timeline:
    """Selects end to end, from one hour on.

    Args:
        marking: the marks.
        handles: around each.
        sound_tracks: how many tracks the sound takes, where there is any.
    """
    clips = [_select(marking.media, select) for select in marking.selects(handles)]
    return _timeline(marking, selects_start(marking.media), clips, sound_tracks)


def _timeline(
    marking: Marking, start: int, clips: list[otio.schema.Clip], sound_tracks: int
) -> otio.schema.Timeline:
    media = marking.media
    timeline = otio.schema.Timeline(
        one_line(marking.title, MOST_NAME),
        global_start_time=_time(start, media),
        metadata={NAMESPACE: {"drop_frame": media.drop_frame, "warnings": list(marking.warnings)}},
    )
    picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    picture.extend(clips)
    timeline.tracks.append(picture)
    for number in range(1, (sound_tracks if media.sound else 0) + 1):
        track = otio.schema.Track(f"A{number}", kind=otio.schema.TrackKind.Audio)
        track.extend(_sound_clip(clip) for clip in clips)
        timeline.tracks.append(track)
    return timeline


def _sound_clip(clip: otio.schema.Clip) -> otio.schema.Clip:
    # The picture carries the markers; twice they would be seen twice.
    return otio.schema.Clip(clip.name, clip.media_reference.clone(), clip.source_range)


def _select(media: Media, select: Select) -> otio.schema.Clip:
    clip = _clip(media, select.start, select.end, select.mark.name)
    clip.markers.append(_marker(media, select.mark))
    return clip


def _clip(media: Media, start: int, end: int, name: str) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(
        target_url=media.url, available_range=_range(0, media.frames, media)
    )
    reference.name = one_line(media.name, MOST_NAME)
    return otio.schema.Clip(
        one_line(name, MOST_NAME), reference, source_range=_range(start, end, media)
    )


def _marker(media: Media, mark: Mark) -> otio.schema.Marker:
    labels = (label for segment in mark.segments for label in segment.camera.labels)
    figures: dict[str, Any] = {
        "segments": [segment.index for segment in mark.segments],
        "level": mark.level,
        "camera": [one_line(label, MOST_NAME) for label in labels],
        "confidence": min(segment.confidence.mean for segment in mark.segments),
    }
    return otio.schema.Marker(
        name=one_line(mark.name, MOST_NAME),
        marked_range=_range(mark.start, mark.end, media),
        color=_COLOURS[mark.level],
        metadata={NAMESPACE: figures},
        comment=one_line(mark.comment, 10_000),
    )


def _range(start: int, end: int, media: Media) -> TimeRange:
    return TimeRange(_time(media.start_frame + start, media), _time(end - start, media))


def _time(frame: int, media: Media) -> RationalTime:
    return RationalTime(frame, float(media.rate))
