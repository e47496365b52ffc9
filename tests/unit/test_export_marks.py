"""Which frames are marked, what is said there, and what is warned of."""

from __future__ import annotations

from fractions import Fraction

import pytest

from flowtag.errors import ContractError, InputError
from flowtag.export import Handles
from flowtag.export.marks import Marking, marking_of
from flowtag.export.media import media_url
from flowtag.export.rates import EDITING_RATES, editing_rate
from flowtag.filtering import parse_filter
from tests.unit.marked_video import FRAMES, NTSC_30, NTSC_60, RATES, SPANS, Rate, Span, marked_video


def frames(marking: Marking) -> list[tuple[int, int]]:
    return [(mark.start, mark.end) for mark in marking.marks]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_marks_are_where_the_segments_are(rate: Rate) -> None:
    marking = marking_of(marked_video(rate))

    assert frames(marking) == [(span.start, span.end) for span in SPANS]
    assert (marking.media.frames, marking.media.drop_frame) == (FRAMES, rate.drop_frame)
    assert marking.warnings == ()


def test_a_mark_is_named_by_level_and_camera_and_has_figures() -> None:
    marks = marking_of(marked_video()).marks

    assert [mark.name for mark in marks] == [
        "high: pan right",
        "static: static camera",
        "motion unknown",
        "extreme: tilt up, zoom in, handheld",
        "low",
    ]
    assert marks[0].comment == (
        "camera smooth; pan +0.31 w/s; subject low in 6% of the picture; confidence 93%, coverage"
        " 88%; speed 0.21 diagonals/s; activity 4 of 5; low_light; segment 0, shot 0"
    )


def test_a_filter_chooses() -> None:
    marking = marking_of(marked_video(), parse_filter("level >= high"))

    assert frames(marking) == [(0, 47), (1800, 5400)]


def test_two_marks_on_one_frame_are_one() -> None:
    # Of a phone that ran at 100 for a while: at 25 both begin at frame 10.
    close = marked_video(Rate("100", Fraction(100)), [Span(40, 41, "low"), Span(41, 90, "extreme")])
    video = close.video.model_copy(update={"frame_rate": "25/1", "variable_frame_rate": True})

    (mark,) = marking_of(close.model_copy(update={"video": video})).marks

    assert (mark.start, mark.end, mark.level) == (10, 23, "extreme")
    assert mark.name == "low: pan right + extreme: pan right"
    assert [segment.index for segment in mark.segments] == [0, 1]


@pytest.mark.parametrize(
    ("native", "counted"),
    [
        ("120/1", Fraction(60)),
        ("240000/1001", NTSC_60),
        ("100/1", Fraction(50)),
        ("25/2", Fraction(25)),
        ("15/1", Fraction(30)),
        ("15000/1001", NTSC_30),
        ("18/1", Fraction(24)),
        ("225/16", Fraction(24)),
        ("1000/1", Fraction(50)),
        ("997/1", Fraction(60)),
    ],
)
def test_a_rate_that_no_program_knows_is_counted_at_one_that_they_know(
    native: str, counted: Fraction
) -> None:
    assert editing_rate(Fraction(native)) == counted


@pytest.mark.parametrize("rate", EDITING_RATES, ids=str)
def test_a_rate_that_programs_know_stays(rate: Fraction) -> None:
    assert editing_rate(rate) == rate


def test_a_variable_rate_is_conformed_with_a_warning_that_names_the_rate() -> None:
    rate = RATES[4]
    marking = marking_of(marked_video(rate, variable_frame_rate=True))

    assert marking.warnings == (
        "Take 2.mov has a variable frame rate; frames are counted at 29.97 per second",
    )
    assert frames(marking)[3] == (1800, 5400)


def test_of_a_fast_video_frames_and_timecode_are_counted_anew_with_a_warning() -> None:
    fast = Rate("120", Fraction(120), "00:00:10:00")
    marking = marking_of(marked_video(fast, [Span(240, 480)]))

    assert marking.warnings == (
        "editing programs know no 120 frames per second, the rate of Take 2.mov; frames are"
        " counted at 60",
    )
    assert frames(marking) == [(120, 240)]
    assert marking.media.timecode(120) == "00:00:12:00"


@pytest.mark.parametrize("native", [Fraction(25, 2), Fraction(119, 4), Fraction(15000, 1001)])
def test_a_start_timecode_stays_the_same_time_of_day_at_another_rate(native: Fraction) -> None:
    marking = marking_of(marked_video(Rate("odd", native, "01:00:00:00"), [Span(0, 48)]))

    assert marking.media.timecode(0) == "01:00:00:00"


def test_a_turned_picture_is_as_high_as_it_is_shown() -> None:
    media = marking_of(marked_video(rotation=90)).media

    assert (media.width, media.height) == (1080, 1920)


def test_selects_lie_end_to_end_with_handles_that_end_where_the_video_does() -> None:
    spans = [Span(5, 20), Span(100, 200), Span(5995, 6000)]

    selects = marking_of(marked_video(spans=spans)).selects(Handles(12))

    assert [(select.start, select.end) for select in selects] == [(0, 32), (88, 212), (5983, 6000)]
    assert [select.at for select in selects] == [0, 32, 156]
    assert [select.mark_at for select in selects] == [5, 44, 168]


@pytest.mark.parametrize(
    ("rate", "width"), [(Fraction(25), 13), (NTSC_30, 15), (Fraction(24), 12), (NTSC_60, 30)]
)
def test_handles_in_seconds_are_rounded_to_frames(rate: Fraction, width: int) -> None:
    assert Handles(None, Fraction("0.5")).at(rate) == width


def test_a_filter_that_finds_nothing_is_an_error_that_says_so() -> None:
    with pytest.raises(InputError, match=r"none of the 5 segments of .* matches --where"):
        marking_of(marked_video(), parse_filter("length > 1h"))


def test_a_video_that_could_not_be_read_has_nothing_to_export() -> None:
    unread = marked_video(time_base=None, frame_rate=None, start_pts=None)

    with pytest.raises(InputError, match="could not be read when it was tagged"):
        marking_of(unread)
    analysis = unread.analysis.model_copy(update={"status": "failed", "reason": "broken: no moov"})
    with pytest.raises(InputError, match="no segments: broken: no moov"):
        marking_of(unread.model_copy(update={"segments": [], "analysis": analysis}))


def test_a_damaged_motion_json_is_told_from_that() -> None:
    for damaged in (marked_video(timecode="25 o'clock"), marked_video(frame_rate="1/0")):
        with pytest.raises(ContractError):
            marking_of(damaged)


def test_media_that_no_program_opens_is_warned_of_and_may_be_named_anew() -> None:
    metadata = marked_video(uri="s3://rushes/day 1/Take 2.mov")

    there = marking_of(metadata)
    here = marking_of(metadata, relinked="/Volumes/rushes/Take 2.mov")

    assert there.media.url == "s3://rushes/day%201/Take%202.mov"
    assert there.warnings == (
        "editing programs cannot open s3://rushes/day%201/Take%202.mov; name a copy by --media",
    )
    assert (here.media.url, here.warnings) == ("file:///Volumes/rushes/Take%202.mov", ())


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("/rushes/a b#c?d%e.mov", "file:///rushes/a%20b%23c%3Fd%25e.mov"),
        ("/rushes/é \udcff.mov", "file:///rushes/%C3%A9%20%FF.mov"),
        (r"C:\rushes\a b.mov", "file:///C:/rushes/a%20b.mov"),
        (r"\\nas\rushes\a.mov", "file://nas/rushes/a.mov"),
        ("file:///rushes/a%20b.mov", "file:///rushes/a%20b.mov"),
        ("https://cdn.example/a.mov?v=1", "https://cdn.example/a.mov?v=1"),
        ("s3://bucket/ä/a&b.mov", "s3://bucket/%C3%A4/a%26b.mov"),
    ],
)
def test_a_place_as_a_url(place: str, url: str) -> None:
    assert media_url(place) == url
