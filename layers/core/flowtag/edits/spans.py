"""Spans of frames that are asked for again and again: by bisection, however many there are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class Spans:
    """Half-open spans ``[first, last)`` of frame indices, in any order; they may overlap."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = np.array(sorted(spans), dtype=np.int64).reshape(-1, 2)
        self._firsts = ordered[:, 0]
        self._furthest = np.maximum.accumulate(ordered[:, 1])

    def meet(self, first: int, last: int) -> bool:
        """Whether one of them begins before ``last`` and ends after ``first``."""
        begun = int(np.searchsorted(self._firsts, last))
        return begun > 0 and int(self._furthest[begun - 1]) > first
