"""Frame rates that editing programs and SMPTE timecode know."""

from __future__ import annotations

from fractions import Fraction

_WHOLE = (24, 25, 30, 48, 50, 60)
EDITING_RATES = tuple(
    sorted({*map(Fraction, _WHOLE), *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60))})
)


def editing_rate(rate: Fraction) -> Fraction:
    """The rate at which an editing program counts the frames of a video.

    A rate that none of them knows becomes the fastest that is a whole part of it (120 is cut at
    60), else the slowest that it is a whole part of (12.5 at 25), else the next whole one above.
    """
    if rate in EDITING_RATES:
        return rate
    parts = [known for known in EDITING_RATES if (rate / known).denominator == 1]
    if parts:
        return parts[-1]
    multiples = [known for known in EDITING_RATES if (known / rate).denominator == 1]
    if multiples:
        return multiples[0]
    return next((Fraction(known) for known in _WHOLE if known >= rate), Fraction(60))


def rate_text(rate: Fraction) -> str:
    """A rate as editors call it: ``25``, ``23.976``, ``29.97``."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def timebase(rate: Fraction) -> int:
    """The whole number of frames in a second of timecode."""
    return round(rate)


def is_ntsc(rate: Fraction) -> bool:
    """Whether a rate is a whole one slowed by 1000/1001."""
    return rate.denominator == 1001
