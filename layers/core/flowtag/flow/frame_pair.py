"""Two frames between which flow is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
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
        between: frames between them, in order, for estimators that follow flow through them; none:
            it is estimated in one step.
    """

    first: GreyImage
    second: GreyImage
    change: Photometry
    between: tuple[GreyImage, ...] = ()

    @classmethod
    def of(cls, first: GreyImage, second: GreyImage) -> Self:
        """A pair whose change of brightness is measured here."""
        return cls(first, second, measure_photometry(first, second))

    def through(self, between: Sequence[GreyImage]) -> Self:
        """The same pair, with frames between its own through which its flow can be followed."""
        return replace(self, between=tuple(between))

    def steps(self) -> list[FramePair]:
        """The pairs of neighbouring frames from the first frame to the second."""
        if not self.between:
            return [self]
        return [FramePair.of(*two) for two in pairwise((self.first, *self.between, self.second))]
