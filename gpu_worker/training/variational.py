"""TV-L1 flow in torch: the start that the network refines, made of operators that ONNX has.

Zach, Pock, Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007. Nothing
here is learned.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# For grey levels 0 to 255: weight of the data term (the paper has 0.15; about half of it did
# better on a few generated pairs), coupling, step of the dual.
_LAMBDA = 0.07
_THETA = 0.3
_TAU = 0.25


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """Fetches the second picture to the places of the first; the border goes on.

    Args:
        image: ``(N, C, H, W)``.
        flow: ``(N, 2, H, W)`` px, x right, y down.

    Returns:
        ``(N, C, H, W)``.
    """
    height, width = flow.shape[2], flow.shape[3]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype)[None, None, :]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[None, :, None]
    places_x = (flow[:, 0] + x + 0.5) * (2.0 / width) - 1.0
    places_y = (flow[:, 1] + y + 0.5) * (2.0 / height) - 1.0
    places = torch.stack([places_x, places_y], dim=-1)
    return functional.grid_sample(
        image, places, mode="bilinear", padding_mode="border", align_corners=False
    )


def slope(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences in x and y of ``(N, 1, H, W)``, grey levels per px."""
    padded = functional.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) * 0.5
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) * 0.5
    return across, down


def _forward_differences(values: Tensor) -> tuple[Tensor, Tensor]:
    padded = functional.pad(values, (0, 1, 0, 1), mode="replicate")
    return padded[:, :, :-1, 1:] - values, padded[:, :, 1:, :-1] - values


def _divergence(across: Tensor, down: Tensor) -> Tensor:
    before = functional.pad(across[:, :, :, :-1], (1, 0))
    above = functional.pad(down[:, :, :-1], (0, 0, 1, 0))
    return across - before + down - above


def tv_l1(
    first: Tensor,
    second: Tensor,
    flow: Tensor,
    warps: int,
    steps: int,
    pull: float = _LAMBDA * _THETA,
    coupling: float = _THETA,
    pace: float = _TAU / _THETA,
) -> Tensor:
    """Improves a flow by TV-L1 at one scale.

    What it uses it is given, so that it can be compiled by ``torch.jit.script``, whose loops become
    ONNX's: unrolled, a graph takes seconds to load.

    Args:
        first: ``(N, 1, H, W)`` grey levels.
        second: ``(N, 1, H, W)``.
        flow: ``(N, 2, H, W)`` px, where to start.
        warps: How often the second picture is warped.
        steps: Primal-dual steps after each.
        pull: The data term's longest pull, px per grey level per px.
        coupling: Of the flow and its smooth version.
        pace: Of the dual.

    Returns:
        ``(N, 2, H, W)`` px.
    """
    first_x, first_y = slope(first)
    across, down = torch.zeros_like(flow), torch.zeros_like(flow)
    for _ in range(warps):
        moved = warp(second, flow)
        moved_x, moved_y = slope(moved)
        # Both pictures' slopes, averaged, are less noisy than one's.
        slopes = torch.cat([first_x + moved_x, first_y + moved_y], dim=1) * 0.5
        steepness = (slopes * slopes).sum(dim=1, keepdim=True) + 0.01
        still = moved - first - (slopes * flow).sum(dim=1, keepdim=True)
        for _ in range(steps):
            difference = still + (slopes * flow).sum(dim=1, keepdim=True)
            step = (-difference / steepness).clamp(-pull, pull)
            flow = flow + step * slopes + coupling * _divergence(across, down)
            step_x, step_y = _forward_differences(flow)
            shrink = 1.0 + pace * (step_x * step_x + step_y * step_y + 1e-12).sqrt()
            across = (across + pace * step_x) / shrink
            down = (down + pace * step_y) / shrink
    return flow
