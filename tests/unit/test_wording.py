from __future__ import annotations

import os
from fractions import Fraction

import click
import pytest

from flowtag.cli.moments import checked_range, moment
from flowtag.cli.sparkline import sparkline
from flowtag.wording import clock, count, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", Fraction(0)),
        ("12.5", Fraction(25, 2)),
        ("0.1", Fraction(1, 10)),
        ("1:30", Fraction(90)),
        ("00:01:30", Fraction(90)),
        ("10:00:00.040", Fraction(900001, 25)),
        ("00:00:00.001", Fraction(1, 1000)),
        ("end", None),
        ("END", None),
    ],
)
def test_a_moment_is_read_exactly(text: str, expected: Fraction | None) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-1", "1e3", "nan", "1:60", "00:60:00", "1:2", "00:00:01:12", "soon", "1,5"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        moment(text)


def test_a_range_goes_forward() -> None:
    assert checked_range(None) is None
    for right in [(Fraction(1), Fraction(2)), (Fraction(1), None), (Fraction(0), Fraction(1))]:
        assert checked_range(right) == right
    for wrong in [(Fraction(2), Fraction(2)), (Fraction(2), Fraction(1)), (None, Fraction(1))]:
        with pytest.raises(click.BadParameter):
            checked_range(wrong)


def test_the_whole_video_is_no_range() -> None:
    assert checked_range((Fraction(0), None)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain name.mov", "plain name.mov"),
        ("[red]日本.mov", "[red]日本.mov"),
        ("two\nlines\t", r"two\nlines\t"),
        ("\x1b[2Jclear", r"\x1b[2Jclear"),
        (os.fsdecode(b"caf\xe9.mov"), r"caf\xe9.mov"),
        ("right\u202eleft", r"right\u202eleft"),
    ],
)
def test_a_name_is_printed_without_effect(text: str, expected: str) -> None:
    assert printable(text) == expected
    assert printable(text).encode()


def test_durations_and_counts_are_read_easily() -> None:
    assert [clock(s) for s in (-1, 8.4, 185, 3723)] == ["0 s", "8 s", "3:05", "1:02:03"]
    assert [count(n, "shot") for n in (0, 1, 2)] == ["0 shots", "1 shot", "2 shots"]


def test_a_sparkline_shows_the_fastest_moment_of_each_part() -> None:
    samples = [(0.0, 0.0), (1.0, 0.6), (1.5, 0.0), (2.0, 0.15), (3.0, 5.0)]
    assert sparkline(samples, 4.0, 4) == "▁█▅█"


def test_a_sparkline_holds_a_sample_and_knows_what_it_does_not() -> None:
    assert sparkline([(2.0, 0.6)], 4.0, 4) == "··██"
    assert sparkline([(0.0, None), (1.0, float("nan"))], 4.0, 4) == "····"
    assert sparkline([(0.0, 0.6)], 0.0, 2) == "██"
    assert sparkline([], 0.0, 3) == "···"
