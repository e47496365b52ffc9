"""End-point errors, and the kinds of pixels that they are told apart by."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.evaluation.flow_files import Mask
from flowtag.evaluation.layouts import KnownPair
from flowtag.evaluation.results import ErrorFigures
from flowtag.flow.confidence import texture_of
from flowtag.flow.field import FloatArray, length_of

# Speeds as Sintel's benchmark parts them (Butler et al. 2012), px of the truth's size.
_SPEEDS_PX = (("speed s0-10", 0.0, 10.0), ("speed s10-40", 10.0, 40.0), ("speed s40+", 40.0, 1e9))
# Squared grey levels per px. From 25 on flowtag calls a place textured.
_TEXTURES = (("texture plain", -1e9, 25.0), ("texture some", 25.0, 400.0),
             ("texture rich", 400.0, 1e9))  # fmt: skip
_BOUNDARY_STEP_PX = 1.0
_BOUNDARY_REACH_PX = 5
_STEPS_PER_PX = 100
_FARTHEST_PX = 100


def end_point_error(flow: FloatArray, truth: FloatArray) -> FloatArray:
    """``(...)`` float32 px: length of the difference of two flows ``(..., 2)``."""
    difference = flow - truth
    return length_of(difference[..., 0], difference[..., 1])


def scaled_to(flow: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Flow at another size: resampled between pixels, its vectors scaled as the picture.

    Args:
        flow: ``(h, w, 2)`` float32 px of its own size.
        shape: height and width wanted.
    """
    height, width = shape[:2]
    if flow.shape[:2] == (height, width):
        return flow
    grown = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    factors = np.array([width / flow.shape[1], height / flow.shape[0]], dtype=np.float32)
    return np.asarray(grown * factors, dtype=np.float32)


def kinds_of(pair: KnownPair) -> dict[str, Mask]:
    """The pixels of each kind, ``(H, W)``, unknown ones included."""
    kinds: dict[str, Mask] = {}
    if pair.occluded is not None:
        kinds = {"visible": ~pair.occluded, "occluded": pair.occluded}
    speed, texture = length_of(pair.flow[..., 0], pair.flow[..., 1]), texture_of(pair.first)
    for values, bands in ((texture, _TEXTURES), (speed, _SPEEDS_PX)):
        for name, least, below in bands:
            kinds[name] = np.asarray((values >= least) & (values < below))
    return kinds | {"motion boundary": near_boundaries(pair.flow, pair.known)}


def near_boundaries(flow: FloatArray, known: Mask) -> Mask:
    """``(H, W)``: within 5 px of where neighbouring pixels move apart by more than 1 px."""
    box = np.ones((3, 3), np.uint8)
    swings = []
    for component in (flow[..., 0], flow[..., 1]):
        most = cv2.dilate(np.where(known, component, np.float32(-1e9)), box)
        least = cv2.erode(np.where(known, component, np.float32(1e9)), box)
        swings.append(np.maximum(most - least, 0))
    edges = (length_of(swings[0], swings[1]) > _BOUNDARY_STEP_PX).astype(np.uint8)
    side = 2 * _BOUNDARY_REACH_PX + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(edges, disc) > 0)


@dataclass
class ErrorTally:
    """Adds up errors of any number of pixels, in memory that does not grow with them."""

    pixels: int = 0
    _sum_px: float = 0.0
    _beyond: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, np.int64))
    _histogram: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(_FARTHEST_PX * _STEPS_PER_PX + 1, np.int64)
    )

    def add(self, error: FloatArray, speed: FloatArray) -> None:
        """Takes ``(n,)`` errors, and the true speeds of the same pixels, px."""
        self.pixels += len(error)
        self._sum_px += float(np.sum(error, dtype=np.float64))
        failed = (error > 3) & (error > 0.05 * speed)
        masks = (error > 1, error > 3, error > 5, failed)
        self._beyond += np.array([np.count_nonzero(mask) for mask in masks], np.int64)
        steps = np.minimum(error * _STEPS_PER_PX, len(self._histogram) - 1).astype(np.int64)
        self._histogram += np.bincount(steps, minlength=len(self._histogram))

    def figures(self) -> ErrorFigures | None:
        """None without a pixel."""
        if not self.pixels:
            return None
        off_1px, off_3px, off_5px, failed = (float(n) / self.pixels for n in self._beyond)
        middle = int(np.searchsorted(np.cumsum(self._histogram), (self.pixels + 1) // 2))
        return ErrorFigures(
            pixels=self.pixels,
            epe_px=self._sum_px / self.pixels,
            median_px=(middle + 0.5) / _STEPS_PER_PX,
            off_1px=off_1px,
            off_3px=off_3px,
            off_5px=off_5px,
            fl=failed,
        )
