"""CMX 3600 edit decision lists: markers for Resolve, locators for Avid, selects for all.

OpenTimelineIO's writer is not used, see ``docs/decisions/interchange.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from flowtag.errors import InputError
from flowtag.export.marks import Handles, Mark, Marking, Select, selects_start
from flowtag.export.media import Media
from flowtag.export.wording import Palette, ascii_only, one_line
from flowtag.timing import format_timecode

Flavor = Literal["resolve", "avid"]

MOST_EVENTS = 999
"""An event's number has three digits."""

MOST_TITLE = 70
MOST_COLUMNS = 80
"""Of a line of an EDL, by CMX."""

MOST_NAME = 128
MOST_NOTE = 500

_REEL_LENGTH = 8
_BAR = "|"
"""Separates what Resolve reads of a marker."""

_RESOLVE: Palette = {
    "static": "Blue",
    "low": "Cyan",
    "medium": "Green",
    "high": "Yellow",
    "extreme": "Red",
    None: "Cream",
}
_AVID: Palette = {
    "static": "BLUE",
    "low": "CYAN",
    "medium": "GREEN",
    "high": "YELLOW",
    "extreme": "RED",
    None: "WHITE",
}


def marker_list(marking: Marking, flavor: Flavor) -> str:
    """Markers on the source: for a timeline that begins at its start timecode.

    Raises:
        InputError: there are more than an EDL can number.
    """
    if flavor == "avid":
        return _text(marking, _avid_event(marking), flavor)
    _require_room(marking)
    events = (_resolve_event(n, marking.media, mark) for n, mark in enumerate(marking.marks, 1))
    return _text(marking, events, flavor)


def select_list(marking: Marking, handles: Handles, flavor: Flavor) -> str:
    """Selects end to end, on a timeline that begins at one hour.

    Raises:
        InputError: there are more than an EDL can number.
    """
    _require_room(marking)
    events = (
        _select_event(n, marking.media, select, flavor)
        for n, select in enumerate(marking.selects(handles), 1)
    )
    return _text(marking, events, flavor)


def reel(name: str) -> str:
    """A file's name as a reel: eight capitals and digits at most, ``AX`` if none are left."""
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[^A-Z0-9]", "", ascii_only(stem).upper())[:_REEL_LENGTH] or "AX"


def _text(marking: Marking, events: Iterable[list[str]], flavor: Flavor) -> str:
    title = one_line(marking.title, MOST_TITLE, _BAR)
    drop = "DROP FRAME" if marking.media.drop_frame else "NON-DROP FRAME"
    lines = [f"TITLE: {title}", f"FCM: {drop}", ""]
    for event in events:
        lines += [*event, ""]
    text = "\n".join(lines)
    return ascii_only(text) if flavor == "avid" else text


def _resolve_event(number: int, media: Media, mark: Mark) -> list[str]:
    first, last = media.timecode(mark.start), media.timecode(mark.start + 1)
    # What stands before the first bar is the note.
    note = one_line(mark.comment, MOST_NOTE, _BAR)
    name = one_line(mark.name, MOST_NAME, _BAR)
    return [
        _event(number, "001", first, last, first, last),
        f"{note} |C:ResolveColor{_RESOLVE[mark.level]} |M:{name} |D:{mark.frames}",
    ]


def _avid_event(marking: Marking) -> Iterable[list[str]]:
    media = marking.media
    first, last = media.timecode(0), media.timecode(media.frames)
    lines = [_event(1, reel(media.name), first, last, first, last), _clip_name(media)]
    lines += [_locator(media.timecode(mark.start), mark) for mark in marking.marks]
    yield lines


def _select_event(number: int, media: Media, select: Select, flavor: Flavor) -> list[str]:
    start = selects_start(media)

    def record(frame: int) -> str:
        return format_timecode(start + frame, media.rate, media.drop_frame)

    source = media.timecode(select.start), media.timecode(select.end)
    placed = record(select.at), record(select.at + select.frames)
    lines = [_event(number, reel(media.name), *source, *placed, channels=_channels(media))]
    lines.append(_clip_name(media))
    if flavor == "resolve":
        lines.append(f"* COMMENT: {one_line(select.mark.comment, MOST_NOTE, _BAR)}")
    return [*lines, _locator(record(select.mark_at), select.mark)]


def _event(number: int, reel_name: str, *timecodes: str, channels: str = "V") -> str:
    return f"{number:03d}  {reel_name:<8} {channels:<5} C        {' '.join(timecodes)}"


def _channels(media: Media) -> str:
    """Picture alone, with the first channel of sound, or with the first two."""
    if media.sound is None:
        return "V"
    return "B" if media.sound.channels == 1 else "AA/V"


def _clip_name(media: Media) -> str:
    return f"* FROM CLIP NAME:  {one_line(media.name, MOST_NAME)}"


def _locator(timecode: str, mark: Mark) -> str:
    head = f"* LOC: {timecode} {_AVID[mark.level]:<7} "
    return head + one_line(f"{mark.name}; {mark.comment}", MOST_COLUMNS - len(head), _BAR)


def _require_room(marking: Marking) -> None:
    if len(marking.marks) > MOST_EVENTS:
        raise InputError(
            f"an EDL numbers {MOST_EVENTS} events at most, and {marking.media.name} has"
            f" {len(marking.marks)}: choose some by --where, or use another format"
        )
