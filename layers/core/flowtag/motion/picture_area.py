"""The part of the frame that is picture: letterbox and pillarbox bars taken away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.flow.field import GreyImage

# A bar is black after averaging over the working pixel: what is left is ringing of the codec.
_BLACK_LEVEL = 14
# Bars that eat more than this leave no picture: the frame itself is black.
_MOST_OF_FRAME = 0.7


@dataclass(frozen=True, slots=True)
class PictureArea:
    """Rows ``[top, bottom)`` and columns ``[left, right)`` of the working picture, px."""

    top: int
    bottom: int
    left: int
    right: int

    def grid_mask(
        self, points_xy: npt.NDArray[np.float32], size: tuple[int, int], margin_px: float = 0
    ) -> BoolArray:
        """``(rows, columns)`` bool: which points lie inside.

        Args:
            points_xy: ``(rows, columns, 2)`` px from the picture's centre.
            size: width and height of the working picture.
            margin_px: so far from the border at the least.
        """
        x = points_xy[..., 0] + (size[0] - 1) / 2
        y = points_xy[..., 1] + (size[1] - 1) / 2
        across = (x >= self.left + margin_px) & (x < self.right - margin_px)
        down = (y >= self.top + margin_px) & (y < self.bottom - margin_px)
        return across & down


BoolArray = npt.NDArray[np.bool_]


def find_picture(image: GreyImage) -> PictureArea:
    """The picture inside black bars; the whole frame where there are none.

    Bars are told from a dark scene by lying on opposite sides and being black throughout. One
    more row or column is given up at a bar, where averaging has mixed bar and picture.
    """
    height, width = image.shape
    top, bottom = _opposite_bars(image.max(axis=1))
    rows = image[top : height - bottom] if top + bottom < height else image
    left, right = _opposite_bars(rows.max(axis=0))
    if top + bottom > _MOST_OF_FRAME * height or left + right > _MOST_OF_FRAME * width:
        return PictureArea(0, height, 0, width)
    return PictureArea(top, height - bottom, left, width - right)


def _opposite_bars(brightest: npt.NDArray[np.uint8]) -> tuple[int, int]:
    bright = np.flatnonzero(brightest > _BLACK_LEVEL)
    if bright.size == 0:
        return 0, 0
    before, after = int(bright[0]), int(brightest.size - 1 - bright[-1])
    smaller, larger = sorted((before, after))
    if smaller < 2 or larger - smaller > max(2, 0.25 * larger):
        return 0, 0
    return before + 1, after + 1
