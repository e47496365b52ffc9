"""How fast each estimator is: pairs a second on one core, at 320 and at 640 px.

    python -m benchmarks.estimators [--repeats N]

A pair is what an analysis asks for: flow forward and backward, and its confidence. Rounds go
through all estimators in turn, so that what else the machine does falls on all alike. Models run
where ONNX Runtime runs them: beside a GPU there, and how busy it was is asked of nvidia-smi.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import cv2

from benchmarks.measuring import machine
from flowtag.flow.estimating import FlowEstimator, estimator_for
from flowtag.flow.frame_pair import FramePair
from flowtag.models.registry import BUILT_IN_MODELS
from flowtag.settings import PRESETS, AnalysisSettings
from tests.rendering.pairs import random_flow_pair

WIDTHS_PX = (320, 640)
_PAIRS = 6
_LEAST_ROUND_SECONDS = 0.5
_REFERENCE = "OpenCV DIS MEDIUM"

Estimate = Callable[[Sequence[FramePair]], object]


@dataclass
class Measured:
    """One estimator at one size.

    Attributes:
        name: in the table.
        width_px: of the pictures, which are 16:9.
        device: where it ran.
        pair_seconds: of each round: CPU seconds of a pair, or wall seconds on a GPU.
        busy: share of the time that a GPU was computing, of each round.
    """

    name: str
    width_px: int
    device: str
    estimate: Estimate
    pairs: Sequence[FramePair]
    pair_seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    def round(self) -> None:
        """Estimates all pairs as often as makes the clock matter little."""
        on_gpu = self.device != "cpu"
        clock = time.perf_counter if on_gpu else time.process_time
        with _GpuWatch(on_gpu) as watch:
            began, done = clock(), 0
            while clock() - began < _LEAST_ROUND_SECONDS:
                self.estimate(self.pairs)
                done += len(self.pairs)
            self.pair_seconds.append((clock() - began) / done)
        self.busy += watch.shares

    @property
    def median_seconds(self) -> float:
        """Of the rounds."""
        return statistics.median(self.pair_seconds)


class _GpuWatch:
    """Asks nvidia-smi, while it is entered, how busy the GPU is."""

    def __init__(self, wanted: bool) -> None:
        self.shares: list[float] = []
        self._over = Event()
        self._thread = Thread(target=self._watch) if wanted and shutil.which("nvidia-smi") else None

    def __enter__(self) -> _GpuWatch:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while not self._over.wait(0.2):
            said = subprocess.run(query, capture_output=True, text=True, check=True).stdout
            self.shares.append(float(said.splitlines()[0]) / 100)


def candidates() -> list[Measured]:
    """Every estimator at every size."""
    found = []
    for width_px in WIDTHS_PX:
        pairs = _pairs(width_px)
        found.append(Measured(_REFERENCE, width_px, "cpu", _medium_both_ways, pairs))
        for preset, flow in PRESETS.items():
            settings = AnalysisSettings(preset=preset, flow=flow)
            estimator = estimator_for(settings, BUILT_IN_MODELS)
            found.append(Measured(f"dis, {preset}", width_px, "cpu", estimator.estimate, pairs))
        for model in BUILT_IN_MODELS.all():
            name = model.manifest.name
            flow = PRESETS["balanced"].model_copy(update={"estimator": name})
            settings = AnalysisSettings(flow=flow, model_sha256=model.sha256)
            estimator = estimator_for(settings, BUILT_IN_MODELS)
            device = _device_of(estimator)
            found.append(Measured(name, width_px, device, estimator.estimate, pairs))
    return found


def _device_of(estimator: FlowEstimator) -> str:
    from flowtag.flow.onnx import OnnxFlow

    return estimator.graph.device if isinstance(estimator, OnnxFlow) else "cpu"


def _pairs(width_px: int) -> list[FramePair]:
    height_px = width_px * 9 // 16
    drawn = (random_flow_pair(seed, width_px, height_px) for seed in range(_PAIRS))
    return [FramePair.of(pair.first, pair.second) for pair in drawn]


def _medium_both_ways(pairs: Sequence[FramePair]) -> None:
    """OpenCV's preset as it comes, forward and backward, and no confidence."""
    cv2.setNumThreads(1)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # OpenCV takes None for an array that is not there, which its types do not.
    no_guess: Any = None
    for pair in pairs:
        dis.calc(pair.first, pair.second, no_guess)
        dis.calc(pair.second, pair.first, no_guess)


def estimator_lines(repeats: int) -> list[str]:
    """Measures all, and tells it in Markdown."""
    found = candidates()
    for measured in found:
        measured.estimate(measured.pairs)
    for _ in range(max(repeats, 3)):
        for measured in found:
            measured.round()
    reference = {one.width_px: one.median_seconds for one in found if one.name == _REFERENCE}
    lines = [
        "## Estimators",
        "",
        "Flow forward and backward with its confidence (DIS MEDIUM: without), one core; pictures"
        " of 16:9, medians of rounds in turn. How right each is:"
        " [estimating flow](../docs/decisions/estimating-flow.md).",
        "",
        "| estimator | width, px | runs on | ms a pair | pairs a second | spread | of DIS MEDIUM |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]
    lines += [_line(one, reference[one.width_px]) for one in found]
    return [*lines, "", _about_gpus(found)]


def _line(one: Measured, reference_seconds: float) -> str:
    median = one.median_seconds
    spread = (max(one.pair_seconds) - min(one.pair_seconds)) / median
    busy = f", {statistics.mean(one.busy):.0%} busy" if one.busy else ""
    return (
        f"| {one.name} | {one.width_px} | {one.device}{busy} | {1e3 * median:.2f} |"
        f" {1 / median:.1f} | {spread:.0%} | {median / reference_seconds:.2f} |"
    )


def _about_gpus(found: Sequence[Measured]) -> str:
    if any(one.device != "cpu" for one in found):
        return "On the GPU milliseconds are of the clock, on a core of its CPU time."
    return "No GPU was there: nothing was measured on one."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args(arguments)
    print(machine())
    print("\n".join(estimator_lines(chosen.repeats)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
