"""Photographs to film, and how a frame is sampled from one.

The photographs are those that the scikit-image wheel carries, so nothing is ever downloaded. A
picture plane has no end: beyond its border the photograph goes on as its own mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import av
import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Affine = npt.NDArray[np.float64]
Size = tuple[int, int]

PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "ihc": "ihc.png",
    "logo": "logo.png",
    "moon": "moon.png",
    "motorcycle": "motorcycle_left.png",
    "page": "page.png",
    "rocket": "rocket.jpg",
    "text": "text.png",
}
PATTERN_PX = 512
PYRAMID_LEVELS = 5


@dataclass(frozen=True)
class Picture:
    """A photograph and the part of it that the camera looks at when the shot begins.

    Attributes:
        name: A key of `PHOTOGRAPHS`, or one of the patterns `checker`, `stripes` and `grey`.
        span: Width of the whole photograph in frame widths; above one, the camera sees a crop.
        centre: Where the picture centre lies at first, as fractions of the photograph.
        mirrored: Whether the photograph is flipped, which keeps its histogram.
        blur_px: Standard deviation of a Gaussian blur, in px of the photograph.
        contrast: Factor on the distance of every value from the photograph's mean.
    """

    name: str = "astronaut"
    span: float = 1.6
    centre: tuple[float, float] = (0.5, 0.5)
    mirrored: bool = False
    blur_px: float = 0.0
    contrast: float = 1.0


def photograph(name: str) -> Image:
    """Load a photograph, or draw a pattern, as RGB with sides that halve evenly.

    Args:
        name: A key of `PHOTOGRAPHS` or the name of a pattern.

    Returns:
        An `(H, W, 3)` array whose sides are multiples of 32.
    """
    if name not in PHOTOGRAPHS:
        return pattern(name)
    # By PyAV, because OpenCV's libpng prints a warning about one of the colour profiles.
    with as_file(files("skimage") / "data" / PHOTOGRAPHS[name]) as path, av.open(str(path)) as file:
        stored = next(file.decode(video=0)).to_ndarray(format="rgb24")
    height, width = (side - side % 32 for side in stored.shape[:2])
    return np.ascontiguousarray(stored[:height, :width], dtype=np.uint8)


def pattern(name: str) -> Image:
    """Draw a pattern that repeats (`checker`, `stripes`) or shows nothing at all (`grey`).

    Args:
        name: The pattern.

    Returns:
        An `(512, 512, 3)` array.
    """
    row, column = np.mgrid[0:PATTERN_PX, 0:PATTERN_PX] // 16 % 2
    drawn = {
        "checker": 70 + 110 * (row ^ column),
        "stripes": 70 + 110 * column,
        "grey": np.full_like(row, 120),
    }[name]
    return np.repeat(drawn[..., None], 3, axis=2).astype(np.uint8)


@lru_cache(maxsize=12)
def plane(name: str, mirrored: bool, blur_px: float, contrast: float) -> tuple[Image, ...]:
    """Prepare a photograph for sampling at any scale.

    Every level halves the one before, and is stored enlarged twice: bilinear sampling of an image
    that holds nothing above half its own Nyquist frequency neither aliases nor flattens detail.

    Args:
        name: Photograph or pattern.
        mirrored: Whether it is flipped left to right.
        blur_px: Gaussian blur in px of the photograph.
        contrast: Factor about the mean.

    Returns:
        The levels, finest first.
    """
    image = photograph(name).astype(np.float32)
    if mirrored:
        image = image[:, ::-1]
    if blur_px:
        image = np.asarray(
            cv2.GaussianBlur(image, (0, 0), blur_px, borderType=cv2.BORDER_REFLECT), np.float32
        )
    image = np.clip(image.mean() + contrast * (image - image.mean()), 0, 255)
    height, width = image.shape[:2]
    levels = []
    for level in range(PYRAMID_LEVELS):
        size = (width >> level, height >> level)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (size[0] * 2, size[1] * 2), interpolation=cv2.INTER_CUBIC)
        levels.append(np.clip(np.rint(large), 0, 255).astype(np.uint8))
    return tuple(levels)


def levels_of(picture: Picture) -> tuple[Image, ...]:
    """Return the prepared levels of a picture; see `plane`."""
    return plane(picture.name, picture.mirrored, picture.blur_px, picture.contrast)


def width_px(picture: Picture) -> int:
    """Return the width of the photograph itself, in its own px."""
    return int(levels_of(picture)[0].shape[1]) // 2


def centre_px(picture: Picture) -> complex:
    """Return where the camera looks at first, in px of the photograph, as `x + iy`."""
    height, width = (side // 2 for side in levels_of(picture)[0].shape[:2])
    return complex(picture.centre[0] * width - 0.5, picture.centre[1] * height - 0.5)


def sample(levels: tuple[Image, ...], matrix: Affine, size: Size) -> Image:
    """Look at a picture plane through a similarity.

    Args:
        levels: The prepared picture.
        matrix: `(2, 3)` similarity from px of the photograph to px of the screen.
        size: Width and height of the screen.

    Returns:
        The frame, `(H, W, 3)`.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    level = int(np.clip(np.ceil(-np.log2(scale) - 1e-9), 0, len(levels) - 1))
    finer = 2.0 / 2**level
    # Px centres: a level's px index is (q + 0.5) * finer - 0.5.
    shrink = np.array(
        [[1 / finer, 0, 0.5 / finer - 0.5], [0, 1 / finer, 0.5 / finer - 0.5], [0, 0, 1]]
    )
    seen = cv2.warpAffine(
        levels[level], matrix @ shrink, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(seen, dtype=np.uint8)
