"""Two frames between which flow is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from flowtag.flow.field import GreyImage
from flowtag.flow.photometry import Photometry, measure_photometry


@dataclass(frozen=True, slots=True)
class FramePair:
    """Two grey frames of one size, and how brightness changes between them.

    Attributes:
        first: ``(H, W)`` uint8, upright, of the working size.
        second: ``(H, W)`` uint8.
        change: from first to second.
    """

    first: GreyImage
    second: GreyImage
    change: Photometry

    @classmethod
    def of(cls, first: GreyImage, second: GreyImage) -> Self:
        """A pair whose change of brightness is measured here."""
        return cls(first, second, measure_photometry(first, second))
