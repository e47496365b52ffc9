"""Evidence for an edit between two neighbouring frames, and a frame's own measures.

Cheap for frames that hardly differ; where they do, motion gets its chance to explain the change.
An edit is what motion does not explain.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from flowtag.contracts.features import SIGNATURE_SHAPE
from flowtag.flow.confidence import pixel_positions, sampled_at
from flowtag.flow.dis import DenseFlow, large_shift
from flowtag.flow.field import FloatArray, GreyImage, length_of, median_of
from flowtag.flow.photometry import equalise, measure_photometry
from flowtag.settings import FlowSettings

_EVIDENCE_WIDTH_PX = 128
# Below this share of their contrast, and this many levels, two frames cannot lie across a cut.
_GATE_OF_CONTRAST = 0.15
_GATE_LEVELS = 1.0
_ROUND_TRIP_PX = 1.0
_LEAST_RESIDUAL_LEVELS = 5.0
_RESIDUAL_OF_CONTRAST = 0.35


_EVIDENCE_FLOW = FlowSettings()


@dataclass(frozen=True, slots=True)
class FrameMeasures:
    """One frame: its small pictures and what they say.

    Attributes:
        image: ``(H, W)`` uint8 of the working size.
        coarse: ``(h, w)`` uint8, at most 128 px wide, for evidence.
        signature: ``(18, 32)`` uint8.
        luma: mean grey level.
        contrast: standard deviation of grey levels.
        detail: mean squared difference of neighbouring pixels.
    """

    image: GreyImage
    coarse: GreyImage
    signature: GreyImage
    luma: float
    contrast: float
    detail: float


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """From one frame to the next; see the columns of the same names in ``FRAME_DTYPE``."""

    difference: float
    temporal_information: float
    match: float
    shift: float


def measure_frame(image: GreyImage) -> FrameMeasures:
    """Measures one working picture, ``(H, W)`` uint8."""
    height, width = image.shape
    scale = min(_EVIDENCE_WIDTH_PX / max(width, height), 1.0)
    size = (max(round(width * scale), 16), max(round(height * scale), 16))
    coarse = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    rows, columns = SIGNATURE_SHAPE
    signature = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_AREA)
    mean, spread = cv2.meanStdDev(image)
    across = cv2.norm(image[:, 1:], image[:, :-1], cv2.NORM_L2SQR) / image.size
    down = cv2.norm(image[1:], image[:-1], cv2.NORM_L2SQR) / image.size
    return FrameMeasures(
        image,
        np.asarray(coarse, dtype=np.uint8),
        np.asarray(signature, dtype=np.uint8),
        float(mean[0, 0]),
        float(spread[0, 0]),
        float(across + down),
    )


class StepComparer:
    """Compares neighbouring frames. Keeps settings only, nothing of the frames."""

    def __init__(self) -> None:
        self._flow = DenseFlow(_EVIDENCE_FLOW)

    def compare(self, first: FrameMeasures, second: FrameMeasures) -> StepEvidence:
        """The evidence of the step from ``first`` to ``second``."""
        change = measure_photometry(first.coarse, second.coarse)
        a, b = equalise(first.coarse, second.coarse, change)
        difference = cv2.norm(a, b, cv2.NORM_L1) / a.size
        contrast = float(cv2.meanStdDev(a)[1][0, 0])
        ti = temporal_information(first.image, second.image)
        if difference < max(_GATE_OF_CONTRAST * contrast, _GATE_LEVELS):
            return StepEvidence(difference, ti, 1.0, 0.0)
        match, shift_px = self._match(a, b)
        return StepEvidence(difference, ti, match, shift_px / a.shape[1])

    def _match(self, a: GreyImage, b: GreyImage) -> tuple[float, float]:
        """Share of the texture that motion explains, and the median displacement in px."""
        start = large_shift(a, b)
        forward = self._flow(a, b, start)
        backward = self._flow(b, a, None if start is None else (-start[0], -start[1]))
        to = pixel_positions(*a.shape) + forward
        trip = forward + sampled_at(backward, to)
        residual = cv2.boxFilter(cv2.absdiff(a, sampled_at(b, to)), cv2.CV_32F, (3, 3))
        texture = _texture(a)
        explained = residual < _LEAST_RESIDUAL_LEVELS + _RESIDUAL_OF_CONTRAST * texture
        explained &= length_of(trip[..., 0], trip[..., 1]) < _ROUND_TRIP_PX
        weight = np.minimum(texture, 30.0) + 0.5
        share = float(weight[explained].sum() / weight.sum())
        return share, median_of(length_of(forward[..., 0], forward[..., 1]).ravel())


def temporal_information(first: GreyImage, second: GreyImage) -> float:
    """ITU-T P.910 temporal information of a step: spatial standard deviation of the difference.

    Of the upright working picture, in 8-bit full-range levels: comparable within flowtag, and
    lower than at full size, as averaging takes noise away.
    """
    change = cv2.subtract(second, first, dtype=cv2.CV_16S)
    return float(cv2.meanStdDev(change)[1][0, 0])


def _texture(image: GreyImage) -> FloatArray:
    """``(h, w)`` float32: local standard deviation in 5x5 px, grey levels."""
    values = image.astype(np.float32)
    mean = cv2.blur(values, (5, 5))
    variance = cv2.blur(values * values, (5, 5)) - mean * mean
    deviation: FloatArray = np.sqrt(np.maximum(variance, 0))
    return deviation
