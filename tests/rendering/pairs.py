"""Pairs of frames with the exact flow between them, drawn at random.

A pair is a stack of layers, each a photograph that moves by a similarity of its own: a background,
sometimes a ground nearer than it, and up to three subjects. What lies on top is known at every
place of both frames, and with it the flow and what the second frame hides.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.rendering.pictures import PHOTOGRAPHS, Affine, Image, Picture, levels_of, sample

Complexes = npt.NDArray[np.complex128]
Mask = npt.NDArray[np.bool_]

FASTEST_PX = 40.0
OVERSAMPLING = 2
EXPOSURES = 5
PATTERNS = ("checker", "stripes")


@dataclass(frozen=True)
class FlowPair:
    """Two frames and what moved between them.

    Attributes:
        first: `(H, W)` uint8 grey.
        second: `(H, W)` uint8 grey.
        flow: `(H, W, 2)` float32, motion of the content from first to second in px, x right, y
            down.
        occluded: `(H, W)`, true where the content of the first frame is hidden in the second or
            has left it.
    """

    first: Image
    second: Image
    flow: npt.NDArray[np.float32]
    occluded: Mask


@dataclass(frozen=True)
class Layer:
    """A photograph cut to a shape, and its motion.

    Places are complex, in px of the first frame. The motion takes `p` to
    `pivot + exp(swell + i turn) (p - pivot) + shift` by the second frame.

    Attributes:
        picture: The photograph.
        placed: Similarity from px of the photograph to px of the first frame.
        pivot: The centre of the motion and of the shape.
        shift: Translation in px.
        swell: Natural logarithm of the growth.
        turn: Rotation in radians, clockwise.
        radii_px: Half axes of an ellipse; none for a layer that fills the frame.
        slant: Rotation of the ellipse.
        horizon: The layer fills what lies below its pivot instead.
    """

    picture: Picture
    placed: Affine
    pivot: complex
    shift: complex = 0j
    swell: float = 0.0
    turn: float = 0.0
    radii_px: tuple[float, float] | None = None
    slant: float = 0.0
    horizon: bool = False

    def moved(self, places: Complexes, progress: float) -> Complexes:
        """Return where content of the first frame is after a share of the motion."""
        spin = np.exp(progress * complex(self.swell, self.turn))
        return np.asarray(self.pivot + spin * (places - self.pivot) + progress * self.shift)

    def origin(self, places: Complexes, progress: float) -> Complexes:
        """Return the inverse of `moved`."""
        spin = np.exp(progress * complex(self.swell, self.turn))
        return np.asarray(self.pivot + (places - self.pivot - progress * self.shift) / spin)

    def covers(self, places: Complexes, progress: float) -> Mask:
        """Return whether the layer's shape covers places after a share of the motion."""
        inner = (self.origin(places, progress) - self.pivot) * np.exp(-1j * self.slant)
        if self.horizon:
            return np.asarray(inner.imag > 0)
        if self.radii_px is None:
            return np.ones(places.shape, np.bool_)
        along, across = self.radii_px
        return np.asarray((inner.real / along) ** 2 + (inner.imag / across) ** 2 <= 1)

    def matrix(self, progress: float) -> Affine:
        """Return the similarity from px of the photograph to the oversampled frame."""
        at_zero, at_one = self.moved(np.array([0j, 1 + 0j]), progress)
        spin, start = (at_one - at_zero) * OVERSAMPLING, at_zero * OVERSAMPLING
        start += complex(1, 1) * (OVERSAMPLING - 1) / 2
        motion = np.array([[spin.real, -spin.imag, start.real], [spin.imag, spin.real, start.imag]])
        return np.asarray(motion @ np.vstack([self.placed, [0, 0, 1]]))


def grid(width: int, height: int) -> Complexes:
    """Return the px centres of a frame."""
    row, column = np.mgrid[0:height, 0:width]
    return np.asarray(column + 1j * row, dtype=np.complex128)


def owner(layers: list[Layer], places: Complexes, progress: float) -> npt.NDArray[np.intp]:
    """Return the index of the topmost layer at every place."""
    top = np.zeros(places.shape, np.intp)
    for index, layer in enumerate(layers):
        top[layer.covers(places, progress)] = index
    return top


def flow_between(layers: list[Layer], width: int, height: int) -> tuple[Complexes, Mask]:
    """Return the exact flow of a stack of layers, and what is occluded."""
    places = grid(width, height)
    top = owner(layers, places, 0.0)
    target = np.empty_like(places)
    for index, layer in enumerate(layers):
        target[top == index] = layer.moved(places[top == index], 1.0)
    inside = (target.real >= 0) & (target.real <= width - 1)
    inside &= (target.imag >= 0) & (target.imag <= height - 1)
    hidden = owner(layers, target, 1.0) != top
    return target - places, hidden | ~inside


def seen(layers: list[Layer], width: int, height: int, progress: float, shutter: float) -> Image:
    """Render the layers after a share of the motion.

    Args:
        layers: The farthest first.
        width: Of the frame.
        height: Of the frame.
        progress: 0 for the first frame, 1 for the second.
        shutter: Share of the interval between the frames for which the shutter is open.

    Returns:
        An `(H, W)` grey frame.
    """
    wide, high = width * OVERSAMPLING, height * OVERSAMPLING
    places = (grid(wide, high) - complex(1, 1) * (OVERSAMPLING - 1) / 2) / OVERSAMPLING
    total = np.zeros((high, wide), np.float32)
    offsets = (np.arange(EXPOSURES) + 0.5) / EXPOSURES - 0.5 if shutter else np.zeros(1)
    for offset in offsets * shutter:
        at = progress + float(offset)
        top = owner(layers, places, at)
        for index, layer in enumerate(layers):
            view = sample(levels_of(layer.picture), layer.matrix(at), (wide, high))
            grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
            total += np.where(top == index, grey, 0) / np.float32(len(offsets))
    small = cv2.resize(total, (width, height), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def draw_shift(draw: np.random.Generator) -> complex:
    """Draw a translation as film has it: often nothing, mostly a few px, seldom many."""
    kind = draw.random()
    if kind < 0.12:
        return 0j
    median_px = 1.2 if kind < 0.65 else 5.0
    length = min(median_px * float(np.exp(0.9 * draw.standard_normal())), FASTEST_PX)
    # Cameras and people move sideways more than up and down.
    direction = complex(draw.standard_normal(), 0.5 * draw.standard_normal())
    return length * direction / abs(direction)


def draw_picture(draw: np.random.Generator) -> Picture:
    """Draw a photograph, seldom a pattern, sharp or out of focus, rich or poor in contrast."""
    names = PATTERNS if draw.random() < 0.04 else tuple(PHOTOGRAPHS)
    return Picture(
        str(draw.choice(names)),
        blur_px=float(draw.choice([0, 0, 0, 0, 2, 6, 20])),
        contrast=float(draw.choice([1, 1, 1, 0.35])),
    )


def draw_layer(draw: np.random.Generator, width: int, height: int, role: str) -> Layer:
    """Draw a `background`, a `ground` or a `subject`."""
    picture = draw_picture(draw)
    scale = width / 512 * float(np.exp(draw.uniform(np.log(0.8), np.log(4))))
    spin = scale * np.exp(1j * draw.uniform(-0.5, 0.5))
    start = complex(*draw.uniform(-500, 0, 2)) * scale
    placed = np.array([[spin.real, -spin.imag, start.real], [spin.imag, spin.real, start.imag]])
    swell = draw.normal(0, 0.012) if draw.random() < 0.4 else 0.0
    turn = np.radians(draw.normal(0, 0.8)) if draw.random() < 0.3 else 0.0
    shift = draw_shift(draw)
    middle = complex(width - 1, height - 1) / 2
    if role == "background":
        return Layer(picture, placed, middle, shift, swell, turn)
    pivot = complex(draw.uniform(0, width), draw.uniform(0, height))
    if role == "ground":
        pivot, slant = middle + 1j * draw.uniform(-0.2, 0.3) * height, draw.uniform(-0.2, 0.2)
        return Layer(picture, placed, pivot, shift, swell, turn, slant=slant, horizon=True)
    area_px = width * height * float(np.exp(draw.uniform(np.log(0.01), np.log(0.4))))
    aspect = float(np.exp(draw.normal(0, 0.4)))
    radii = (np.sqrt(area_px / np.pi * aspect), np.sqrt(area_px / np.pi / aspect))
    slant = float(draw.uniform(0, np.pi))
    return Layer(picture, placed, pivot, shift, swell * 2, turn * 3, radii, slant)


def photographed(frames: list[Image], draw: np.random.Generator) -> list[Image]:
    """Pass both frames through one lens, a light that may change, a sensor and a codec."""
    defocus_px = draw.uniform(0.4, 1.5) if draw.random() < 0.3 else 0.0
    dark = 0.12 if draw.random() < 0.08 else 1.0
    noise = float(draw.choice([0, 0, 1, 2, 4, 8]))
    quality = int(draw.integers(35, 96)) if draw.random() < 0.6 else 0
    changing = draw.random() < 0.3
    lights = [(1.0, 0.0), (draw.uniform(0.75, 1.3), draw.uniform(-12, 12))]
    taken = []
    for frame, (gain, offset) in zip(frames, lights if changing else lights[:1] * 2, strict=True):
        values = frame.astype(np.float64)
        if defocus_px:
            values = np.asarray(cv2.GaussianBlur(values, (0, 0), defocus_px), np.float64)
        values = (values * gain + offset) * dark + draw.normal(0, max(noise, 1e-9), values.shape)
        grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        if quality:
            _, stored = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
            grey = np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE), np.uint8)
        taken.append(grey)
    return taken


def random_flow_pair(seed: int, width: int = 320, height: int = 180) -> FlowPair:
    """Draw a scene, and render it twice.

    Args:
        seed: Decides everything.
        width: Of the frames in px.
        height: Of the frames in px.

    Returns:
        The frames with their flow.
    """
    draw = np.random.default_rng(seed)
    roles = ["background"] + ["ground"] * (draw.random() < 0.25)
    roles += ["subject"] * int(draw.choice([0, 1, 1, 2, 3]))
    layers = [draw_layer(draw, width, height, role) for role in roles]
    shutter = 0.5 if draw.random() < 0.4 else 0.0
    frames = [seen(layers, width, height, progress, shutter) for progress in (0.0, 1.0)]
    first, second = photographed(frames, draw)
    motion, occluded = flow_between(layers, width, height)
    flow = np.stack([motion.real, motion.imag], axis=-1).astype(np.float32)
    return FlowPair(first, second, flow, occluded)
