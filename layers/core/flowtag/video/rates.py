"""The nominal frame rate: what a stream's rate is called, found from what its pts say."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

FALLBACK_RATE = Fraction(25)
"""Of a stream that says nothing at all, e.g. of a single frame."""

_MAX_RATE = Fraction(1000)
_NTSC = (24, 30, 48, 60, 72, 96, 120, 240)
_PLAIN = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 12.5, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72),
    *(90, 96, 100, 120, 144, 150, 180, 200, 240, 250, 300, 480, 500, 600, 960, 1000),
)
STANDARD_RATES = tuple(
    sorted({Fraction(rate) for rate in _PLAIN} | {Fraction(r * 1000, 1001) for r in _NTSC})
)
_SNAP = Fraction(1, 500)
_ROUNDING_TICKS = 1


@dataclass(frozen=True, slots=True)
class Cadence:
    """How regularly frames follow each other.

    Attributes:
        frame_rate: the nominal rate, in frames per second.
        variable: whether intervals differ by more than the rounding of their time base.
    """

    frame_rate: Fraction
    variable: bool


def snapped(rate: Fraction) -> Fraction:
    """A rate as it is called: the nearest standard one within 0.2 %, else a plain fraction."""
    if rate <= 0:
        return FALLBACK_RATE
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard / rate - 1))
    if abs(nearest / rate - 1) <= _SNAP:
        return nearest
    plain = rate.limit_denominator(1001)
    return plain if plain > 0 else rate


def claimed_rate(*claims: Fraction | None) -> Fraction:
    """The first rate of a header that a frame rate can be, snapped.

    Args:
        claims: frames per second, most trusted first; None or 0 where the header is silent.
    """
    for claim in claims:
        if claim is not None and 0 < claim <= _MAX_RATE:
            return snapped(claim)
    return FALLBACK_RATE


def measured_cadence(steps: NDArray[np.int64], time_base: Fraction, claimed: Fraction) -> Cadence:
    """What presentation times say of the rate.

    Args:
        steps: from each frame to the next, `(N - 1,)`, in ticks.
        time_base: seconds per tick.
        claimed: the header's rate, which stands wherever the pts do not contradict it.
    """
    steps = steps[steps > 0]
    if len(steps) < 2:
        return Cadence(claimed, False)
    values, counts = np.unique(steps, return_counts=True)
    commonest = int(values[np.argmax(counts)])
    near = steps[np.abs(steps - commonest) <= _ROUNDING_TICKS]
    variable = len(near) < len(steps)
    mean = Fraction(int(near.sum()), len(near)) * time_base
    measured = 1 / mean
    agrees = abs(measured / claimed - 1) <= _tolerance(commonest, len(near))
    return Cadence(claimed if agrees else snapped(measured), variable)


def sampled_cadence(steps: NDArray[np.int64], time_base: Fraction, claimed: Fraction) -> Cadence:
    """What the presentation times of a few frames say of the rate.

    As :func:`measured_cadence`; but of steps that vary, a few do not tell which is the commonest in
    the whole, so a header's rate stands if all of them are multiples of its interval.
    """
    found = measured_cadence(steps, time_base, claimed)
    if not found.variable:
        return found
    nominal = float(1 / (claimed * time_base))
    off = np.abs(steps - np.rint(steps / nominal) * nominal)
    return Cadence(claimed, True) if bool(np.all(off <= _ROUNDING_TICKS)) else found


def _tolerance(step: int, count: int) -> Fraction:
    """Relative error of a mean step: half a tick at each end of the run."""
    return max(_SNAP / 4, Fraction(_ROUNDING_TICKS, step * count))
