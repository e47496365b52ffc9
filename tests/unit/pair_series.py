"""A shot's pairs, made up: what the camera and the subject do over time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowtag.assembly.columns import COMPACT_PAIR_DTYPE
from flowtag.motion.series import PairSeries, Shape

SHAPE = Shape.of(1920, 1080)
INTERVAL_SECONDS = 0.08
PAIRS_PER_SECOND = 12.5

Values = npt.NDArray[np.float64]


def times(seconds: float) -> Values:
    """When the pairs of so many seconds begin."""
    return np.asarray(np.arange(round(seconds * PAIRS_PER_SECOND)) * INTERVAL_SECONDS)


def make_series(seconds: float, **columns: float | Values) -> PairSeries:
    """Pairs that are all well trusted, with some columns set; the others are zero.

    The speed follows from the camera unless it is given.
    """
    at = times(seconds)
    rows = np.zeros(len(at), COMPACT_PAIR_DTYPE)
    rows["first"] = np.arange(len(at)) * 2
    rows["interval_pts"] = 2
    rows["camera_confidence"], rows["confidence"], rows["coverage"] = 0.95, 0.9, 0.9
    rows["texture"] = 0.9
    for name, values in columns.items():
        rows[name] = values
    if "speed" not in columns:
        across = rows["pan"] * SHAPE.width_diagonals
        rows["speed"] = np.hypot(across, rows["tilt"] * SHAPE.height_diagonals)
    return PairSeries(rows, at, np.full(len(at), INTERVAL_SECONDS), SHAPE)
