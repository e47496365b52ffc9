"""The colours of flow after Baker et al., A Database and Evaluation Methodology for Optical Flow.

International Journal of Computer Vision 92, 2011: hue is direction, saturation length.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

# Steps from each of six colours to the next: red, yellow, green, cyan, blue, magenta. The eye tells
# reds and blues apart more finely than greens.
_STEPS = (15, 6, 4, 11, 13, 6)
_RISES = ((1, True), (0, False), (2, True), (1, False), (0, True), (2, False))
_BEYOND = 0.75


def flow_colours(vectors: npt.NDArray[np.float32], longest_px: float) -> npt.NDArray[np.uint8]:
    """``(..., 3)`` uint8 RGB of ``(..., 2)`` vectors, px, x right, y down.

    Args:
        vectors: the flow; no motion is white.
        longest_px: what is drawn in full colour; longer vectors are darker.
    """
    wheel = colour_wheel()
    x, y = vectors[..., 0] / longest_px, vectors[..., 1] / longest_px
    length = np.hypot(x, y)[..., None]
    place = (np.arctan2(-y, -x) / np.pi + 1) / 2 * (len(wheel) - 1)
    below = np.floor(place).astype(np.intp)
    part = (place - below)[..., None]
    hue = (1 - part) * wheel[below] + part * wheel[(below + 1) % len(wheel)]
    colour = np.where(length <= 1, 1 - length * (1 - hue), hue * _BEYOND)
    return np.asarray(np.floor(255 * colour), dtype=np.uint8)


@lru_cache(maxsize=1)
def colour_wheel() -> npt.NDArray[np.float64]:
    """``(55, 3)`` float64 RGB, 0 to 1, counter-clockwise from left; not to be written to."""
    wheel = np.zeros((sum(_STEPS), 3))
    colour, at = [1.0, 0.0, 0.0], 0
    for steps, (channel, rises) in zip(_STEPS, _RISES, strict=True):
        ramp = np.floor(255 * np.arange(steps) / steps) / 255
        wheel[at : at + steps] = colour
        wheel[at : at + steps, channel] = ramp if rises else 1 - ramp
        colour[channel] = 1.0 if rises else 0.0
        at += steps
    wheel.flags.writeable = False
    return wheel


def wheel_picture(size_px: int) -> npt.NDArray[np.uint8]:
    """``(size, size, 4)`` uint8 RGBA: the legend, each direction in its colour, clear outside."""
    axis = np.linspace(-1, 1, size_px, dtype=np.float32)
    vectors = np.stack(np.meshgrid(axis, axis), axis=-1)
    inside = np.hypot(vectors[..., 0], vectors[..., 1]) <= 1
    alpha = np.where(inside, 255, 0).astype(np.uint8)
    return np.dstack([flow_colours(vectors, 1.0), alpha])
