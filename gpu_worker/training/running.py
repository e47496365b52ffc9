"""The network as a function of two frames, like every other estimator that is measured."""

from __future__ import annotations

import numpy as np
import torch

from gpu_worker.training.batches import padded
from gpu_worker.training.figures import Answer
from gpu_worker.training.network import FlowNetwork
from tests.rendering.pictures import Image


class TorchEstimator:
    """Runs the network on single pairs of any size."""

    def __init__(self, network: FlowNetwork, pad_multiple: int, device: torch.device) -> None:
        self._network = network
        self._pad_multiple = pad_multiple
        self._device = device

    def __call__(self, first: Image, second: Image) -> Answer:
        """Flow, confidence and occlusion of two frames of equal brightness."""
        height, width = first.shape
        frames = [
            torch.from_numpy(padded(image, self._pad_multiple).astype(np.float32) / 255)
            for image in (first, second)
        ]
        with torch.no_grad():
            estimate = self._network(*(f[None, None].to(self._device) for f in frames))
        flow = estimate.flow[0].permute(1, 2, 0).cpu().numpy()[:height, :width]
        confidence, occlusion = (
            torch.sigmoid(logit)[0, 0].cpu().numpy()[:height, :width]
            for logit in (estimate.confidence, estimate.occlusion)
        )
        return Answer(flow, confidence, occlusion)
