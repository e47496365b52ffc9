"""How names, times and numbers are put before people."""

from __future__ import annotations

import os
from pathlib import Path


def printable(text: str | Path) -> str:
    r"""Text in which everything that a terminal might obey or refuse is written as an escape.

    Example:
        >>> printable("two\nlines")
        'two\\nlines'
    """
    plain = os.fsencode(text).decode("utf-8", "backslashreplace") if _is_raw(text) else str(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)


def clock(seconds: float) -> str:
    """A duration as people read it: ``8 s``, ``3:05``, ``1:02:03``."""
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is_raw(text: str | Path) -> bool:
    # File names that are no UTF-8 reach Python as lone surrogates.
    return any("\udc80" <= character <= "\udcff" for character in str(text))
