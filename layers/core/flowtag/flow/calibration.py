"""How an estimator's cues add up to a probability; each estimator ships with its own figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from flowtag.flow.field import FloatArray
from flowtag.frozen_model import Model

COLUMNS_ALONE = 10
"""Columns of an estimator that is compared with no other."""


class Calibration(Model):
    """Weights of a logistic model over the columns of ``flowtag.flow.confidence.design``.

    Fitted by ``benchmarks/calibrate_confidence.py`` on generated pairs whose flow is known exactly.
    The last two are of an estimator that is compared with DIS; with 0 in both it is not.
    """

    intercept: float
    round_trip: float
    residual: float
    unrest: float
    contrast: float
    reach: float
    outside: float
    round_trip_around: float
    residual_around: float
    unrest_around: float
    disagreement: float = 0.0
    disagreement_around: float = 0.0

    @classmethod
    def of(cls, weights: Sequence[float]) -> Self:
        """From the weights of the columns, ten or twelve of them, in their order."""
        names = tuple(cls.model_fields)
        if len(weights) == COLUMNS_ALONE:
            names = names[:COLUMNS_ALONE]
        return cls(**dict(zip(names, weights, strict=True)))

    @property
    def asks_another(self) -> bool:
        """Whether it weighs how far another estimator's flow lies from the one judged."""
        return bool(self.disagreement or self.disagreement_around)

    def weights(self) -> FloatArray:
        """``(10,)`` or, if another estimator is asked, ``(12,)`` float32, as columns come."""
        columns = np.array(list(self.model_dump().values()), dtype=np.float32)
        return columns if self.asks_another else columns[:COLUMNS_ALONE]


DIS_CALIBRATION = Calibration(
    intercept=-0.477,
    round_trip=-0.277,
    residual=-0.411,
    unrest=-0.135,
    contrast=-0.155,
    reach=0.083,
    outside=-0.205,
    round_trip_around=-0.927,
    residual_around=-0.592,
    unrest_around=-0.936,
)
