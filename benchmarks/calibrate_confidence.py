"""Fits ``flowtag.flow.calibration`` on generated pairs whose flow is known exactly.

``python -m benchmarks.calibrate_confidence`` prints what to put there for DIS, with the expected
calibration error and the area under the ROC curve on pairs that were not used for the fit. With
``--estimator tvl1 --write`` it does so for a built-in model, and puts it into its ``model.json``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.evaluation.reliability import area_under_curve, calibration_error
from flowtag.flow.calibration import Calibration
from flowtag.flow.confidence import design, gather_cues
from flowtag.flow.dis import DisFlow, second_opinion
from flowtag.flow.field import FloatArray as FlowArray
from flowtag.flow.field import every
from flowtag.flow.onnx import OnnxFlow
from flowtag.flow.onnx_graph import OnnxGraph
from flowtag.flow.photometry import equalise, measure_photometry
from flowtag.models.manifest import EvaluationFigures
from flowtag.models.registry import BUILT_IN, BUILT_IN_MODELS
from flowtag.settings import PRESETS, FlowSettings, Preset
from gpu_worker.models.builtin import write_manifest
from tests.rendering.pairs import random_flow_pair

FloatArray = npt.NDArray[np.float64]

_CORRECT_BELOW_PX = 1.0
_RIDGE = 1e-3
_STEP_PX = FlowSettings().grid_step_px


class BothWays(Protocol):
    """An estimator of dense flow in both directions."""

    def both_ways(
        self, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
    ) -> tuple[FlowArray, FlowArray]:
        """Forward and backward flow, ``(H, W, 2)`` px each."""
        ...


@dataclass(frozen=True)
class Judged:
    """Vectors whose truth is known.

    Attributes:
        rows: ``(n, 10)`` columns of the design, or 12 of an estimator that DIS is held against.
        error_px: ``(n,)`` end-point error.
    """

    rows: FloatArray
    error_px: FloatArray

    @property
    def right(self) -> FloatArray:
        """``(n,)`` 1 where a vector is right, else 0."""
        return (self.error_px < _CORRECT_BELOW_PX).astype(np.float64)


def estimator_and_size(name: str, preset: Preset) -> tuple[BothWays, int]:
    """An estimator, and the size in px at which it works: a model's own, DIS's by the preset."""
    settings = PRESETS[preset]
    if name == DisFlow.name:
        return DisFlow(settings), settings.working_size_px
    kept = BUILT_IN_MODELS.find(name)
    graph = OnnxGraph(BUILT_IN_MODELS.load(name, kept.sha256))
    return OnnxFlow(graph, settings), kept.manifest.working_size_px


def measure(
    flow: BothWays,
    first: npt.NDArray[np.uint8],
    second: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.float32],
) -> Judged:
    """The vectors of the grid of one pair, where flow is known."""
    a, b = equalise(first, second, measure_photometry(first, second))
    forward, backward = flow.both_ways(a, b)
    other = None if isinstance(flow, DisFlow) else second_opinion(a, b)
    cues = gather_cues(a, b, forward, backward, _STEP_PX, other)
    error = np.linalg.norm(forward - truth, axis=-1)[every(_STEP_PX)]
    known = np.isfinite(error) & (error < 1e6)
    return Judged(design(cues)[known].astype(np.float64), error[known].astype(np.float64))


def together(parts: list[Judged]) -> Judged:
    """All vectors of several pairs."""
    return Judged(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.error_px for part in parts]),
    )


def generated(flow: BothWays, seeds: range, width: int) -> Judged:
    """The vectors of generated pairs of a width in px."""
    pairs = (random_flow_pair(seed, width=width, height=width * 9 // 16) for seed in seeds)
    return together([measure(flow, pair.first, pair.second, pair.flow) for pair in pairs])


def fit(rows: FloatArray, right: FloatArray) -> FloatArray:
    """Logistic regression by Newton's method with a small ridge."""
    weights = np.zeros(rows.shape[1])
    for _ in range(30):
        probability = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (right - probability) / len(rows) - _RIDGE * weights
        curve = (rows.T * (probability * (1 - probability))) @ rows / len(rows)
        weights = weights + np.linalg.solve(curve + _RIDGE * np.eye(len(weights)), slope)
    return weights


def middlebury(flow: BothWays, folder: Path, working_size_px: int) -> Judged:
    """Vectors of Middlebury pairs (frame10.png, frame11.png, flow10.flo) in subfolders."""
    parts = []
    for scene in sorted(path.parent for path in folder.glob("*/flow10.flo")):
        truth = cv2.readOpticalFlow(str(scene / "flow10.flo"))
        truth[np.abs(truth).max(axis=-1) > 1e9] = np.nan
        scale = working_size_px / max(truth.shape[:2])
        size = (round(truth.shape[1] * scale), round(truth.shape[0] * scale))
        small = [_grey_frame(scene / f"frame{number}.png", size) for number in (10, 11)]
        known = cv2.resize(truth, size, interpolation=cv2.INTER_AREA) * scale
        parts.append(measure(flow, small[0], small[1], known))
    return together(parts)


def _grey_frame(path: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(path)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def figures(data: str, weights: FloatArray, judged: Judged) -> EvaluationFigures:
    """How right the flow is, and how well the weights say so."""
    probability = 1 / (1 + np.exp(-judged.rows @ weights))
    area = area_under_curve(probability, judged.right)
    return EvaluationFigures(
        data=data,
        epe_px=round(float(judged.error_px.mean()), 3),
        off_1px=round(1 - float(judged.right.mean()), 4),
        ece=round(calibration_error(probability, judged.right), 4),
        auc=None if area is None else round(area, 4),
    )


def write(name: str, calibration: Calibration, evaluation: EvaluationFigures) -> None:
    """Puts what was found into the ``model.json`` of a built-in model."""
    manifest = BUILT_IN_MODELS.find(name).manifest
    found = {"calibration": calibration, "evaluation": (evaluation,)}
    write_manifest(manifest.model_copy(update=found), BUILT_IN / name)


def main() -> None:
    """Fits and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    models = [model.manifest.name for model in BUILT_IN_MODELS.all()]
    parser.add_argument("--estimator", choices=[DisFlow.name, *models], default=DisFlow.name)
    parser.add_argument("--pairs", type=int, default=240, help="generated pairs to fit on")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="balanced", help="of DIS")
    parser.add_argument("--middlebury", type=Path, help="folder of Middlebury scenes to check on")
    parser.add_argument("--write", action="store_true", help="put it into the model's model.json")
    options = parser.parse_args()
    if options.write and options.estimator == DisFlow.name:
        parser.error("DIS has no model.json: put what is printed into flow/calibration.py")
    flow, width = estimator_and_size(options.estimator, options.preset)
    fitted_on = generated(flow, range(options.pairs), width)
    weights = fit(fitted_on.rows, fitted_on.right).round(3)
    calibration = Calibration.of(weights.tolist())
    print(repr(calibration))
    print(figures(f"generated pairs 0-{options.pairs - 1}, fitted on", weights, fitted_on))
    seeds = range(10_000, 10_000 + options.pairs // 3)
    data = f"generated pairs {seeds[0]}-{seeds[-1]} at {width} px, not fitted on"
    unseen = figures(data, weights, generated(flow, seeds, width))
    print(unseen)
    if options.middlebury:
        print(figures("Middlebury", weights, middlebury(flow, options.middlebury, width)))
    if options.write:
        write(options.estimator, calibration, unseen)


if __name__ == "__main__":
    main()
