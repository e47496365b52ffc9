"""Pairs to learn from: scenes drawn at random, filmed twice, with the exact flow between.

They are faster to draw than those of ``tests/rendering/pairs.py``, which stay what is measured on,
and wider in kind: bends, bays, holes and bars, and light that changes from place to place.
"""

from __future__ import annotations

import cv2
import numpy as np

from gpu_worker.training.layers import (
    Bar,
    Bends,
    Blob,
    Everywhere,
    HalfPlane,
    Lace,
    Layer,
    Motion,
    Shape,
    flow_between,
    render,
)
from gpu_worker.training.textures import FloatArray, Texture
from tests.rendering.pairs import FlowPair
from tests.rendering.pictures import Image

FASTEST_PX = 40.0
_STEEPEST_BEND = 0.3
_WAVES = 2
_EXPOSURES = 4
_SHUTTER = 0.5


def draw_shift(draw: np.random.Generator) -> FloatArray:
    """Draws a translation as film has it: often nothing, mostly a few px, seldom many."""
    kind = draw.random()
    if kind < 0.1:
        return np.zeros(2, np.float32)
    median_px = 1.2 if kind < 0.6 else 5.0
    length = min(median_px * float(np.exp(0.9 * draw.standard_normal())), FASTEST_PX)
    # Cameras and people move sideways more than up and down.
    direction = draw.standard_normal(2) * (1, 0.6)
    return (length * direction / (np.linalg.norm(direction) + 1e-9)).astype(np.float32)


def draw_bends(draw: np.random.Generator, waves: int) -> Bends:
    """Draws how a layer bends, clear of folding."""
    length_px = np.exp(draw.uniform(np.log(30), np.log(250), waves))
    steepest_px = _STEEPEST_BEND / waves * length_px / (2 * np.pi)
    swing_px = np.minimum(0.7 * np.exp(0.8 * draw.standard_normal(waves)), steepest_px)
    along, across = draw.uniform(0, 2 * np.pi, (2, waves))
    rates = (2 * np.pi / length_px) * np.stack([np.cos(along), np.sin(along)])
    swings_px = swing_px * np.stack([np.cos(across), np.sin(across)])
    phases = draw.uniform(0, 2 * np.pi, waves)
    return Bends(
        rates.T.astype(np.float32), phases.astype(np.float32), swings_px.astype(np.float32)
    )


def draw_motion(
    draw: np.random.Generator, pivot: FloatArray, shift: FloatArray, liveliness: float
) -> Motion:
    """Draws zoom, roll, shear and bends about a shift."""
    stretch = np.eye(2)
    if draw.random() < 0.5:
        swell, turn = draw.normal(0, 0.012) * liveliness, draw.normal(0, 0.014) * liveliness
        shear = draw.normal(0, 0.008, (2, 2)) * (draw.random() < 0.4)
        stretch = (
            np.exp(swell) * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            + shear
        )
    if draw.random() < 0.6:
        return Motion(pivot, shift, stretch.astype(np.float32))
    return Motion(pivot, shift, stretch.astype(np.float32), draw_bends(draw, _WAVES))


def draw_shape(
    draw: np.random.Generator, textures: list[Texture], width: int, height: int
) -> tuple[Shape, FloatArray]:
    """Draws an outline inside the frame, and its centre."""
    centre = draw.uniform((0, 0), (width, height)).astype(np.float32)
    turn = draw.uniform(0, np.pi)
    along = np.array([np.cos(turn), np.sin(turn)], np.float32)
    size_px = float(np.sqrt(width * height * np.exp(draw.uniform(np.log(0.004), np.log(0.25)))))
    kind = draw.random()
    if kind < 0.12:
        return HalfPlane(centre, along), centre
    if kind < 0.35:
        aspect = float(np.exp(draw.uniform(0, 2)))
        return Bar(centre, (size_px * aspect / 2, size_px / aspect / 2 + 1), along), centre
    sway = draw.uniform(0, 0.25)
    swings = tuple(
        (float(sway * draw.standard_normal() / turns), float(draw.uniform(0, 6.3)))
        for turns in range(2, 7)
    )
    blob = Blob(centre, size_px / 1.8, swings, float(np.exp(draw.normal(0, 0.35))))
    if kind < 0.85:
        return blob, centre
    holes = textures[draw.integers(len(textures))]
    return Lace(blob, holes, float(np.exp(draw.uniform(-1, 0.7))), draw.uniform(80, 140)), centre


def draw_layer(
    draw: np.random.Generator,
    textures: list[Texture],
    shape: Shape,
    motion: Motion,
) -> Layer:
    """Covers a shape with a picture: sharp or enlarged, rich or poor in contrast."""
    texture = textures[draw.integers(len(textures))]
    scale = float(np.exp(draw.uniform(np.log(0.35), np.log(2.2))))
    turn = draw.uniform(-np.pi, np.pi) if draw.random() < 0.5 else draw.uniform(-0.4, 0.4)
    placed = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    start = draw.uniform((0, 0), texture.size_px)
    contrast = float(draw.choice([1, 1, 1, 0.6, 0.3]))
    return Layer(
        texture, placed.astype(np.float32), start.astype(np.float32), shape, motion, contrast
    )


def draw_scene(
    draw: np.random.Generator, textures: list[Texture], width: int, height: int
) -> list[Layer]:
    """Draws a background that the camera moves over, and up to six layers of their own motion."""
    middle = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    camera = draw_shift(draw)
    motion = draw_motion(draw, middle, camera, 1.0)
    layers = [draw_layer(draw, textures, Everywhere(), motion)]
    for _ in range(int(draw.choice([0, 1, 2, 2, 3, 4, 6]))):
        shape, centre = draw_shape(draw, textures, width, height)
        follows = draw.uniform(0, 1.5) if draw.random() < 0.7 else 0.0
        shift = camera * np.float32(follows) + draw_shift(draw)
        longest = max(1.0, float(np.linalg.norm(shift)) / FASTEST_PX)
        motion = draw_motion(draw, centre, shift / np.float32(longest), 2.5)
        layers.append(draw_layer(draw, textures, shape, motion))
    return layers


def _shade(draw: np.random.Generator, width: int, height: int) -> FloatArray:
    """A light that falls unevenly: a smooth factor about 1."""
    small = draw.normal(0, draw.uniform(0.02, 0.12), (3, 4)).astype(np.float32)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 + large, np.float32)


def photographed(frames: list[FloatArray], draw: np.random.Generator) -> list[Image]:
    """Passes both frames through one lens, a light that may change, a sensor and a codec."""
    height, width = frames[0].shape
    defocus_px = draw.uniform(0.4, 1.5) if draw.random() < 0.3 else 0.0
    noise = float(draw.choice([0, 0, 1, 2, 4, 7]))
    quality = int(draw.integers(30, 96)) if draw.random() < 0.5 else 0
    dark = draw.uniform(0.15, 0.6) if draw.random() < 0.12 else 1.0
    gain, offset, gamma = 1.0, 0.0, 1.0
    if draw.random() < 0.3:
        gain, offset = draw.uniform(0.75, 1.3), draw.uniform(-12, 12)
        gamma = float(np.exp(draw.normal(0, 0.1)))
    shade = _shade(draw, width, height) if draw.random() < 0.2 else None
    taken = []
    for second, frame in enumerate(frames):
        values = cv2.GaussianBlur(frame, (0, 0), defocus_px) if defocus_px else frame
        if second:
            values = 255 * (np.clip(values, 0, 255) / 255) ** np.float32(gamma) * gain + offset
            values = values * shade if shade is not None else values
        values = np.asarray(values, np.float32) * np.float32(dark)
        if noise:
            values = values + noise * draw.standard_normal(values.shape, np.float32)
        grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        if quality:
            _, stored = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
            grey = np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE), np.uint8)
        taken.append(grey)
    return taken


def draw_pair(seed: int, textures: list[Texture], width: int, height: int) -> FlowPair:
    """Draws a scene and films it twice.

    Args:
        seed: Decides everything, together with the textures.
        textures: What layers are covered with.
        width: Of the frames, px.
        height: Of the frames, px.

    Returns:
        The frames with their flow.
    """
    draw = np.random.default_rng(seed)
    layers = draw_scene(draw, textures, width, height)
    moments = [0.0]
    if draw.random() < 0.3:
        moments = [_SHUTTER * ((i + 0.5) / _EXPOSURES - 0.5) for i in range(_EXPOSURES)]
    frames = [render(layers, width, height, [at + m for m in moments]) for at in (0.0, 1.0)]
    first, second = photographed(frames, draw)
    flow, occluded = flow_between(layers, width, height)
    return FlowPair(first, second, flow, occluded)
