"""All formats under one call: motion.json in, a file's bytes and what to tell people out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.errors import InputError, SettingsError
from flowtag.export.edl import Flavor
from flowtag.export.marks import Handles, Marking, chosen_segments, marking_of
from flowtag.export.sound import Sound
from flowtag.filtering import Filter

Format = Literal["otio", "edl", "fcp7xml", "fcpxml", "csv", "vtt", "ffmetadata", "jsonl"]
Shape = Literal["markers", "selects"]

FORMATS: tuple[Format, ...] = get_args(Format)
TIMELINES: tuple[Format, ...] = ("otio", "edl", "fcp7xml", "fcpxml")
"""Formats of editing programs. The others are lists of segments, and know one shape."""

ReadBeside = Callable[[str], bytes]
"""Gets an object that motion.json names, such as ``thumbnails/0000.jpg``."""


@dataclass(frozen=True)
class ExportOptions:
    """What is wanted.

    Attributes:
        where: which segments; None: all.
        shape: markers on the source, or a timeline of selects.
        handles: around selects.
        flavor: of an EDL.
        media: path or URL of the media, instead of the video's own.
        sound: of the media; None: it has none, or nobody knows.
    """

    where: Filter | None = None
    shape: Shape = "markers"
    handles: Handles = field(default_factory=Handles)
    flavor: Flavor = "resolve"
    media: str | None = None
    sound: Sound | None = None


@dataclass(frozen=True)
class Exported:
    """A file.

    Attributes:
        data: its bytes.
        warnings: for people.
    """

    data: bytes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ThumbnailTrack:
    """Thumbnails for a player.

    Attributes:
        cues: the WebVTT file.
        sheet: the JPEG that it speaks of.
        warnings: for people.
    """

    cues: bytes
    sheet: bytes
    warnings: tuple[str, ...]


def require_packages(kinds: Sequence[Format]) -> None:
    """Makes sure that formats can be written here.

    Raises:
        SettingsError: a package is missing.
    """
    needy = [kind for kind in kinds if kind in ("otio", "fcp7xml")]
    if not needy:
        return
    try:
        import opentimelineio  # noqa: F401
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{' and '.join(needy)}: flowtag[export] is not installed: no module {error.name}"
        ) from error


def export(metadata: MotionMetadata, kind: Format, options: ExportOptions) -> Exported:
    """Writes a video's segments in a format.

    Raises:
        InputError: there is nothing to write.
        SettingsError: the options do not go together, or a package is missing.
        ContractError: motion.json is damaged.
    """
    if kind in TIMELINES:
        marking = marking_of(metadata, options.where, options.media, options.sound)
        return Exported(_encoded(_timeline(marking, kind, options)), marking.warnings)
    if options.shape == "selects":
        raise SettingsError(f"{kind} is a list of segments: it has no selects")
    segments = chosen_segments(metadata, options.where)
    return Exported(_encoded(_list(metadata, segments, kind)))


def export_thumbnails(
    metadata: MotionMetadata, where: Filter | None, read: ReadBeside, sheet_name: str
) -> ThumbnailTrack:
    """Writes a track of thumbnails, and the sheet of them.

    Args:
        metadata: motion.json.
        where: which segments; None: all.
        read: gets a thumbnail by its name.
        sheet_name: what the sheet is called; it lies beside the track.

    Raises:
        InputError: no segment has a thumbnail.
        ObjectNotFoundError: a thumbnail is gone.
        ContractError: a thumbnail is damaged.
        SettingsError: a package is missing.
    """
    from flowtag.export.vtt import thumbnail_cues

    segments = chosen_segments(metadata, where)
    pictures = {s.index: read(s.thumbnail) for s in segments if s.thumbnail is not None}
    if not pictures:
        raise InputError(f"no segment of {metadata.video.uri} has a thumbnail")
    try:
        from flowtag.export.sprites import sprite_sheet
    except ModuleNotFoundError as error:
        raise SettingsError(f"thumbnails need flowtag[flow]: no module {error.name}") from error
    sheet, tiles = sprite_sheet(pictures)
    bare = len(segments) - len(pictures)
    said = (f"{bare} of {len(segments)} segments have no thumbnail",) if bare else ()
    return ThumbnailTrack(_encoded(thumbnail_cues(segments, tiles, sheet_name)), sheet, said)


def _timeline(marking: Marking, kind: Format, options: ExportOptions) -> str:
    if kind == "edl":
        from flowtag.export import edl

        if options.shape == "markers":
            return edl.marker_list(marking, options.flavor)
        return edl.select_list(marking, options.handles, options.flavor)
    if kind == "fcpxml":
        from flowtag.export import fcpxml

        if options.shape == "markers":
            return fcpxml.marker_document(marking)
        return fcpxml.select_document(marking, options.handles)
    try:
        from flowtag.export import fcp7xml, otio_json
    except ModuleNotFoundError as error:
        raise SettingsError(f"{kind} needs flowtag[export]: no module {error.name}") from error
    if kind == "otio":
        if options.shape == "markers":
            return otio_json.marker_document(marking)
        return otio_json.select_document(marking, options.handles)
    if options.shape == "markers":
        return fcp7xml.marker_document(marking)
    return fcp7xml.select_document(marking, options.handles)


def _list(metadata: MotionMetadata, segments: Sequence[Segment], kind: Format) -> str:
    from flowtag.export import csv_table, ffmetadata, jsonl, vtt

    writers: dict[Format, Callable[[MotionMetadata, Sequence[Segment]], str]] = {
        "csv": csv_table.table,
        "vtt": vtt.cues,
        "ffmetadata": ffmetadata.chapters,
        "jsonl": jsonl.lines,
    }
    return writers[kind](metadata, segments)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
