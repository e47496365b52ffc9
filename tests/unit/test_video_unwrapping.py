from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.contracts.messages import VideoProbe
from flowtag.video.unwrapping import (
    TimeGap,
    Unwrapper,
    believed_ticks,
    jump_ticks,
    nominal_ticks,
)


def _unwrapper(first: int = 0) -> Unwrapper:
    return Unwrapper(frame_ticks=40, jump=10_000, first=first)


def _probe(container: str, rate: Fraction = Fraction(25)) -> VideoProbe:
    return VideoProbe(
        container=container,
        codec="h264",
        stream_index=0,
        width=64,
        height=64,
        pixel_format="yuv420p",
        time_base=Fraction(1, 90000),
        frame_rate=rate,
        start_pts=0,
    )


def _unwrap(unwrapper: Unwrapper, *raw: int | None) -> list[int]:
    return [unwrapper.unwrap(pts) for pts in raw]


def test_orderly_times_pass_unchanged_even_negative_ones() -> None:
    unwrapper = _unwrapper()
    assert _unwrap(unwrapper, -80, -40, 0, 40, 200) == [-80, -40, 0, 40, 200]
    assert unwrapper.gaps == []


def test_missing_times_follow_the_frame_before() -> None:
    unwrapper = _unwrapper(first=-120)
    assert _unwrap(unwrapper, None, None, None, 0, None, 80) == [-120, -80, -40, 0, 40, 80]
    assert unwrapper.missing == 4
    assert unwrapper.nudged == 0


def test_a_reset_goes_on_one_frame_later_and_is_kept() -> None:
    unwrapper = _unwrapper()
    assert _unwrap(unwrapper, 4000, 4040, 0, 40, 80) == [4000, 4040, 4080, 4120, 4160]
    assert unwrapper.gaps == [TimeGap(4040, 4080, -4080, "reset")]


def test_a_jump_goes_on_one_frame_later_and_is_kept() -> None:
    unwrapper = _unwrapper()
    assert _unwrap(unwrapper, 0, 40, 60_040, 60_080) == [0, 40, 80, 120]
    assert unwrapper.gaps == [TimeGap(40, 80, 59_960, "jump")]


def test_a_time_that_lies_wrong_once_shifts_nothing_for_good() -> None:
    unwrapper = _unwrapper()
    assert _unwrap(unwrapper, 0, 40, 90_000, 120, 160) == [0, 40, 80, 120, 160]
    assert [gap.reason for gap in unwrapper.gaps] == ["jump", "reset"]


def test_a_long_step_below_the_limit_is_time_that_passed() -> None:
    assert _unwrap(_unwrapper(), 0, 9_000, 9_040) == [0, 9_000, 9_040]


def test_a_repeated_time_leaves_the_next_frame_in_place() -> None:
    unwrapper = _unwrapper()
    assert _unwrap(unwrapper, 0, 40, 40, 80) == [0, 40, 60, 80]
    assert unwrapper.nudged == 1
    assert unwrapper.gaps == []


def test_decode_times_of_reordered_frames_become_even_ones() -> None:
    unwrapper = Unwrapper(frame_ticks=1, jump=250, first=0)
    assert _unwrap(unwrapper, 0, 2, 3, 1, 5, 6, 4, 8) == [0, 2, 3, 4, 5, 6, 7, 8]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), max_size=60))
def test_whatever_comes_what_goes_is_strictly_increasing(raw: list[int | None]) -> None:
    pts = _unwrap(_unwrapper(), *raw)
    assert pts == sorted(set(pts))
    assert len(pts) == len(raw)


@given(st.lists(st.integers(1, 9_000), min_size=1, max_size=60))
def test_what_is_in_order_is_never_touched(steps: list[int]) -> None:
    raw = [sum(steps[:end]) for end in range(len(steps) + 1)]
    assert _unwrap(_unwrapper(), *raw) == raw


@pytest.mark.parametrize(
    ("container", "rate", "seconds"),
    [
        ("mpegts", Fraction(25), 10),
        ("mpeg", Fraction(25), 10),
        ("mov,mp4,m4a", Fraction(25), 3600),
        ("matroska,webm", Fraction(25), 3600),
        ("mpegts", Fraction(1, 60), 240),
    ],
)
def test_how_long_a_step_is_believed(container: str, rate: Fraction, seconds: int) -> None:
    assert believed_ticks(_probe(container, rate)) == seconds * 90000


def test_once_times_are_suspect_ten_seconds_are_a_jump() -> None:
    assert jump_ticks(_probe("matroska,webm")) == 900_000


def test_a_nominal_frame_is_at_least_a_tick() -> None:
    assert nominal_ticks(_probe("mpegts")) == 3600
    assert nominal_ticks(_probe("mpegts", Fraction(1_000_000))) == 1
