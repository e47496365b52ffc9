"""The network: TV-L1 from coarse to fine, and after each scale one learned correction.

A scale's correction sees how well the features of both pictures match around the flow so far. It
may take over the flow of a neighbour (which mends motion boundaries and what is hidden), add a
residual, or both. It begins as no correction at all, so that training starts at TV-L1's quality.
All scales share one set of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gpu_worker.training.variational import tv_l1, warp

SCALES = (16, 8, 4, 2)
PAD_MULTIPLE = 32
_WARPS = 4
_STEPS = 20
_RADIUS_PX = 2
_NEIGHBOURS_PX = (1, 3)
_SPREAD = 45.0
_WINDOW_PX = 9
# TV-L1 alone did better with it on generated pairs, with and without changes of light.
_EVENED_SPREAD, _EVENED_WINDOW_PX, _EVENED_FLOOR = 40.0, 15, 8.0
_STAY = 6.0
_SHARPNESS = 2.0
# Weights by which a 3x3 neighbourhood of the small picture gives the four px of the large one.
_NEAR, _FAR, _NONE = 0.75, 0.25, 1e-3


class Estimate(NamedTuple):
    """What the network finds in a batch of pairs.

    Attributes:
        flow: ``(N, 2, H, W)`` px, first to second, x right, y down.
        confidence: ``(N, 1, H, W)``, logit of P(end-point error < 1 px).
        occlusion: ``(N, 1, H, W)``, logit of the probability that the second picture hides it.
        coarser: flow after each correction, in px of its own scale, the coarsest first.
        start: flow before the last correction, in px of its own scale.
    """

    flow: Tensor
    confidence: Tensor
    occlusion: Tensor
    coarser: list[Tensor]
    start: Tensor


def halve(image: Tensor) -> Tensor:
    """Each px the average of four."""
    return functional.avg_pool2d(image, 2)


def enlarge(flow: Tensor) -> Tensor:
    """Flow at twice the size, in px of that size."""
    return 2.0 * functional.interpolate(
        flow, scale_factor=2.0, mode="bilinear", align_corners=False
    )


def smoothed(values: Tensor, window_px: int = _WINDOW_PX) -> Tensor:
    """Mean over a square window; outside the picture nothing is counted."""
    return functional.avg_pool2d(
        values, window_px, stride=1, padding=window_px // 2, count_include_pad=False
    )


def locally_normal(image: Tensor, window_px: int = _WINDOW_PX, floor: float = 3.0) -> Tensor:
    """Takes away local brightness and contrast: ``(N, 1, H, W)`` about -2 to 2.

    Args:
        image: grey levels.
        window_px: side of what counts as local.
        floor: a spread so small that it is noise, grey levels.
    """
    level = image - smoothed(image, window_px)
    return level / ((smoothed(level * level, window_px) + 1e-6).sqrt() + floor)


def evened(image: Tensor) -> Tensor:
    """A picture for TV-L1, which takes every change of light for motion."""
    return _EVENED_SPREAD * locally_normal(image, _EVENED_WINDOW_PX, _EVENED_FLOOR)


def shifts(values: Tensor, offsets: list[tuple[int, int]]) -> list[Tensor]:
    """The values at (x, y) offsets from every px; the border goes on."""
    reach = max(max(abs(x), abs(y)) for x, y in offsets)
    padded = functional.pad(values, (reach, reach, reach, reach), mode="replicate")
    height, width = values.shape[2], values.shape[3]
    return [
        padded[:, :, reach + y : reach + y + height, reach + x : reach + x + width]
        for x, y in offsets
    ]


class Features(nn.Module):
    """What is compared: three small convolutions over a picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """``(N, 1, H, W)`` grey levels to ``(N, C, H, W)`` of unit length at every px."""
        features = self.layers(torch.cat([locally_normal(image), image / _SPREAD], dim=1))
        return features / ((features * features).sum(1, keepdim=True) + 1e-4).sqrt()


class Matching(nn.Module):
    """Compares features within a window, and finds the best match softly."""

    def __init__(self) -> None:
        super().__init__()
        window = range(-_RADIUS_PX, _RADIUS_PX + 1)
        self.offsets = [(x, y) for y in window for x in window]
        self.sharpness = nn.Parameter(torch.tensor(_SHARPNESS))
        self.register_buffer(
            "vectors", torch.tensor(self.offsets, dtype=torch.float32).T.reshape(2, -1, 1, 1)
        )

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Likeness ``(N, 25, H, W)`` and the soft best offset ``(N, 2, H, W)`` px."""
        likeness = torch.cat(
            [(first * there).sum(1, keepdim=True) for there in shifts(second, self.offsets)], dim=1
        )
        share = torch.softmax(likeness * self.sharpness.exp(), dim=1)
        return likeness, functional.conv2d(share, self.vectors)


class Trunk(nn.Module):
    """Looks around: at the scale itself, and with wide windows at half of it."""

    def __init__(self, inputs: int, width: int, depth_width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(inputs, width, 3, padding=1)
        self.near = nn.Conv2d(width, width, 3, padding=1)
        self.down = nn.Conv2d(width, depth_width, 3, stride=2, padding=1)
        self.wide = nn.ModuleList(
            nn.Conv2d(depth_width, depth_width, 3, padding=reach, dilation=reach)
            for reach in (1, 2, 4, 1)
        )
        self.up = nn.Conv2d(depth_width, width, 1)
        self.leave = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, evidence: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, width, H, W)``; H and W are even."""
        fine = functional.leaky_relu(self.enter(evidence), 0.1)
        fine = fine + functional.leaky_relu(self.near(fine), 0.1)
        coarse = functional.leaky_relu(self.down(fine), 0.1)
        for layer in self.wide:
            coarse = coarse + functional.leaky_relu(layer(coarse), 0.1)
        around = functional.interpolate(
            self.up(coarse), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return functional.leaky_relu(self.leave(fine + around), 0.1)


class Correction(nn.Module):
    """One learned step at one scale."""

    def __init__(self, channels: int, width: int, depth_width: int) -> None:
        super().__init__()
        self.matching = Matching()
        self.offsets = [(0, 0)] + [
            (x * reach, y * reach)
            for reach in _NEIGHBOURS_PX
            for y in (-1, 0, 1)
            for x in (-1, 0, 1)
            if (x, y) != (0, 0)
        ]
        inputs = len(self.matching.offsets) + 2 + 2 * channels + 2 + 2
        self.trunk = Trunk(inputs, width, depth_width)
        self.residual = nn.Conv2d(width, 2, 3, padding=1)
        self.neighbour = nn.Conv2d(width, len(self.offsets), 3, padding=1)
        for head in (self.residual, self.neighbour):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        with torch.no_grad():
            self.neighbour.bias[0] = _STAY

    def forward(
        self, images: tuple[Tensor, Tensor], features: tuple[Tensor, Tensor], flow: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Corrects ``(N, 2, H, W)`` px.

        Args:
            images: ``(N, 1, H, W)`` grey levels each.
            features: ``(N, C, H, W)`` each.
            flow: so far.

        Returns:
            The flow and what the trunk saw, ``(N, width, H, W)``.
        """
        there = warp(torch.cat([features[1], images[1]], dim=1), flow)
        found, picture = there[:, :-1], there[:, -1:]
        likeness, offset = self.matching(features[0], found)
        evidence = torch.cat(
            [
                likeness,
                offset,
                features[0],
                (features[0] - found).abs(),
                (picture - images[0]).abs() / _SPREAD,
                locally_normal(images[0]),
                flow - smoothed(flow),
            ],
            dim=1,
        )
        seen = self.trunk(evidence)
        share = torch.softmax(self.neighbour(seen), dim=1)
        around = shifts(flow, self.offsets)
        taken = sum(
            (share[:, i : i + 1] * there for i, there in enumerate(around)),
            start=torch.zeros_like(flow),
        )
        return taken + self.residual(seen), seen


class Enlargement(nn.Module):
    """Doubles the flow's size by learned weights over 3x3 neighbours (Teed and Deng 2020)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(width, 36, 1)
        self.offsets = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        nn.init.zeros_(self.weigh.weight)
        with torch.no_grad():
            self.weigh.bias.copy_(self._bilinear().log().flatten())

    def _bilinear(self) -> Tensor:
        line = torch.tensor([[_FAR, _NEAR, _NONE], [_NONE, _NEAR, _FAR]])
        # Nine neighbours, two rows, two columns.
        return torch.einsum("ri,cj->ijrc", line, line)

    def forward(self, flow: Tensor, seen: Tensor) -> Tensor:
        """``(N, 2, H, W)`` to ``(N, 2, 2 H, 2 W)``, in px of the larger size."""
        weights = self.weigh(seen)
        share = [torch.softmax(weights[:, part::4], dim=1) for part in range(4)]
        around = shifts(2.0 * flow, self.offsets)
        parts = [
            sum(
                (one[:, i : i + 1] * there for i, there in enumerate(around)),
                start=torch.zeros_like(flow),
            )
            for one in share
        ]
        stacked = torch.stack(parts, dim=2).flatten(1, 2)
        return functional.pixel_shuffle(stacked, 2)


class Judgement(nn.Module):
    """Confidence and occlusion, from what the last correction saw and left."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(width + 5, 32, 3, padding=1)
        self.leave = nn.Conv2d(32, 2, 3, padding=1)

    def forward(
        self, images: tuple[Tensor, Tensor], seen: Tensor, start: Tensor, flow: Tensor
    ) -> Tensor:
        """``(N, 2, H, W)`` logits: confidence, then occlusion."""
        left = (warp(images[1], flow) - images[0]).abs() / _SPREAD
        unrest = (flow - smoothed(flow, 3)).abs().sum(1, keepdim=True)
        change = (flow - start).abs().sum(1, keepdim=True)
        length = (flow.abs().sum(1, keepdim=True) + 0.1).log()
        evidence = torch.cat([seen, left, smoothed(left, 5), unrest, change, length], dim=1)
        return self.leave(functional.leaky_relu(self.enter(evidence), 0.1))


class FlowNetwork(nn.Module):
    """Flow, confidence and occlusion of a batch of pairs."""

    def __init__(self, channels: int = 24, width: int = 40, depth_width: int = 72) -> None:
        super().__init__()
        self.features = Features(channels)
        self.correction = Correction(channels, width, depth_width)
        self.enlargement = Enlargement(width)
        self.judgement = Judgement(width)
        self.start: Callable[..., Tensor] = tv_l1

    def forward(self, first: Tensor, second: Tensor) -> Estimate:
        """Estimates.

        Args:
            first: ``(N, 1, H, W)`` grey, 0 to 1; H and W are multiples of `PAD_MULTIPLE`.
            second: Likewise, of the same brightness.

        Returns:
            See `Estimate`.
        """
        mean = first.mean(dim=(2, 3), keepdim=True)
        spread = ((first - mean) ** 2).mean(dim=(2, 3), keepdim=True).sqrt() + 1e-2
        pictures = [
            (halve(one), halve(other))
            for one, other in [
                ((first - mean) * _SPREAD / spread, (second - mean) * _SPREAD / spread)
            ]
        ]
        while len(pictures) < len(SCALES):
            pictures.append((halve(pictures[-1][0]), halve(pictures[-1][1])))
        images = pictures[-1]
        flow = torch.cat([images[0], images[0]], dim=1) * 0.0
        coarser: list[Tensor] = []
        for images in reversed(pictures):
            if coarser:
                # Each scale answers for itself alone: no gradient goes back through TV-L1.
                flow = enlarge(coarser[-1].detach())
            with torch.no_grad():
                start = self.start(evened(images[0]), evened(images[1]), flow, _WARPS, _STEPS)
            both = self.features(images[0]), self.features(images[1])
            flow, seen = self.correction(images, both, start)
            coarser.append(flow)
        judged = self.judgement(images, seen.detach(), start, flow.detach())
        judged = functional.interpolate(
            judged, scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return Estimate(self.enlargement(flow, seen), judged[:, :1], judged[:, 1:], coarser, start)
