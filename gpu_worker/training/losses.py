"""What training makes small: the flow's error at every scale, and two cross entropies."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from gpu_worker.training.network import SCALES, Estimate

CORRECT_BELOW_PX = 1.0
# Below one, so that a few vectors that are far off do not outweigh all the others.
_POWER = 0.8
_ROUNDING_PX = 0.02
_OF_SCALE = {16: 0.03, 8: 0.06, 4: 0.15, 2: 0.3}
_OF_CONFIDENCE = 0.2
_OF_OCCLUSION = 0.1
# What the second frame hides can only be guessed.
_OF_OCCLUDED = 0.4


def end_point_error(flow: Tensor, truth: Tensor) -> Tensor:
    """``(N, H, W)`` px of ``(N, 2, H, W)``."""
    return ((flow - truth) ** 2).sum(1).sqrt()


def _robust(flow: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    squared = ((flow - truth) ** 2).sum(1) + _ROUNDING_PX**2
    return (squared ** (_POWER / 2) * weights).mean()


def total_loss(estimate: Estimate, truth: Tensor, occluded: Tensor) -> Tensor:
    """One number to descend.

    Args:
        estimate: Of the network.
        truth: ``(N, 2, H, W)`` px.
        occluded: ``(N, 1, H, W)``, 1 where the second frame hides the content.

    Returns:
        A scalar.
    """
    weights = 1.0 - (1.0 - _OF_OCCLUDED) * occluded
    loss = _robust(estimate.flow, truth, weights[:, 0])
    for scale, flow in zip(SCALES, estimate.coarser, strict=True):
        small = functional.avg_pool2d(truth, scale)
        share = functional.avg_pool2d(weights, scale)[:, 0]
        loss = loss + _OF_SCALE[scale] * _robust(flow * scale, small, share)
    with torch.no_grad():
        error = end_point_error(estimate.flow, truth)[:, None]
        right = (error < CORRECT_BELOW_PX).to(truth.dtype)
    binary = functional.binary_cross_entropy_with_logits
    loss = loss + _OF_CONFIDENCE * binary(estimate.confidence, right)
    return loss + _OF_OCCLUSION * binary(estimate.occlusion, occluded)
