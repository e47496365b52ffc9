"""The metrics whose distributions are compared, counted finely while tables are read.

Counts of fine bins take the same room however many runs are read, add up in any order, and give
quantiles to within a bin.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Metric = Literal["speed", "confidence", "coverage", "photometric_change"]
METRICS: tuple[Metric, ...] = get_args(Metric)

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

# Twenty bins an octave: a quantile is off by 3.5% at most, and nothing below a thousandth of the
# slowest motion that shows is told apart.
_RATES = 10.0 ** np.linspace(-5, 2, 7 * 66 + 1)
_SHARES = np.linspace(0, 1, 501)
_FINE_EDGES: dict[Metric, Values] = {
    "speed": _RATES,
    "confidence": _SHARES,
    "coverage": _SHARES,
    "photometric_change": _RATES,
}


class FineCounts:
    """How often each fine bin of a metric was met; the last count is of unknown values."""

    def __init__(self, metric: Metric) -> None:
        self.edges = _FINE_EDGES[metric]
        self.counts: Counts = np.zeros(len(self.edges) + 2, dtype=np.int64)

    def add(self, values: Values) -> None:
        """Counts ``(n,)`` values; NaN is unknown."""
        self.counts += binned(values, self.edges)

    def quantile_edges(self, bins: int) -> Values:
        """Edges, at most ``bins - 1``, between bins that hold about as many values each.

        Fewer where many values are alike. No edge leaves one side without a value.
        """
        known = self.counts[:-1]
        total = int(known.sum())
        if not total:
            return np.empty(0)
        below = np.cumsum(known)[:-1]
        wanted = total * np.arange(1, bins) / bins
        places = np.minimum(np.searchsorted(below, wanted), len(self.edges) - 1)
        parting = (below[places] > 0) & (below[places] < total)
        edges: Values = self.edges[np.unique(places[parting])]
        return edges

    def merged_to(self, edges: Values) -> Counts:
        """Counts between some of the fine edges, then of unknown values."""
        starts = np.concatenate([[0], np.searchsorted(self.edges, edges) + 1])
        merged: Counts = np.add.reduceat(self.counts[:-1], starts)
        return np.concatenate([merged, self.counts[-1:]])


def binned(values: Values, edges: Values) -> Counts:
    """Counts of ``(n,)`` values between ascending edges, then of NaN: ``len(edges) + 2`` of them.

    A value at an edge belongs above it.
    """
    known = values[np.isfinite(values)]
    places = np.searchsorted(edges, known, side="right")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return np.concatenate([counts, [len(values) - len(known)]]).astype(np.int64)
