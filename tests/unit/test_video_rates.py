from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.video.rates import (
    FALLBACK_RATE,
    STANDARD_RATES,
    Cadence,
    claimed_rate,
    measured_cadence,
    snapped,
)

MILLISECOND = Fraction(1, 1000)
NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("rate", "called"),
    [
        (Fraction(2997, 100), NTSC),
        (Fraction(54000, 1801), NTSC),
        (Fraction(23976, 1000), Fraction(24000, 1001)),
        (Fraction(2401, 100), Fraction(24)),
        (Fraction(25), Fraction(25)),
        (Fraction(59940, 1000), Fraction(60000, 1001)),
        (Fraction(225, 16), Fraction(225, 16)),
        (Fraction(1, 43), Fraction(1, 43)),
        (Fraction(0), FALLBACK_RATE),
    ],
)
def test_rates_are_called_by_their_names(rate: Fraction, called: Fraction) -> None:
    assert snapped(rate) == called


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_a_standard_rate_is_its_own_name(rate: Fraction) -> None:
    assert snapped(rate) == rate


def test_the_first_plausible_claim_counts() -> None:
    assert claimed_rate(None, Fraction(0), Fraction(90000), Fraction(25)) == 25
    assert claimed_rate(None) == FALLBACK_RATE


@given(st.sampled_from(STANDARD_RATES), st.integers(60, 300))
def test_rounding_to_milliseconds_is_not_variable(rate: Fraction, count: int) -> None:
    pts = np.array([round(n / rate / MILLISECOND) for n in range(count)], np.int64)
    cadence = measured_cadence(np.diff(pts), MILLISECOND, rate)
    assert cadence == Cadence(rate, False)


def test_a_wrong_claim_gives_way_to_the_commonest_step() -> None:
    steps = np.array([3600] * 60 + [7200] * 20 + [18000] * 5, np.int64)
    cadence = measured_cadence(steps, Fraction(1, 90000), Fraction(225, 16))
    assert cadence == Cadence(Fraction(25), True)


@pytest.mark.parametrize("steps", [[], [40], [0, 0, 0]])
def test_too_little_to_measure_leaves_the_claim(steps: list[int]) -> None:
    cadence = measured_cadence(np.array(steps, np.int64), MILLISECOND, NTSC)
    assert cadence == Cadence(NTSC, False)
