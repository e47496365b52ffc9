"""Whether a claimed probability is one: calibration, and how well it tells right from wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowtag.frozen_model import Model

BINS = 10
TRUSTED_FROM = 0.5

Claims = npt.NDArray[np.floating[Any]]
Outcomes = npt.NDArray[Any]


class ReliabilityBin(Model):
    """Vectors whose confidence lies in one tenth of its range.

    Attributes:
        vectors: how many.
        claimed: their mean confidence; None without any.
        right: share of them whose end-point error is below 1 px; None without any.
    """

    vectors: int
    claimed: float | None
    right: float | None


def reliability(claimed: Claims, right: Outcomes) -> tuple[ReliabilityBin, ...]:
    """The reliability diagram, ten equal bins (Guo et al., ICML 2017).

    Args:
        claimed: ``(n,)`` probabilities.
        right: ``(n,)`` bool, or 0 and 1.
    """
    where = np.minimum((claimed * BINS).astype(int), BINS - 1)
    bins = []
    for index in range(BINS):
        inside = where == index
        vectors = int(np.count_nonzero(inside))
        means = [float(np.mean(values[inside], dtype=float)) for values in (claimed, right)
                 if vectors]  # fmt: skip
        bins.append(
            ReliabilityBin(
                vectors=vectors,
                claimed=means[0] if means else None,
                right=means[1] if means else None,
            )
        )
    return tuple(bins)


def calibration_error(claimed: Claims, right: Outcomes) -> float:
    """Expected calibration error over ten equal bins (Guo et al., ICML 2017).

    Args:
        claimed: ``(n,)`` probabilities, n > 0.
        right: ``(n,)`` bool, or 0 and 1.
    """
    bins = reliability(claimed, right)
    gaps = [
        abs(one.claimed - one.right) * one.vectors
        for one in bins
        if one.claimed is not None and one.right is not None
    ]
    return sum(gaps) / len(claimed)


def area_under_curve(claimed: Claims, right: Outcomes) -> float | None:
    """The chance that a right vector is trusted more than a wrong one (Mann and Whitney 1947).

    The area under the ROC curve, by ranks; ties count half.

    Args:
        claimed: ``(n,)`` probabilities.
        right: ``(n,)`` bool, or 0 and 1.

    Returns:
        None where all are right, or all wrong.
    """
    is_right = np.asarray(right) > 0
    rights = int(np.count_nonzero(is_right))
    wrongs = len(is_right) - rights
    if not rights or not wrongs:
        return None
    _, place, counts = np.unique(claimed, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[is_right].sum() - rights * (rights + 1) / 2) / rights / wrongs)
