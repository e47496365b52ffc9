"""How good an estimator is, on pairs with truth; any function of two frames can be measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from flowtag.evaluation.reliability import area_under_curve, calibration_error
from gpu_worker.training.batches import equal
from gpu_worker.training.pairs import draw_pair
from gpu_worker.training.textures import FloatArray, make_textures
from tests.rendering.pairs import FlowPair
from tests.rendering.pictures import Image

VALIDATION_PAIRS = 32
_VALIDATION_SEED = 0
_VALIDATION_SIZE_PX = (320, 192)
_CORRECT_BELOW_PX = 1.0


class Answer(NamedTuple):
    """What an estimator says about a pair.

    Attributes:
        flow: ``(H, W, 2)`` px.
        confidence: ``(H, W)``, P(end-point error < 1 px), of those that tell.
        occlusion: ``(H, W)``, probability, of those that tell.
    """

    flow: FloatArray
    confidence: FloatArray | None = None
    occlusion: FloatArray | None = None


Estimator = Callable[[Image, Image], Answer]


@dataclass(frozen=True)
class Figures:
    """Averages over all px of all pairs whose flow is known.

    Attributes:
        epe_px: Mean end-point error.
        epe_visible_px: Where the second frame shows the content.
        off_1px: Share with an error of 1 px or more.
        off_3px: Likewise, 3 px.
        ece: Expected calibration error of the confidence, ten bins.
        auc: Area under the ROC curve of the confidence.
        occlusion_auc: Likewise of occlusion.
    """

    epe_px: float
    epe_visible_px: float
    off_1px: float
    off_3px: float
    ece: float | None = None
    auc: float | None = None
    occlusion_auc: float | None = None

    def rounded(self) -> dict[str, float]:
        """For the log: what is known, in four digits."""
        return {name: round(value, 4) for name, value in asdict(self).items() if value is not None}


def dis_medium(first: Image, second: Image) -> Answer:
    """OpenCV's DIS, MEDIUM preset, at the size of the frames: what has to be beaten."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # An array of another size is no first guess to OpenCV, None is not in its types.
    no_guess = np.zeros((1, 1, 2), np.float32)
    return Answer(np.asarray(dis.calc(first, second, no_guess), np.float32))


@lru_cache(maxsize=1)
def validation_pairs() -> tuple[FlowPair, ...]:
    """Pairs of photographs that training never sees, always the same ones."""
    textures = make_textures(_VALIDATION_SEED, drawn=4, held_out=True)
    seeds = range(_VALIDATION_SEED, _VALIDATION_SEED + VALIDATION_PAIRS)
    return tuple(draw_pair(seed, textures, *_VALIDATION_SIZE_PX) for seed in seeds)


def figures_of(estimator: Estimator, pairs: Sequence[FlowPair]) -> Figures:
    """Measures an estimator; px of unknown flow (not finite) count nowhere."""
    errors, visible, told, hidden = [], [], [], []
    for pair in pairs:
        answer = estimator(*equal(pair))
        known = np.isfinite(pair.flow).all(-1)
        errors.append(np.linalg.norm(answer.flow - pair.flow, axis=-1)[known])
        visible.append(~pair.occluded[known])
        if answer.confidence is not None:
            told.append(answer.confidence[known].astype(np.float64))
        if answer.occlusion is not None:
            hidden.append(answer.occlusion[known].astype(np.float64))
    error, seen = np.concatenate(errors), np.concatenate(visible)
    right = (error < _CORRECT_BELOW_PX).astype(np.float64)
    confidence = np.concatenate(told) if told else None
    return Figures(
        epe_px=float(error.mean()),
        epe_visible_px=float(error[seen].mean()),
        off_1px=float(1 - right.mean()),
        off_3px=float((error >= 3).mean()),
        ece=None if confidence is None else calibration_error(confidence, right),
        auc=None if confidence is None else area_under_curve(confidence, right),
        occlusion_auc=area_under_curve(np.concatenate(hidden), ~seen) if hidden else None,
    )
