"""What every estimator of flow is to its callers, and which one the settings ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flowtag.flow.dis import DisFlow
from flowtag.flow.field import FlowField
from flowtag.flow.frame_pair import FramePair
from flowtag.settings import FlowSettings


class FlowEstimator(Protocol):
    """Estimates flow and confidence. Keeps no state between pairs: a pair's result is its own."""

    @property
    def name(self) -> str:
        """As it stands in ``motion.json``."""
        ...

    @property
    def batch_pairs(self) -> int:
        """How many pairs are best estimated at a time; 1: as they come."""
        ...

    def estimate(self, pairs: Sequence[FramePair]) -> list[FlowField]:
        """The flow of each pair, first to second; all pairs are of one size.

        The result of a pair does not depend on the others that it is estimated with.
        """
        ...


def estimator_for(settings: FlowSettings) -> FlowEstimator:
    """The estimator that settings ask for."""
    return DisFlow(settings)
