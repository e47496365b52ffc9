"""How an estimator's cues add up to a probability; each estimator ships with its own figures."""

from __future__ import annotations

import numpy as np

from flowtag.flow.field import FloatArray
from flowtag.frozen_model import Model


class Calibration(Model):
    """Weights of a logistic model over the columns of ``flowtag.flow.confidence.design``.

    Fitted by ``benchmarks/calibrate_confidence.py`` on generated pairs whose flow is known exactly.
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

    def weights(self) -> FloatArray:
        """``(10,)`` float32, in the order of the columns."""
        return np.array(list(self.model_dump().values()), dtype=np.float32)


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
