"""What an edit is, and the stitched per-frame evidence that edits are found in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

_BAR_LEVELS = 20.0

Signatures = Callable[[int, int], npt.NDArray[np.float32]]
"""The tiny pictures of frames ``[first, last)`` as ``(n, 18, 32)`` float32."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A border between two shots.

    Attributes:
        kind: how it is made.
        start: index of the first frame touched; of a cut, the first frame of the new shot.
        end: index of the first frame that belongs to the new shot alone.
    """

    kind: Literal["cut", "dissolve", "fade"]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """Columns of the whole video's frames that edits are decided on, compactly kept.

    Attributes:
        pts: int64.
        match, shift, luma, contrast, detail: float16, otherwise as in ``FRAME_DTYPE``.
        still: bool, the step to the next frame changes nothing at all.
        seconds_per_tick: the stream's time base.
    """

    pts: npt.NDArray[np.int64]
    match: npt.NDArray[np.float16]
    shift: npt.NDArray[np.float16]
    luma: npt.NDArray[np.float16]
    contrast: npt.NDArray[np.float16]
    detail: npt.NDArray[np.float16]
    still: npt.NDArray[np.bool_]
    seconds_per_tick: Fraction

    def __len__(self) -> int:
        return len(self.pts)

    def copy(self) -> FrameEvidence:
        """The same, with columns of its own."""
        return FrameEvidence(
            pts=self.pts.copy(),
            match=self.match.copy(),
            shift=self.shift.copy(),
            luma=self.luma.copy(),
            contrast=self.contrast.copy(),
            detail=self.detail.copy(),
            still=self.still.copy(),
            seconds_per_tick=self.seconds_per_tick,
        )

    def seconds_between(self, first: int, last: int) -> float:
        """Seconds from one frame to another."""
        return float(int(self.pts[last] - self.pts[first]) * self.seconds_per_tick)

    def frame_at_or_before(self, index: int, seconds: float) -> int:
        """The last frame at most ``seconds`` after the one at ``index``."""
        limit = int(self.pts[index]) + int(seconds / self.seconds_per_tick + Fraction(1, 1000))
        return int(np.searchsorted(self.pts, limit, side="right")) - 1


@dataclass(frozen=True, slots=True)
class PairEvidence:
    """What flow says of the time around a suspected edit.

    Attributes:
        first: ``(pairs,)`` index of each pair's first frame, rising.
        confidence: ``(pairs,)`` mean confidence of its vectors.
        speed: ``(pairs,)`` diagonals per second; NaN where unknown.
    """

    first: npt.NDArray[np.uint32]
    confidence: npt.NDArray[np.float16]
    speed: npt.NDArray[np.float16]

    def mean_confidence(self, begin: int, end: int) -> float:
        """Mean over the pairs that begin in frames ``[begin, end)``; NaN if there is none."""
        return self._mean(self.confidence, begin, end)

    def mean_speed(self, begin: int, end: int) -> float:
        """Mean over the pairs that begin in frames ``[begin, end)``; NaN if there is none."""
        return self._mean(self.speed, begin, end)

    def _mean(self, values: npt.NDArray[np.float16], begin: int, end: int) -> float:
        at, to = np.searchsorted(self.first, [begin, end])
        part = values[at:to].astype(np.float64)
        part = part[np.isfinite(part)]
        return float(part.mean()) if part.size else float("nan")


def without_bars(pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Tiny pictures without the bars that all of them have: those are alike in any two shots.

    Args:
        pictures: ``(n, 18, 32)``.

    Returns:
        ``(n, rows, columns)``; as they are where no two opposite bars are found, or no picture.
    """
    bright = pictures.max(axis=0) > _BAR_LEVELS
    rows, columns = _between_bars(bright.any(axis=1)), _between_bars(bright.any(axis=0))
    return pictures[:, rows, columns]


def _between_bars(bright: npt.NDArray[np.bool_]) -> slice:
    lit = np.flatnonzero(bright)
    if not lit.size:
        return slice(None)
    before, after = int(lit[0]), int(bright.size - 1 - lit[-1])
    if min(before, after) == 0 or abs(before - after) > 1 or 2 * lit.size < bright.size:
        return slice(None)
    # A cell that is partly bar goes with it.
    return slice(before + 1, bright.size - after - 1)


def correlation(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], reach: int) -> float:
    """Best normalised correlation of two tiny pictures over shifts of up to ``reach`` cells.

    At each shift the means and the energies are those of the overlap alone. All shifts are worked
    out at once: products by Fourier transform, sums over overlaps by summed-area tables (Lewis
    1995, "Fast normalized cross-correlation").

    Args:
        a: ``(rows, columns)``, 18 by 32 where no bars were cut off.
        b: likewise.
        reach: cells in each direction; down and up no further than a third of the rows.

    Returns:
        -1 to 1; 0 where one of them shows nothing.
    """
    rows, columns = a.shape
    down = np.arange(-min(reach, rows // 3), min(reach, rows // 3) + 1)
    across = np.arange(-reach, reach + 1)
    # Around nought, so that no digits are lost in the squares.
    first, second = (picture.astype(np.float64) - float(picture.mean()) for picture in (a, b))
    size = (rows + int(down[-1]), columns + reach)
    spectrum = np.conj(np.fft.rfft2(first, size)) * np.fft.rfft2(second, size)
    products = np.fft.irfft2(spectrum, size)[np.ix_(down, across)]
    cells = np.outer(rows - np.abs(down), columns - np.abs(across))
    sums_a, energy_a = _overlap_sums(first, -down, -across)
    sums_b, energy_b = _overlap_sums(second, down, across)
    energies = (energy_a - sums_a**2 / cells) * (energy_b - sums_b**2 / cells)
    scale = np.sqrt(np.maximum(energies, 0))
    seen = scale > cells
    likeness = (products - sums_a * sums_b / cells) / np.where(seen, scale, 1.0)
    return float(np.where(seen, likeness, 0.0).max())


def _overlap_sums(
    picture: npt.NDArray[np.float64], down: npt.NDArray[np.intp], across: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sums of values and of squares over what is left of a picture that loses rows and columns.

    Where ``down`` is positive so many rows are lost at the top, else at the bottom.
    """
    rows, columns = picture.shape
    top, bottom = np.maximum(down, 0), rows + np.minimum(down, 0)
    left, right = np.maximum(across, 0), columns + np.minimum(across, 0)
    tables = np.zeros((2, rows + 1, columns + 1))
    tables[:, 1:, 1:] = np.stack([picture, picture**2]).cumsum(axis=1).cumsum(axis=2)
    sums, energy = (
        table[np.ix_(bottom, right)]
        - table[np.ix_(top, right)]
        - table[np.ix_(bottom, left)]
        + table[np.ix_(top, left)]
        for table in tables
    )
    return sums, energy
