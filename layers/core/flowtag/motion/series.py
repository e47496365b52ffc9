"""A shot's pairs as columns, in the units that splitting and tagging work in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatColumn = npt.NDArray[np.float64]

_LEAST_CAMERA_CONFIDENCE = 0.2
# Mean distance of a picture's points from its centre, in diagonals: turns zoom and roll into
# the speed that they give an average point.
MEAN_RADIUS_DIAGONALS = 0.29


@dataclass(frozen=True, slots=True)
class Shape:
    """The upright picture's proportions: width and height in diagonals."""

    width_diagonals: float
    height_diagonals: float

    @classmethod
    def of(cls, width: int, height: int) -> Shape:
        """The proportions of a picture in square pixels."""
        diagonal = float(np.hypot(width, height))
        return cls(width / diagonal, height / diagonal)


@dataclass(frozen=True, slots=True)
class PairSeries:
    """Consecutive pairs of one shot, none of which touches an edit.

    Attributes:
        rows: ``COMPACT_PAIR_DTYPE``.
        start_seconds: of each pair's first frame.
        seconds: length of each pair.
        shape: of the picture.
    """

    rows: npt.NDArray[np.void]
    start_seconds: FloatColumn
    seconds: FloatColumn
    shape: Shape

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, first: int, last: int) -> PairSeries:
        """Pairs ``[first, last)``."""
        return PairSeries(
            self.rows[first:last],
            self.start_seconds[first:last],
            self.seconds[first:last],
            self.shape,
        )

    def column(self, name: str) -> FloatColumn:
        """One feature as float64; NaN where unknown."""
        return np.asarray(self.rows[name], dtype=np.float64)

    def camera_known(self) -> npt.NDArray[np.bool_]:
        """Where the camera's fit can be used."""
        sure = np.nan_to_num(self.column("camera_confidence")) >= _LEAST_CAMERA_CONFIDENCE
        return sure & np.isfinite(self.column("pan"))

    def camera_velocity(self) -> npt.NDArray[np.float64]:
        """``(pairs, 4)``: pan, tilt, zoom, roll, each in diagonals per second; NaN if unknown."""
        velocity = np.stack(
            [
                self.column("pan") * self.shape.width_diagonals,
                self.column("tilt") * self.shape.height_diagonals,
                self.column("zoom") * MEAN_RADIUS_DIAGONALS,
                np.radians(self.column("roll")) * MEAN_RADIUS_DIAGONALS,
            ],
            axis=-1,
        )
        velocity[~self.camera_known()] = np.nan
        return velocity
