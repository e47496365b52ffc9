"""EDLs: timecodes as an independent counter has them, lines as their readers want them."""

from __future__ import annotations

import re

import pytest
from timecode.timecode import Timecode

from flowtag.errors import InputError
from flowtag.export import ExportOptions, Handles, Sound, export
from flowtag.export.edl import MOST_EVENTS, Flavor, reel
from flowtag.export.formats import Shape
from tests.unit.marked_video import FRAMES, RATES, SPANS, Rate, Span, marked_video

_EVENT = re.compile(r"^(\d{3})  (.{8}) (\S+) +C        (\S+) (\S+) (\S+) (\S+)$", re.MULTILINE)


def edl(rate: Rate, shape: Shape = "markers", flavor: Flavor = "resolve") -> str:
    options = ExportOptions(shape=shape, flavor=flavor, handles=Handles(12))
    return export(marked_video(rate), "edl", options).data.decode()


def events(text: str) -> list[tuple[str, ...]]:
    """Source in and out, record in and out, of every event."""
    return [match[3:] for match in _EVENT.findall(text)]


def counted(rate: Rate, start: str, frame: int) -> str:
    """So many frames later, as the timecode package counts."""
    # It takes no 47.952, but 48 it takes; and it would have 59.94 drop frames unless told not to.
    clock = Timecode(rate.name, start, force_non_drop_frame=not rate.drop_frame)
    return str(clock + frame) if frame else start


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_resolves_markers_are_one_frame_long_at_source_timecode(rate: Rate) -> None:
    found = events(edl(rate))

    expected = [
        (counted(rate, rate.start, span.start), counted(rate, rate.start, span.start + 1)) * 2
        for span in SPANS
    ]
    assert found == expected


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_line_of_the_frame_code_mode_says_how_timecode_counts(rate: Rate) -> None:
    text = edl(rate)

    mode = "DROP FRAME" if rate.drop_frame else "NON-DROP FRAME"
    assert text.splitlines()[1] == f"FCM: {mode}"
    separators = {timecode[8] for event in events(text) for timecode in event}
    assert separators == {";" if rate.drop_frame else ":"}


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_selects_follow_each_other_from_one_hour_on(rate: Rate) -> None:
    hour = "01:00:00;00" if rate.drop_frame else "01:00:00:00"
    at, expected = 0, []
    for span in SPANS:
        start, end = max(span.start - 12, 0), min(span.end + 12, FRAMES)
        source = (counted(rate, rate.start, start), counted(rate, rate.start, end))
        expected.append((*source, counted(rate, hour, at), counted(rate, hour, at + end - start)))
        at += end - start

    assert events(edl(rate, "selects")) == expected


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_avids_locators_lie_on_one_event_of_the_whole_source(rate: Rate) -> None:
    text = edl(rate, flavor="avid")

    whole = (rate.start, counted(rate, rate.start, FRAMES))
    assert events(text) == [whole * 2]
    assert re.findall(r"^\* LOC: (\S+) ", text, re.MULTILINE) == [
        counted(rate, rate.start, span.start) for span in SPANS
    ]


def test_resolve_reads_note_colour_name_and_length_from_the_line_below() -> None:
    lines = edl(RATES[2]).splitlines()

    assert lines[3:5] == [
        "001  001      V     C        00:59:30:00 00:59:30:01 00:59:30:00 00:59:30:01",
        "camera smooth; pan +0.31 w/s; subject low in 6% of the picture; confidence 93%, coverage"
        " 88%; speed 0.21 diagonals/s; activity 4 of 5; low_light; segment 0, shot 0"
        " |C:ResolveColorYellow |M:high: pan right |D:47",
    ]


def test_a_level_has_its_colour() -> None:
    levels = edl(RATES[2]), edl(RATES[2], flavor="avid")

    assert re.findall(r"\|C:ResolveColor(\w+) ", levels[0]) == [
        "Yellow",
        "Blue",
        "Cream",
        "Red",
        "Cyan",
    ]
    assert re.findall(r"LOC: \S+ (\w+) ", levels[1]) == ["YELLOW", "BLUE", "WHITE", "RED", "CYAN"]


def test_avids_lines_have_no_more_columns_than_cmx_allows_and_no_more_than_ascii() -> None:
    metadata = marked_video(uri="/rushes/Prise 2 ½ été 🎬.mov")

    text = export(metadata, "edl", ExportOptions(flavor="avid")).data.decode()

    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    assert "* FROM CLIP NAME:  Prise 2 1?2 ete ?.mov" in text


@pytest.mark.parametrize(("sound", "channels"), [(None, "V"), (Sound(1), "B"), (Sound(6), "AA/V")])
def test_selects_carry_the_sound_that_there_is(sound: Sound | None, channels: str) -> None:
    options = ExportOptions(shape="selects", sound=sound)

    text = export(marked_video(), "edl", options).data.decode()

    assert {match[2] for match in _EVENT.findall(text)} == {channels}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Take 2.mov", "TAKE2"),
        ("A001_C012_0101AB.mxf", "A001C012"),
        ("été.mov", "ETE"),
        ("🎬.mov", "AX"),
        (".mov", "MOV"),
    ],
)
def test_a_reel_has_eight_capitals_and_digits(name: str, expected: str) -> None:
    assert reel(name) == expected


def test_more_markers_than_can_be_numbered_are_refused_and_avid_takes_them() -> None:
    spans = [Span(2 * n, 2 * n + 2) for n in range(MOST_EVENTS + 1)]
    metadata = marked_video(spans=spans)

    for shape in ("markers", "selects"):
        with pytest.raises(InputError, match=r"999 events at most, and .* has 1000"):
            export(metadata, "edl", ExportOptions(shape=shape))
    text = export(metadata, "edl", ExportOptions(flavor="avid")).data.decode()
    assert text.count("* LOC: ") == 1000
