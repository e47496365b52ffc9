"""Measures an exported graph on unseen pairs, and writes the ``model.json`` beside it.

``python -m gpu_worker.training.assess GRAPH --name NAME``: flow against DIS MEDIUM, and confidence
both as the graph puts it out and as the usual model of cues, fitted here, gives it. The better
calibrated of the two becomes the manifest's.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.calibrate_confidence import fit
from flowtag.evaluation.reliability import area_under_curve, calibration_error
from flowtag.flow.calibration import Calibration
from flowtag.flow.confidence import design, gather_cues
from flowtag.flow.dis import second_opinion
from flowtag.flow.field import every
from flowtag.models.manifest import EvaluationFigures, ModelManifest, sha256_of
from gpu_worker.models.builtin import write_manifest
from gpu_worker.training.batches import equal, padded
from gpu_worker.training.figures import Answer, Figures, dis_medium, figures_of
from tests.rendering.pairs import FlowPair, random_flow_pair
from tests.rendering.pictures import Image

PAD_MULTIPLE = 32
UNSEEN_FROM = 10_000
_SIZE_PX = (320, 180)
_GRID_STEP_PX = 4
_CORRECT_BELOW_PX = 1.0

Rows = npt.NDArray[np.float64]


class GraphEstimator:
    """A graph as a function of two frames, like every other estimator that is measured."""

    def __init__(self, graph: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(graph), options, ["CPUExecutionProvider"])

    def __call__(self, first: Image, second: Image) -> Answer:
        """Flow, confidence and occlusion of two frames of equal brightness, of any size."""
        height, width = first.shape
        frames = [
            padded(image, PAD_MULTIPLE)[None, None].astype(np.float32) / np.float32(255)
            for image in (first, second)
        ]
        answers = self._session.run(None, {"first": frames[0], "second": frames[1]})
        flow, confidence, occlusion = (a[0, :, :height, :width] for a in answers)
        return Answer(np.ascontiguousarray(flow.transpose(1, 2, 0)), confidence[0], occlusion[0])


@dataclass(frozen=True)
class Claims:
    """What is known of some vectors: cues ``(n, 12)``, the graph's word and the truth ``(n,)``."""

    rows: Rows
    told: Rows
    right: Rows


def claims_of(estimator: GraphEstimator, pairs: list[FlowPair]) -> Claims:
    """Estimates pairs both ways, and gathers cues at every fourth px."""
    grid = every(_GRID_STEP_PX)
    rows, told, right = [], [], []
    for pair in pairs:
        first, second = equal(pair)
        forward, backward = estimator(first, second), estimator(second, first)
        other = second_opinion(first, second)
        cues = gather_cues(first, second, forward.flow, backward.flow, _GRID_STEP_PX, other)
        error = np.linalg.norm(forward.flow - pair.flow, axis=-1)[grid]
        assert forward.confidence is not None
        weighed = design(cues)
        rows.append(weighed.reshape(-1, weighed.shape[-1]).astype(np.float64))
        told.append(forward.confidence[grid].ravel().astype(np.float64))
        right.append((error < _CORRECT_BELOW_PX).ravel().astype(np.float64))
    return Claims(np.concatenate(rows), np.concatenate(told), np.concatenate(right))


def quality(claimed: Rows, right: Rows) -> tuple[float, float]:
    """Expected calibration error, and area under the ROC curve."""
    return calibration_error(claimed, right), area_under_curve(claimed, right) or 0.0


def figures(name: str, own: Figures, confidence: tuple[float, float]) -> EvaluationFigures:
    """As they stand in a manifest, in four digits."""
    ece, auc = confidence
    return EvaluationFigures(
        data=name,
        epe_px=round(own.epe_px, 4),
        off_1px=round(own.off_1px, 4),
        ece=round(ece, 4),
        auc=round(auc, 4),
    )


def assess(graph: Path, name: str, fitted_on: int, unseen: int) -> ModelManifest:
    """Fits a calibration on some generated pairs, and measures on others."""
    estimator = GraphEstimator(graph)
    fitting = claims_of(estimator, [random_flow_pair(seed, *_SIZE_PX) for seed in range(fitted_on)])
    weights = fit(fitting.rows, fitting.right)
    seeds = range(UNSEEN_FROM, UNSEEN_FROM + unseen)
    pairs = [random_flow_pair(seed, *_SIZE_PX) for seed in seeds]
    own, dis = figures_of(estimator, pairs), figures_of(dis_medium, pairs)
    claims = claims_of(estimator, pairs)
    by_cues = quality(1 / (1 + np.exp(-claims.rows @ weights)), claims.right)
    by_graph = quality(claims.told, claims.right)
    for kind, found in (("network", own), ("DIS MEDIUM", dis)):
        print(kind, json.dumps(found.rounded()))
    print(f"confidence by the graph: ECE {by_graph[0]:.4f}, AUC {by_graph[1]:.4f}")
    print(f"confidence by the cues:  ECE {by_cues[0]:.4f}, AUC {by_cues[1]:.4f}")
    told = by_graph < by_cues
    shown = f"generated pairs {seeds[0]}-{seeds[-1]} at {_SIZE_PX[0]} px"
    return ModelManifest(
        schema="flowtag.model/1",
        name=name,
        file=graph.name,
        sha256=sha256_of(graph.read_bytes()),
        licence="Apache-2.0",
        source="trained by gpu_worker/training on generated pairs alone",
        pad_multiple=PAD_MULTIPLE,
        working_size_px=320,
        batch_pairs=4,
        confidence="output" if told else "calibration",
        calibration=Calibration.of(weights.round(3).tolist()),
        evaluation=(figures(shown, own, by_graph if told else by_cues),),
    )


def main() -> None:
    """Reads the options, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--name", required=True, help="of the model")
    parser.add_argument("--fitted-on", type=int, default=120, help="pairs for the calibration")
    parser.add_argument("--unseen", type=int, default=80, help="pairs to measure on")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    manifest = assess(options.graph, options.name, options.fitted_on, options.unseen)
    write_manifest(manifest, options.graph.parent)


if __name__ == "__main__":
    main()
