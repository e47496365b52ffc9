"""How far two histograms are apart: Kullback-Leibler divergence and population stability index.

Kullback and Leibler, On Information and Sufficiency, 1951. The index is their symmetric divergence
J, as credit scoring reads it: below 0.1 stable, above 0.25 shifted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SMOOTHING = 0.5
"""Added to each bin's count (Jeffreys' prior), so that an empty bin is rare and not impossible."""


class Divergence(NamedTuple):
    """In nats; ``kl`` is of the current distribution from the baseline's."""

    kl: float
    psi: float


def divergence(current: npt.ArrayLike, baseline: npt.ArrayLike) -> Divergence:
    """Compares two histograms over the same bins.

    Args:
        current: ``(bins,)`` counts.
        baseline: ``(bins,)`` counts.

    Raises:
        ValueError: they have not the same number of bins.
    """
    p, q = _shares(current), _shares(baseline)
    if p.shape != q.shape:
        raise ValueError(f"{p.shape} bins cannot be compared with {q.shape}")
    ratio = np.log(p / q)
    return Divergence(float(np.sum(p * ratio)), float(np.sum((p - q) * ratio)))


def _shares(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    smoothed = np.asarray(counts, dtype=np.float64) + SMOOTHING
    shares: npt.NDArray[np.float64] = smoothed / smoothed.sum()
    return shares
