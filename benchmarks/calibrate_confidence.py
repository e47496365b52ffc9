"""Fits ``flowtag.flow.calibration`` on generated pairs whose flow is known exactly.

``python -m benchmarks.calibrate_confidence`` prints what to put there, with the expected
calibration error and the area under the ROC curve on pairs that were not used for the fit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.evaluation.reliability import area_under_curve, calibration_error
from flowtag.flow.calibration import Calibration
from flowtag.flow.confidence import design, gather_cues
from flowtag.flow.dis import DisFlow
from flowtag.flow.field import every
from flowtag.flow.photometry import equalise, measure_photometry
from flowtag.settings import PRESETS, FlowSettings
from tests.rendering.pairs import random_flow_pair

FloatArray = npt.NDArray[np.float64]

_CORRECT_BELOW_PX = 1.0
_RIDGE = 1e-3


def measure(
    first: npt.NDArray[np.uint8],
    second: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.float32],
    settings: FlowSettings,
) -> tuple[FloatArray, FloatArray]:
    """Design rows ``(n, 7)`` and whether each vector is right ``(n,)``, where flow is known."""
    flow = DisFlow(settings)
    a, b = equalise(first, second, measure_photometry(first, second))
    forward, backward = flow.both_ways(a, b)
    step = settings.grid_step_px
    cues = gather_cues(a, b, forward, backward, step)
    error = np.linalg.norm(forward - truth, axis=-1)[every(step)]
    known = np.isfinite(error) & (error < 1e6)
    rows = design(cues)[known].astype(np.float64)
    return rows, (error[known] < _CORRECT_BELOW_PX).astype(np.float64)


def generated(seeds: range, settings: FlowSettings) -> tuple[FloatArray, FloatArray]:
    """Rows and labels of generated pairs at the working size of a preset."""
    width = settings.working_size_px
    parts = []
    for seed in seeds:
        pair = random_flow_pair(seed, width=width, height=width * 9 // 16)
        parts.append(measure(pair.first, pair.second, pair.flow, settings))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def fit(rows: FloatArray, right: FloatArray) -> FloatArray:
    """Logistic regression by Newton's method with a small ridge."""
    weights = np.zeros(rows.shape[1])
    for _ in range(30):
        probability = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (right - probability) / len(rows) - _RIDGE * weights
        curve = (rows.T * (probability * (1 - probability))) @ rows / len(rows)
        weights = weights + np.linalg.solve(curve + _RIDGE * np.eye(len(weights)), slope)
    return weights


def middlebury(folder: Path, settings: FlowSettings) -> tuple[FloatArray, FloatArray]:
    """Rows and labels of Middlebury pairs (frame10.png, frame11.png, flow10.flo) in subfolders."""
    parts = []
    for scene in sorted(path.parent for path in folder.glob("*/flow10.flo")):
        truth = cv2.readOpticalFlow(str(scene / "flow10.flo"))
        truth[np.abs(truth).max(axis=-1) > 1e9] = np.nan
        scale = settings.working_size_px / max(truth.shape[:2])
        size = (round(truth.shape[1] * scale), round(truth.shape[0] * scale))
        small = [_grey_frame(scene / f"frame{number}.png", size) for number in (10, 11)]
        flow = cv2.resize(truth, size, interpolation=cv2.INTER_AREA) * scale
        parts.append(measure(small[0], small[1], flow, settings))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _grey_frame(path: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(path)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def report(name: str, weights: FloatArray, rows: FloatArray, right: FloatArray) -> None:
    """Prints how well the weights hold on some vectors."""
    probability = 1 / (1 + np.exp(-rows @ weights))
    area = area_under_curve(probability, right)
    print(
        f"{name:24s} right {right.mean():.3f}  ECE {calibration_error(probability, right):.3f}"
        f"  AUC {'-' if area is None else f'{area:.3f}'}"
        f"  coverage {np.mean(probability >= 0.5):.3f}"
    )


def main() -> None:
    """Fits and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=240, help="generated pairs to fit on")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="balanced")
    parser.add_argument("--middlebury", type=Path, help="folder of Middlebury scenes to check on")
    options = parser.parse_args()
    settings = PRESETS[options.preset]
    rows, right = generated(range(options.pairs), settings)
    weights = fit(rows, right)
    fitted = dict(zip(Calibration.model_fields, weights.round(3).tolist(), strict=True))
    print(repr(Calibration(**fitted)))
    report("fitted on", weights, rows, right)
    unseen = generated(range(10_000, 10_000 + options.pairs // 3), settings)
    report("generated, unseen", weights, *unseen)
    if options.middlebury:
        report("Middlebury", weights, *middlebury(options.middlebury, settings))


if __name__ == "__main__":
    main()
