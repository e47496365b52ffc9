"""Points of time on the command line: seconds, ``HH:MM:SS[.mmm]``, or ``end``."""

from __future__ import annotations

import re
from fractions import Fraction

import click

Range = tuple[Fraction, Fraction | None]

_SECONDS = re.compile(r"^\d+(\.\d+)?$")
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
