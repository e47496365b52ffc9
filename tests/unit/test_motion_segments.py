"""Where a shot is split, and where it is not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowtag.motion.segments import split_shot
from flowtag.thresholds import Thresholds
from tests.unit.pair_series import INTERVAL_SECONDS, Values, make_series, times

LIMITS = Thresholds()
FRAME_SECONDS = 0.04


def moves(*parts: tuple[float, float], noise: float = 0.004, seed: int = 1) -> Values:
    """Rates that hold for some seconds each, as (seconds, rate), a little noisy."""
    rates = np.concatenate([np.full(len(times(seconds)), rate) for seconds, rate in parts])
    return np.asarray(rates + np.random.default_rng(seed).normal(0, noise, len(rates)))


def borders(axis: str, *parts: tuple[float, float]) -> list[float]:
    """Seconds at which a shot of such moves is split."""
    total = sum(seconds for seconds, _ in parts)
    found = split_shot(make_series(total, **{axis: moves(*parts)}), LIMITS)
    return [border * INTERVAL_SECONDS for border in found]


@pytest.mark.parametrize(
    ("axis", "rate"), [("pan", 0.2), ("pan", -0.08), ("tilt", 0.3), ("zoom", 0.25), ("roll", 20.0)]
)
def test_a_move_and_a_rest_are_split_to_within_two_frames(axis: str, rate: float) -> None:
    assert borders(axis, (2.4, rate), (2.4, 0)) == pytest.approx([2.4], abs=2 * FRAME_SECONDS)
    assert borders(axis, (2.4, 0), (2.4, rate)) == pytest.approx([2.4], abs=2 * FRAME_SECONDS)


def test_a_pan_that_turns_round_is_split_where_it_turns() -> None:
    found = borders("pan", (2.0, 0.2), (3.2, -0.2))
    assert found == pytest.approx([2.0], abs=2 * FRAME_SECONDS)


def test_three_moves_are_three_segments() -> None:
    found = borders("tilt", (1.6, 0.0), (2.4, 0.3), (2.0, 0.0))
    assert found == pytest.approx([1.6, 4.0], abs=2 * FRAME_SECONDS)


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.2, 1.0])
def test_a_steady_pan_is_not_split(rate: float) -> None:
    assert borders("pan", (20.0, rate)) == []


def test_a_sway_that_goes_on_is_not_split() -> None:
    sway = 0.1 * np.sin(2 * np.pi * 1.3 * times(12))
    assert split_shot(make_series(12, pan=sway), LIMITS) == []


def test_a_change_of_pace_within_one_level_is_not_split() -> None:
    assert borders("pan", (3.2, 0.10), (3.2, 0.14)) == []


@pytest.mark.parametrize("pause", [0.24, 0.48, 0.64])
def test_a_pause_of_less_than_a_second_does_not_split(pause: float) -> None:
    assert borders("pan", (3.2, 0.2), (pause, 0.0), (3.2, 0.2)) == []


@pytest.mark.parametrize("pause", [1.28, 2.0])
def test_a_pause_of_more_than_a_second_splits(pause: float) -> None:
    found = borders("pan", (3.2, 0.2), (pause, 0.0), (3.2, 0.2))
    assert found == pytest.approx([3.2, 3.2 + pause], abs=2 * FRAME_SECONDS)


def test_a_shot_shorter_than_two_seconds_is_not_split() -> None:
    assert borders("pan", (0.9, 0.3), (0.9, 0.0)) == []


def test_a_shot_without_pairs_is_not_split() -> None:
    assert split_shot(make_series(3).part(0, 0), LIMITS) == []


def test_a_subject_that_starts_to_run_splits_a_shot_at_rest() -> None:
    runs = np.where(times(5.6) >= 2.4, 1.0, 0.0)
    series = make_series(5.6, subject_speed=0.5 * runs, subject_area=0.25 * runs, speed=0.2 * runs)
    found = [border * INTERVAL_SECONDS for border in split_shot(series, LIMITS)]
    assert found == pytest.approx([2.4], abs=2 * FRAME_SECONDS)


def test_where_the_camera_is_unknown_for_a_while_nothing_is_split() -> None:
    pan = moves((6.0, 0.2))
    pan[30:50] = np.nan
    assert split_shot(make_series(6, pan=pan), LIMITS) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.2, 3), st.floats(-0.6, 0.6)), min_size=1, max_size=6),
    st.integers(0, 99),
)
def test_no_segment_is_shorter_than_a_change_must_hold(
    parts: list[tuple[float, float]], seed: int
) -> None:
    pan = moves(*parts, seed=seed)
    seconds = len(pan) * INTERVAL_SECONDS
    found = [0, *split_shot(make_series(seconds, pan=pan), LIMITS), len(pan)]
    assert found == sorted(set(found))
    if len(found) > 2:
        shortest = min(last - first for first, last in pairwise(found)) * INTERVAL_SECONDS
        # Borders are sought on a grid of a fifth of a second.
        assert shortest >= LIMITS.segment_seconds - 0.2 - 1e-6
