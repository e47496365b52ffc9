"""The segments of a report, a row each."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.report.linking import Film
from flowtag.report.wording import (
    camera_sign,
    camera_words,
    clock,
    level_of,
    percent,
    rate_words,
    speed,
    subject_words,
    why_unknown,
)

# The form that assembly gives to names; what a foreign motion.json names must not be read.
_THUMBNAIL = re.compile(r"thumbnails/[A-Za-z0-9_-]+\.jpg")
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Label:
    """What the camera does: a sign, words, and the rate where there is one."""

    sign: str
    words: str
    rate: str | None


@dataclass(frozen=True)
class Row:
    """A segment as it is shown.

    Attributes:
        link: the part of the video; None where there is no video to play.
        picture: the thumbnail as a data URI; None where there is none.
        why_unknown: why the level is null.
        peak: speed and timecode of the fastest moment.
    """

    index: int
    shot: int
    edit: str | None
    start: str
    end: str
    start_seconds: str
    end_seconds: str
    length: str
    link: str | None
    picture: Markup | None
    level: str
    why_unknown: str | None
    speed: str
    peak: tuple[str, str] | None
    labels: tuple[Label, ...]
    steadiness: str | None
    subject: str
    subject_speed: str | None
    confidence: str
    coverage: str
    flags: tuple[str, ...]


def rows_of(metadata: MotionMetadata, folder: Path, film: Film | None) -> list[Row]:
    """A row for each segment.

    Args:
        metadata: the result.
        folder: where thumbnails are named from.
        film: what is played.
    """
    rows: list[Row] = []
    shown_shot = -1
    for segment in metadata.segments:
        edit = None
        if segment.shot != shown_shot and segment.shot < len(metadata.shots):
            kind = metadata.shots[segment.shot].transition.kind
            edit = None if kind == "start" else kind
        shown_shot = segment.shot
        rows.append(_row(segment, metadata, edit, folder, film))
    return rows


def _row(
    segment: Segment, metadata: MotionMetadata, edit: str | None, folder: Path, film: Film | None
) -> Row:
    start, end, camera, peak = segment.start, segment.end, segment.camera, segment.peak
    is_known = segment.motion.level is not None
    return Row(
        index=segment.index,
        shot=segment.shot,
        edit=edit,
        start=start.timecode,
        end=end.timecode,
        start_seconds=f"{start.seconds:.6f}",
        end_seconds=f"{end.seconds:.6f}",
        length=clock(end.seconds - start.seconds),
        link=film.span(start.seconds, end.seconds) if film else None,
        picture=_picture(folder, segment.thumbnail),
        level=level_of(segment),
        why_unknown=None if is_known else why_unknown(segment, metadata.analysis.gaps),
        speed=speed(segment.motion.speed),
        peak=(speed(peak.speed), peak.timecode) if peak else None,
        labels=tuple(
            Label(camera_sign(label), camera_words(label), rate_words(camera, label))
            for label in camera.labels
        ),
        steadiness=None if camera.steadiness in camera.labels else camera.steadiness,
        subject=subject_words(segment.subject),
        subject_speed=speed(segment.subject.speed) if segment.subject.area else None,
        confidence=percent(segment.confidence.mean),
        coverage=percent(segment.confidence.coverage),
        flags=tuple(segment.flags),
    )


def _picture(folder: Path, name: str | None) -> Markup | None:
    if name is None or not _THUMBNAIL.fullmatch(name):
        return None
    path = folder / name
    # A link in the folder must not lead out of it.
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    data = path.read_bytes()
    if not data.startswith(_JPEG):
        return None
    return Markup("data:image/jpeg;base64,") + base64.b64encode(data).decode()
