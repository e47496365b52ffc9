"""Time is exact until it is printed; timecode is counted as the timecode package counts it."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timecode.timecode import Timecode

from flowtag.timing import (
    Timeline,
    drops_frames,
    format_timecode,
    parse_timecode,
    round_half_up,
)

RATES = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60": Fraction(60),
}
COUNTINGS = [*((name, False) for name in RATES), ("29.97", True), ("59.94", True)]
counting = pytest.mark.parametrize(
    ("name", "drop_frame"),
    COUNTINGS,
    ids=lambda value: {True: "df", False: "ndf"}.get(value, value),
)


def independent_timecode(name: str, frame: int, drop_frame: bool) -> str:
    """What the timecode package, which counts from 1, shows at a frame that we count from 0."""
    return str(Timecode(name, frames=frame + 1, force_non_drop_frame=not drop_frame))


def frames_of_a_day(rate: Fraction, drop_frame: bool) -> int:
    """SMPTE ST 12-1: two numbers (four at 59.94) fewer in 1296 of a day's 1440 minutes."""
    base = round(rate)
    return base * 86400 - (base // 15 * 1296 if drop_frame else 0)


def frames_to_try(rate: Fraction, drop_frame: bool) -> list[int]:
    """Random frames of a day, and all around the minutes where counting is odd."""
    day = frames_of_a_day(rate, drop_frame)
    draw = random.Random(f"{rate} {drop_frame}")
    minute = round(rate) * 60
    borders = [minute * k + step for k in (1, 2, 9, 10, 11, 60) for step in range(-25, 6)]
    return [0, 1, day - 1, *borders, *(draw.randrange(day) for _ in range(400))]


@counting
def test_timecode_is_the_one_that_an_independent_counter_shows(name: str, drop_frame: bool) -> None:
    rate = RATES[name]
    for frame in frames_to_try(rate, drop_frame):
        shown = format_timecode(frame, rate, drop_frame)
        assert shown == independent_timecode(name, frame, drop_frame)


@counting
def test_timecode_is_read_back_as_the_frame_that_it_was_written_for(
    name: str, drop_frame: bool
) -> None:
    rate = RATES[name]
    for frame in frames_to_try(rate, drop_frame):
        text = independent_timecode(name, frame, drop_frame)
        assert parse_timecode(text, rate) == (frame, drop_frame)


@counting
def test_timecode_begins_again_at_midnight(name: str, drop_frame: bool) -> None:
    rate = RATES[name]
    day = frames_of_a_day(rate, drop_frame)
    shown = format_timecode(day + 7, rate, drop_frame)
    assert shown == format_timecode(7, rate, drop_frame)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("", Fraction(25)),
        ("01:00:00", Fraction(25)),
        ("01:00:00:25", Fraction(25)),
        ("01:60:00:00", Fraction(25)),
        ("01:00:60:00", Fraction(25)),
        ("x1:00:00:00", Fraction(25)),
        ("00:01:00;00", Fraction(30000, 1001)),
        ("00:59:00;01", Fraction(30000, 1001)),
        ("00:01:00;03", Fraction(60000, 1001)),
    ],
)
def test_a_number_that_does_not_exist_is_refused(text: str, rate: Fraction) -> None:
    with pytest.raises(ValueError, match=r"timecode|exist|leaves out"):
        parse_timecode(text, rate)


def test_drop_frame_numbers_begin_at_two_but_in_the_tenth_minute() -> None:
    rate = Fraction(30000, 1001)
    assert parse_timecode("00:01:00;02", rate) == (1800, True)
    assert parse_timecode("00:10:00;00", rate) == (17982, True)


def test_a_semicolon_means_nothing_at_rates_that_drop_no_frames() -> None:
    assert parse_timecode("00:01:00;00", Fraction(25)) == (1500, False)


def test_only_two_rates_drop_frames() -> None:
    assert [name for name, rate in RATES.items() if drops_frames(rate)] == ["29.97", "59.94"]


def test_no_timecode_exists_at_no_frames_per_second() -> None:
    with pytest.raises(ValueError, match="no timecode"):
        format_timecode(0, Fraction(1, 5), False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 2), 1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),
        (Fraction(-1, 2), 0),
        (Fraction(-3, 2), -1),
        (Fraction(499999999999999999, 10**18), 0),
    ],
)
def test_halves_round_up(value: Fraction, expected: int) -> None:
    assert round_half_up(value) == expected


rates = st.sampled_from(list(RATES.values()))
bases = st.builds(Fraction, st.integers(1, 1001), st.integers(1, 192_000))


@given(bases, st.integers(-(2**62), 2**62), st.integers(0, 2**40))
def test_seconds_are_exact_however_far_the_start(base: Fraction, start: int, ticks: int) -> None:
    timeline = Timeline(base, start, Fraction(25))
    assert timeline.seconds(start + ticks) == ticks * base
    assert timeline.pts_at(ticks * base) == start + ticks


@given(bases, st.integers(-(10**9), 10**9), st.fractions(0, 10**6))
def test_pts_of_a_time_is_the_first_one_not_before_it(
    base: Fraction, start: int, seconds: Fraction
) -> None:
    timeline = Timeline(base, start, Fraction(25))
    pts = timeline.pts_at(seconds)
    assert timeline.seconds(pts) >= seconds > timeline.seconds(pts - 1)


@given(rates, st.sampled_from([1000, 12_800, 90_000, 48_000]), st.integers(0, 10**7))
def test_the_nth_frame_has_number_n_where_the_container_rounds_its_time(
    rate: Fraction, ticks_per_second: int, number: int
) -> None:
    timeline = Timeline(Fraction(1, ticks_per_second), 0, rate)
    stored = round(number / rate * ticks_per_second)
    assert timeline.frame(stored) == number


def test_frames_are_conformed_to_the_nominal_rate_and_not_counted() -> None:
    timeline = Timeline(Fraction(1, 1000), 5000, Fraction(25))
    shown_at_ms = [0, 33, 100, 140, 500, 519, 520]
    assert [timeline.frame(5000 + ms) for ms in shown_at_ms] == [0, 1, 3, 4, 13, 13, 13]


def test_a_frame_half_way_between_two_numbers_takes_the_later() -> None:
    timeline = Timeline(Fraction(1, 50), 0, Fraction(25))
    assert [timeline.frame(pts) for pts in range(6)] == [0, 1, 1, 2, 2, 3]


def test_timecode_starts_where_the_source_says() -> None:
    rate = Fraction(30000, 1001)
    start, drop_frame = parse_timecode("00:59:59;28", rate)
    timeline = Timeline(1 / rate, 10, rate, start, drop_frame)
    clock = Timecode("29.97", "00:59:59;28")
    assert [timeline.timecode(10 + n) for n in (0, 1, 2, 1800)] == [
        str(clock + n) if n else "00:59:59;28" for n in (0, 1, 2, 1800)
    ]
