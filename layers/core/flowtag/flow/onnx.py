"""Flow by a model that runs on ONNX Runtime, forward and backward in one batch."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from flowtag.flow.confidence import confidence, gather_cues
from flowtag.flow.dis import second_opinion
from flowtag.flow.field import FloatArray, FlowField, GreyImage, every
from flowtag.flow.following import followed, trusted_throughout
from flowtag.flow.frame_pair import FramePair
from flowtag.flow.onnx_graph import OnnxGraph
from flowtag.flow.photometry import equalise
from flowtag.settings import FlowSettings

Pictures = tuple[GreyImage, GreyImage]


class OnnxFlow:
    """Estimates flow and confidence between grey frames. Keeps no state between pairs.

    On a processor each pair is a batch of its own; on a GPU batches are filled up to one size.
    Either way a pair's numbers are the same whatever it is estimated with.
    """

    def __init__(self, graph: OnnxGraph, settings: FlowSettings) -> None:
        """Takes a graph, which several estimators may share.

        Args:
            graph: the model.
            settings: of them the step of the grid; all else is the model's.
        """
        cv2.setNumThreads(1)
        self.graph = graph
        self._manifest = graph.manifest
        self._step_px = settings.grid_step_px

    @property
    def name(self) -> str:
        """The model's."""
        return self._manifest.name

    @property
    def engine(self) -> str:
        """ONNX Runtime's version, its provider and the precision."""
        return self.graph.engine

    @property
    def batch_pairs(self) -> int:
        """One on a processor, which gains nothing by more; else what the manifest says."""
        return 1 if self.graph.device == "cpu" else self._manifest.batch_pairs

    def estimate(self, pairs: Sequence[FramePair]) -> list[FlowField]:
        """Flow of each pair from its first to its second frame, with its confidence.

        Where a pair has frames between, flow is followed through them.
        """
        steps = [pair.steps() for pair in pairs]
        found = iter(self._outputs_of([_equal(step) for parts in steps for step in parts]))
        return [
            self._field(_equal(pair), _joined([next(found) for _ in parts]))
            for pair, parts in zip(pairs, steps, strict=True)
        ]

    def both_ways(self, first: GreyImage, second: GreyImage) -> tuple[FloatArray, FloatArray]:
        """Dense forward and backward flow, ``(H, W, 2)`` float32 px each."""
        (outputs,) = self._outputs_of([(first, second)])
        return outputs["forward"], outputs["backward"]

    def _field(self, pictures: Pictures, outputs: dict[str, FloatArray]) -> FlowField:
        forward, grid = outputs["forward"], every(self._step_px)
        calibration, given = self._manifest.calibration, outputs.get("confidence")
        asks_another = given is None and calibration.asks_another
        other = second_opinion(*pictures) if asks_another else None
        cues = gather_cues(*pictures, forward, outputs["backward"], self._step_px, other)
        return FlowField(
            vectors=np.ascontiguousarray(forward[grid]),
            confidence=confidence(cues, calibration)
            if given is None
            else np.clip(given[grid], 0, 1),
            residual=cues.residual,
            round_trip_px=cues.round_trip_px,
            texture=cues.texture,
            step_px=self._step_px,
            frames=pictures,
            dense=forward,
        )

    def _outputs_of(self, pictures: Sequence[Pictures]) -> list[dict[str, FloatArray]]:
        """``forward`` and ``backward`` ``(H, W, 2)`` of each pair, ``confidence`` ``(H, W)``."""
        size = self.batch_pairs
        found: list[dict[str, FloatArray]] = []
        for start in range(0, len(pictures), size):
            part = pictures[start : start + size]
            filled = [*part, *[part[-1]] * (size - len(part))]
            found.extend(self._run(filled)[: len(part)])
        return found

    def _run(self, pictures: Sequence[Pictures]) -> list[dict[str, FloatArray]]:
        height, width = pictures[0][0].shape
        firsts = self._prepared([first for first, _ in pictures])
        seconds = self._prepared([second for _, second in pictures])
        outputs = self.graph.run(
            np.concatenate([firsts, seconds]), np.concatenate([seconds, firsts])
        )
        flow = outputs["flow"][:, :, :height, :width].transpose(0, 2, 3, 1)
        found = [
            {
                "forward": np.ascontiguousarray(flow[index]),
                "backward": np.ascontiguousarray(flow[index + len(pictures)]),
            }
            for index in range(len(pictures))
        ]
        if "confidence" in outputs:
            for index, one in enumerate(found):
                one["confidence"] = outputs["confidence"][index, 0, :height, :width]
        return found

    def _prepared(self, images: Sequence[GreyImage]) -> FloatArray:
        """``(N, C, H, W)`` float32 as the graph takes it, padded."""
        manifest = self._manifest
        height, width = images[0].shape
        below, right = (-side % manifest.pad_multiple for side in (height, width))
        levels = np.pad(np.stack(images), ((0, 0), (0, below), (0, right)), mode="edge")
        values = (levels[:, None].astype(np.float32) - np.float32(manifest.mean)) * np.float32(
            manifest.scale
        )
        return np.repeat(values, manifest.channels, axis=1)


def _equal(pair: FramePair) -> Pictures:
    return equalise(pair.first, pair.second, pair.change)


def _joined(steps: Sequence[dict[str, FloatArray]]) -> dict[str, FloatArray]:
    """The outputs of a pair's steps as those of the pair."""
    if len(steps) == 1:
        return steps[0]
    forward = [step["forward"] for step in steps]
    whole = {
        "forward": followed(forward),
        "backward": followed([step["backward"] for step in reversed(steps)]),
    }
    if "confidence" in steps[0]:
        trust = [step["confidence"] for step in steps]
        whole["confidence"] = trusted_throughout(forward, trust)
    return whole
