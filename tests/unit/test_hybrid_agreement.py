"""How far two results agree: by time, over labels, levels and rates."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.hybrid_agreement import agreement, pooled


def segment(start: float, end: float, pan: float = 0.1, level: str = "low") -> dict[str, Any]:
    return {
        "start": {"seconds": start},
        "end": {"seconds": end},
        "camera": {"labels": ["pan_right"], "pan": pan, "tilt": 0.0, "zoom": None, "roll": 0.0},
        "motion": {"level": level, "speed": 0.05},
        "subject": {"level": "static"},
    }


def result(*segments: dict[str, Any]) -> dict[str, Any]:
    return {"segments": list(segments)}


def test_the_same_result_agrees_wherever_it_is_split() -> None:
    found = agreement(result(segment(0, 4)), result(segment(0, 1), segment(1, 4)))

    assert (found.seconds, found.tags) == (4, 1)


def test_a_level_that_differs_for_a_quarter_of_the_time_costs_an_eighth_of_levels() -> None:
    other = result(segment(0, 1, level="medium"), segment(1, 4))

    found = agreement(result(segment(0, 4)), other)

    assert (found.labels, found.levels, found.rates) == (1, 1 - 1 / 8, 1)


@pytest.mark.parametrize(("pan", "rates"), [(0.11, 1), (0.15, 4 / 5)])
def test_rates_agree_within_the_tolerance_of_the_benchmark_of_accuracy(
    pan: float, rates: float
) -> None:
    assert agreement(result(segment(0, 4, pan=pan)), result(segment(0, 4))).rates == rates


def test_what_is_unknown_agrees_with_nothing_that_is_known() -> None:
    known = segment(0, 4)
    known["camera"] = known["camera"] | {"zoom": 0.0}

    assert agreement(result(known), result(segment(0, 4))).rates == 4 / 5


def test_videos_count_by_their_length() -> None:
    same = agreement(result(segment(0, 3)), result(segment(0, 3)))
    other = agreement(result(segment(0, 1)), result(segment(0, 1, level="high")))

    assert pooled([same, other]).levels == pytest.approx(1 - 0.5 / 4)
