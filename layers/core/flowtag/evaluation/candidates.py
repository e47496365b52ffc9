"""What is evaluated: flowtag's estimators, models, and OpenCV's own presets beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from flowtag.errors import SettingsError
from flowtag.flow.estimating import FlowEstimator, estimator_for
from flowtag.flow.field import FloatArray, GreyImage
from flowtag.flow.frame_pair import FramePair
from flowtag.models.registry import ModelRegistry
from flowtag.settings import PRESETS, AnalysisSettings, Preset


@dataclass(frozen=True)
class Estimate:
    """Flow of one pair.

    Attributes:
        flow: ``(h, w, 2)`` float32 px of the working size.
        confidence: ``(rows, columns)`` float32 at every ``step_px``-th pixel; None: it gives none.
        step_px: the grid of the confidence.
    """

    flow: FloatArray
    confidence: FloatArray | None = None
    step_px: int = 1


@dataclass(frozen=True)
class Candidate:
    """An estimator by the name that it was asked for.

    Attributes:
        name: such as ``dis:fast``.
        own_size_px: longer side at which it is used; None: that of the frames.
        estimate: flow of a pair of working pictures.
        model_sha256: digest, of a model.
    """

    name: str
    own_size_px: int | None
    estimate: Callable[[FramePair], Estimate]
    model_sha256: str | None = None


def candidate(name: str, models: ModelRegistry) -> Candidate:
    """The estimator of a name.

    Args:
        name: ``dis``, ``dis:PRESET``, one of ``OPENCV``, or a model's ``NAME`` or ``NAME@DIGEST``.
        models: where models are kept.

    Raises:
        SettingsError: there is no such preset.
        ModelError: there is no such model, or it is not what it should be.
        StorageError: the place where models are kept failed.
    """
    if name in OPENCV:
        cv2.setNumThreads(1)
        return Candidate(name, None, OPENCV[name]())
    kind, colon, chosen = name.partition(":")
    if kind == "dis":
        settings = AnalysisSettings.for_preset(_preset(name, chosen if colon else "balanced"))
        sha256 = None
    else:
        kept = models.find(name)
        size_px, sha256 = kept.manifest.working_size_px, kept.sha256
        settings = AnalysisSettings().with_model(kept.manifest.name, sha256, size_px)
    estimator = estimator_for(settings, models)
    return Candidate(name, settings.flow.working_size_px, _of_flowtag(estimator), sha256)


def _preset(name: str, chosen: str) -> Preset:
    for preset in PRESETS:
        if preset == chosen:
            return preset
    raise SettingsError(f"{name}: there is no preset {chosen!r}; there are {', '.join(PRESETS)}")


def _of_flowtag(estimator: FlowEstimator) -> Callable[[FramePair], Estimate]:
    def estimate(pair: FramePair) -> Estimate:
        (field,) = estimator.estimate([pair])
        if field.dense is None:
            raise SettingsError(f"{estimator.name} gives no flow at every pixel to be compared")
        return Estimate(field.dense, field.confidence, field.step_px)

    return estimate


def _dis_preset(preset: int) -> Callable[[], Callable[[FramePair], Estimate]]:
    def make() -> Callable[[FramePair], Estimate]:
        dis = cv2.DISOpticalFlow.create(preset)

        def estimate(pair: FramePair) -> Estimate:
            return Estimate(dis.calc(pair.first, pair.second, _no_guess()).astype(np.float32))

        return estimate

    return make


def _farneback() -> Callable[[FramePair], Estimate]:
    def estimate(pair: FramePair) -> Estimate:
        flow = cv2.calcOpticalFlowFarneback(
            pair.first, pair.second, _no_guess(),
            pyr_scale=0.5, levels=5, winsize=15, iterations=3, poly_n=5, poly_sigma=1.2, flags=0,
        )  # fmt: skip
        return Estimate(flow.astype(np.float32))

    return estimate


def _no_guess() -> FloatArray:
    # An array of another size is no first guess to OpenCV, None is not in its types.
    return np.zeros((1, 1, 2), dtype=np.float32)


OPENCV: dict[str, Callable[[], Callable[[FramePair], Estimate]]] = {
    "opencv-dis-ultrafast": _dis_preset(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST),
    "opencv-dis-fast": _dis_preset(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    "opencv-dis-medium": _dis_preset(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    "opencv-farneback": _farneback,
}
"""OpenCV's presets as they are, on the frames as they are: to compare with."""


def working_pair(first: GreyImage, second: GreyImage, size_px: int | None) -> FramePair:
    """Both frames at a working size; never larger than they are.

    Args:
        first: ``(H, W)`` uint8.
        second: ``(H, W)`` uint8.
        size_px: longer side; None: as they are.
    """
    height, width = first.shape
    scale = 1.0 if size_px is None else min(size_px / max(width, height), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = [
        image
        if size == (width, height)
        else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        for image in (first, second)
    ]
    return FramePair.of(small[0], small[1])
