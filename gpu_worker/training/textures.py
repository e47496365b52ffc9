"""Pictures to cover layers with: photographs of scikit-image, and drawn ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.rendering.pictures import PHOTOGRAPHS, Image, photograph

FloatArray = npt.NDArray[np.float32]

HELD_OUT = ("chelsea", "coffee", "rocket", "coins")
"""Photographs that training never sees; pairs for validation are drawn from these alone."""

_DRAWN_PX = 640
_LEVELS = 4


@dataclass(frozen=True)
class Texture:
    """A picture plane without end: beyond its border the picture goes on as its mirror image.

    Attributes:
        levels: uint8 grey. Each halves the one before, and is stored enlarged twice, so that
            linear interpolation neither aliases nor blurs more at some places than at others.
    """

    levels: tuple[Image, ...]

    @classmethod
    def of(cls, grey: Image) -> Texture:
        """Prepares an ``(H, W)`` uint8 picture."""
        height, width = (side - side % 16 for side in grey.shape)
        levels = []
        for level in range(_LEVELS):
            size = (width >> level, height >> level)
            small = cv2.resize(grey[:height, :width], size, interpolation=cv2.INTER_AREA)
            large = cv2.resize(small, (size[0] * 2, size[1] * 2), interpolation=cv2.INTER_CUBIC)
            levels.append(np.asarray(large, np.uint8))
        return cls(tuple(levels))

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture itself."""
        height, width = self.levels[0].shape
        return width // 2, height // 2

    def sample(self, places: FloatArray, scale: float) -> FloatArray:
        """Looks at the plane.

        Args:
            places: ``(H, W, 2)`` float32, px of the picture.
            scale: Distance of neighbouring places in px of the picture.

        Returns:
            ``(H, W)`` float32 grey levels.
        """
        level = int(np.clip(np.ceil(np.log2(scale)), 0, _LEVELS - 1))
        finer = np.float32(2.0 / 2**level)
        there = (places + np.float32(0.5)) * finer - np.float32(0.5)
        seen = cv2.remap(
            self.levels[level],
            there[..., 0],
            there[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        return np.asarray(seen, np.float32)


def _to_levels(values: npt.NDArray[np.floating]) -> Image:
    values = (values - values.mean()) / (values.std() + 1e-9)
    return np.asarray(np.clip(np.rint(128 + 55 * values), 0, 255), np.uint8)


def fractal(draw: np.random.Generator) -> Image:
    """Noise whose spectrum falls like that of nature: clouds, bark, sand."""
    steepness = draw.uniform(0.8, 2.0)
    down = np.fft.fftfreq(_DRAWN_PX)[:, None]
    across = np.fft.rfftfreq(_DRAWN_PX)[None, :]
    frequency = np.hypot(down * np.exp(draw.normal(0, 0.4)), across) + 1.0 / _DRAWN_PX
    phase = np.exp(2j * np.pi * draw.random(frequency.shape))
    return _to_levels(np.fft.irfft2(frequency**-steepness * phase, s=(_DRAWN_PX, _DRAWN_PX)))


def leaves(draw: np.random.Generator) -> Image:
    """Discs and boxes of all sizes upon one another: edges at every scale."""
    canvas = np.full((_DRAWN_PX, _DRAWN_PX), 128, np.uint8)
    least_px = draw.uniform(3, 10)
    for radius in least_px / np.sqrt(draw.uniform(1e-3, 1, 1500))[::-1]:
        x, y = (int(v) for v in draw.uniform(0, _DRAWN_PX, 2))
        grey = float(np.clip(draw.normal(125, 60), 0, 255))
        if draw.random() < 0.5:
            cv2.circle(canvas, (x, y), int(radius), (grey,), -1, cv2.LINE_AA)
        else:
            box = cv2.boxPoints(
                ((x, y), tuple(draw.uniform(0.6, 2.5, 2) * radius), draw.uniform(0, 90))
            )
            cv2.fillPoly(canvas, [box.astype(np.int32)], (grey,), cv2.LINE_AA)
    return canvas


def plain(draw: np.random.Generator) -> Image:
    """Almost nothing: walls and skies, shaded, with a little grain."""
    small = draw.normal(0, 1, (4, 4))
    shade = cv2.resize(small, (_DRAWN_PX, _DRAWN_PX), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(
        np.asarray(draw.normal(0, 1, shade.shape)), (0, 0), draw.uniform(0.8, 3)
    )
    grain *= draw.uniform(0, 3) / grain.std()
    return np.asarray(np.clip(np.rint(128 + 30 * shade + grain), 0, 255), np.uint8)


def waves(draw: np.random.Generator) -> Image:
    """Stripes and weaves, bent: what repeats."""
    row, column = np.mgrid[0:_DRAWN_PX, 0:_DRAWN_PX].astype(np.float64)
    bend = cv2.resize(
        draw.normal(0, 1, (5, 5)), (_DRAWN_PX, _DRAWN_PX), interpolation=cv2.INTER_CUBIC
    )
    turn = draw.uniform(0, np.pi)
    along = column * np.cos(turn) + row * np.sin(turn) + 12 * bend
    across = -column * np.sin(turn) + row * np.cos(turn)
    values = np.sin(along * 2 * np.pi / draw.uniform(7, 40))
    if draw.random() < 0.5:
        values += np.sin(across * 2 * np.pi / draw.uniform(7, 60))
    return _to_levels(np.tanh(values * draw.uniform(0.5, 4)) + 0.3 * bend)


_DRAWN = (fractal, fractal, leaves, leaves, plain, waves)


def make_textures(seed: int, drawn: int, held_out: bool = False) -> list[Texture]:
    """Prepares a pool.

    Args:
        seed: Of the drawn pictures.
        drawn: How many are drawn, beside the photographs.
        held_out: The photographs that training never sees, instead of all others.

    Returns:
        Photographs first; two of three layers should take one of them, see `draw_texture`.
    """
    draw = np.random.default_rng(seed)
    names = [name for name in PHOTOGRAPHS if (name in HELD_OUT) == held_out]
    greys = [cv2.cvtColor(photograph(name), cv2.COLOR_RGB2GRAY) for name in names]
    greys += [_DRAWN[i % len(_DRAWN)](draw) for i in range(drawn)]
    return [Texture.of(np.asarray(grey, np.uint8)) for grey in greys]
