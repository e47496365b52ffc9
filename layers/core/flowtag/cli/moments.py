"""Times on the command line: points (``HH:MM:SS[.mmm]``, ``end``) and lengths (``3s``)."""

from __future__ import annotations

import re
from fractions import Fraction

import click

Range = tuple[Fraction, Fraction | None]

_SECONDS = re.compile(r"^\d+(\.\d+)?$")
_LENGTH = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h)?$")
_UNITS_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_CLOCK = re.compile(r"^(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)$")


def moment(value: str) -> Fraction | None:
    """Reads a time since the first frame, exactly; None is the end, wherever that is.

    Raises:
        click.BadParameter: it is no time.
    """
    text = value.strip().lower()
    if text == "end":
        return None
    if _SECONDS.match(text):
        return Fraction(text)
    match = _CLOCK.match(text)
    if match is None or int(match[2]) > 59 or Fraction(match[3]) >= 60:
        raise click.BadParameter(f"{value!r} is neither seconds, nor HH:MM:SS[.mmm], nor 'end'")
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + Fraction(match[3])


def duration(value: str) -> float:
    """Reads a length of time, in seconds; plain numbers are seconds.

    Raises:
        click.BadParameter: it is none.
    """
    match = _LENGTH.match(value.strip().lower())
    if match is None:
        raise click.BadParameter(f"{value!r} is no length of time, such as 3s, 500ms or 2m")
    return float(match[1]) * _UNITS_SECONDS[match[2] or "s"]


def checked_range(moments: tuple[Fraction | None, Fraction | None] | None) -> Range | None:
    """A range as the settings want it; the whole video is no range.

    Raises:
        click.BadParameter: it is empty, or begins at the end.
    """
    if moments is None:
        return None
    start, end = moments
    if start is None or (end is not None and end <= start):
        raise click.BadParameter("START must lie before END", param_hint="--range")
    return None if start == 0 and end is None else (start, end)
