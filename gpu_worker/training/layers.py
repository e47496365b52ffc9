"""A layer: a picture cut to a shape that moves, stretches and bends; all of it known exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from gpu_worker.training.textures import FloatArray, Texture

_INVERSION_STEPS = 6
_ORIGIN = np.zeros(2, np.float32)


def affine(places: FloatArray, matrix: FloatArray, offset: FloatArray) -> FloatArray:
    """``matrix (m, 2) · place + offset (m,)`` at every place ``(..., 2)``."""
    rows = np.column_stack([matrix, offset]).astype(np.float32)
    image = np.ascontiguousarray(places, np.float32).reshape(-1, 1, 2)
    return np.asarray(cv2.transform(image, rows), np.float32).reshape(*places.shape[:-1], -1)


@dataclass(frozen=True)
class Bends:
    """Displacement by sines of the place.

    Their slopes must add up to well below one, or the motion would fold.

    Attributes:
        rates: ``(waves, 2)`` radians per px.
        phases: ``(waves,)`` radians.
        swings_px: ``(2, waves)``.
    """

    rates: FloatArray
    phases: FloatArray
    swings_px: FloatArray

    def displacement(self, places: FloatArray) -> FloatArray:
        """``(..., 2)`` px at these places."""
        waves = np.sin(affine(places, self.rates, self.phases))
        return affine(waves, self.swings_px, _ORIGIN)


@dataclass(frozen=True)
class Motion:
    """Takes ``p`` to ``pivot + stretch (p - pivot) + shift``, and bends it.

    Attributes:
        pivot: ``(2,)`` px.
        shift: ``(2,)`` px.
        stretch: ``(2, 2)``; the identity for a mere translation.
        bends: If any.
    """

    pivot: FloatArray
    shift: FloatArray
    stretch: FloatArray
    bends: Bends | None = None

    def displacement(self, places: FloatArray) -> FloatArray:
        """``(..., 2)`` px that the content of the first frame at these places moves."""
        turn = self.stretch - np.eye(2, dtype=np.float32)
        moved = affine(places, turn, self.shift - turn @ self.pivot)
        return moved + self.bends.displacement(places) if self.bends else moved

    def origin(self, places: FloatArray, progress: float) -> FloatArray:
        """Where the content that is here after a share of the motion was in the first frame."""
        if progress == 0:
            return places
        matrix = np.eye(2) + progress * (self.stretch - np.eye(2))
        back = np.linalg.inv(matrix).astype(np.float32)
        share = np.float32(progress)
        start = self.pivot - back @ (self.pivot + share * self.shift)
        unbent = affine(places, back, start)
        if not self.bends:
            return unbent
        undo = replace(
            self.bends, swings_px=np.asarray(-share * back @ self.bends.swings_px, np.float32)
        )
        found = unbent
        for _ in range(_INVERSION_STEPS):
            found = unbent + undo.displacement(found)
        return found


class Shape(Protocol):
    """What part of its plane a layer covers."""

    def inside_px(self, places: FloatArray) -> FloatArray:
        """``(...)`` about how far inside its outline places lie, px; negative outside."""
        ...


@dataclass(frozen=True)
class Everywhere:
    """No outline: a background."""

    def inside_px(self, places: FloatArray) -> FloatArray:
        """See `Shape`."""
        return np.full(places.shape[:-1], 1e3, np.float32)


@dataclass(frozen=True)
class HalfPlane:
    """All beyond a line through ``centre`` along ``normal`` (unit length): a ground, a wall."""

    centre: FloatArray
    normal: FloatArray

    def inside_px(self, places: FloatArray) -> FloatArray:
        """See `Shape`."""
        return affine(places, self.normal[None], -self.normal @ self.centre[:, None])[..., 0]


@dataclass(frozen=True)
class Blob:
    """A round thing with bays: its radius swings with the direction by cosines of 2, 3, … turns."""

    centre: FloatArray
    radius_px: float
    swings: tuple[tuple[float, float], ...]
    squeeze: float = 1.0

    def inside_px(self, places: FloatArray) -> FloatArray:
        """See `Shape`."""
        away = places - self.centre
        across, down = away[..., 0] * np.float32(self.squeeze), away[..., 1]
        angle = np.arctan2(down, across)
        radius = np.ones_like(angle)
        for turns, (swing, phase) in enumerate(self.swings, start=2):
            radius += np.float32(swing) * np.cos(turns * angle + np.float32(phase))
        return np.asarray(np.float32(self.radius_px) * radius - np.hypot(across, down))


@dataclass(frozen=True)
class Bar:
    """A rectangle, turned: posts, arms, branches, boxes."""

    centre: FloatArray
    half_px: tuple[float, float]
    along: FloatArray

    def inside_px(self, places: FloatArray) -> FloatArray:
        """See `Shape`."""
        axes = np.stack([self.along, self.along[::-1] * np.array([1, -1], np.float32)])
        away = np.abs(affine(places, axes, -axes @ self.centre))
        return np.asarray(
            np.minimum(self.half_px[0] - away[..., 0], self.half_px[1] - away[..., 1])
        )


@dataclass(frozen=True)
class Lace:
    """A shape with holes where a picture is dark: leaves, fences, hair."""

    outline: Shape
    holes: Texture
    scale: float
    threshold: float

    def inside_px(self, places: FloatArray) -> FloatArray:
        """See `Shape`."""
        level = self.holes.sample(places * np.float32(self.scale), self.scale)
        edge = (level - np.float32(self.threshold)) * np.float32(0.08)
        return np.asarray(np.minimum(self.outline.inside_px(places), edge))


@dataclass(frozen=True)
class Layer:
    """A picture, where it lies, its outline and its motion.

    Attributes:
        texture: The picture.
        placed: ``(2, 2)`` from px of the first frame to px of the picture, a similarity.
        start: ``(2,)`` px of the picture at the first frame's corner.
        shape: In px of the first frame.
        motion: From the first frame to the second.
        contrast: Factor on the picture's distance from mid grey.
    """

    texture: Texture
    placed: FloatArray
    start: FloatArray
    shape: Shape
    motion: Motion
    contrast: float = 1.0

    def seen(self, places: FloatArray, progress: float) -> tuple[FloatArray, FloatArray]:
        """Grey levels ``(H, W)`` and coverage 0 to 1 after a share of the motion."""
        origin = self.motion.origin(places, progress)
        scale = float(np.hypot(self.placed[0, 0], self.placed[1, 0]))
        levels = self.texture.sample(affine(origin, self.placed, self.start), scale)
        if self.contrast != 1:
            levels = np.float32(128) + (levels - 128) * np.float32(self.contrast)
        return levels, np.clip(self.shape.inside_px(origin) + np.float32(0.5), 0, 1)

    def covers(self, places: FloatArray, progress: float) -> npt.NDArray[np.bool_]:
        """Whether it covers at least half of a px at these places."""
        return np.asarray(self.shape.inside_px(self.motion.origin(places, progress)) >= 0)


@lru_cache(maxsize=4)
def px_centres(width: int, height: int) -> FloatArray:
    """``(H, W, 2)`` float32 x and y; shared, so not to be written to."""
    row, column = np.mgrid[0:height, 0:width]
    places = np.stack([column, row], axis=-1).astype(np.float32)
    places.flags.writeable = False
    return places


def render(layers: list[Layer], width: int, height: int, exposures: list[float]) -> FloatArray:
    """Renders a frame.

    Args:
        layers: The farthest first.
        width: Of the frame, px.
        height: Of the frame, px.
        exposures: Shares of the motion at which the shutter lets light in; more than one blurs.

    Returns:
        ``(H, W)`` float32 grey levels.
    """
    places = px_centres(width, height)
    total = np.zeros((height, width), np.float32)
    for progress in exposures:
        frame = np.zeros((height, width), np.float32)
        for layer in layers:
            levels, coverage = layer.seen(places, progress)
            frame += (levels - frame) * coverage
        total += frame
    return total / np.float32(len(exposures))


def flow_between(
    layers: list[Layer], width: int, height: int
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """The exact flow ``(H, W, 2)`` px, and where the second frame hides the first's content."""
    places = px_centres(width, height)
    top = np.zeros((height, width), np.intp)
    for index, layer in enumerate(layers):
        top[layer.covers(places, 0.0)] = index
    flow = np.zeros((height, width, 2), np.float32)
    for index, layer in enumerate(layers):
        mine = top == index
        if mine.any():
            flow[mine] = layer.motion.displacement(places[mine])
    ends = places + flow
    hidden = (ends < 0).any(-1) | (ends[..., 0] > width - 1) | (ends[..., 1] > height - 1)
    for index, layer in enumerate(layers):
        nearer = top < index
        hidden |= nearer & layer.covers(ends, 1.0)
    return flow, hidden
