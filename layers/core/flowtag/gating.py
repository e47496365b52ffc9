"""Which pairs a costlier model is asked about: where it may pay, and why.

A decision is of one pair alone, by what the cheap estimator found and by the pair's two frames:
so neither chunk borders nor what else is refined can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from flowtag.contracts.features import PairGate, PairTable
from flowtag.cut_pairs import CutTest
from flowtag.flow.field import FloatArray, FlowField
from flowtag.flow.frame_pair import FramePair
from flowtag.motion.picture_area import BoolArray
from flowtag.thresholds import RefineSettings, Thresholds

_ALL_BUT_A_TWENTIETH = 95
# Standard deviation of places across a picture of 16:9, in diagonals.
_SPREAD_OF_WIDTH = 0.25


class Explained(NamedTuple):
    """How well a flow explains a pair's frames.

    Attributes:
        difference_levels: mean absolute difference of the frames along the flow, grey levels.
        confidence: mean over the picture.
    """

    difference_levels: float
    confidence: float

    @classmethod
    def of(cls, row: PairTable, flow: FlowField, inside: BoolArray) -> Self:
        """From a pair's row, and its flow inside the picture's bars."""
        levels = float(flow.residual[inside].mean()) if inside.any() else 0.0
        return cls(levels, float(row["confidence"][0]))


@dataclass(frozen=True, slots=True)
class CheapFindings:
    """What the cheap estimator found of a pair.

    Attributes:
        can_be_told: the frames differ, and show something that would tell motion.
        explained: how well its flow explains the frames.
        largest_difference_levels: difference of the frames along the flow that a twentieth of the
            picture exceeds, grey levels.
        spread: standard deviation of the vectors' lengths, diagonals per second; NaN if unknown.
        spread_of_camera: the most that a zoom and a roll of the camera's add to it by themselves.
        displacement: length that a twentieth of the vectors exceeds, diagonals.
    """

    can_be_told: bool
    explained: Explained
    largest_difference_levels: float
    spread: float
    spread_of_camera: float
    displacement: float

    @classmethod
    def of(cls, row: PairTable, pair: FramePair, flow: FlowField, inside: BoolArray) -> Self:
        """From a pair's row, its frames, and its flow inside the picture's bars."""
        reach_px = np.hypot(flow.vectors[..., 0], flow.vectors[..., 1])[inside]
        diagonal_px = float(np.hypot(*flow.picture_size))
        differs = not np.array_equal(pair.first, pair.second)
        return cls(
            can_be_told=differs and bool(row["confidence"][0] > 0),
            explained=Explained.of(row, flow, inside),
            largest_difference_levels=_nearly_most(flow.residual[inside]),
            spread=float(row["speed_spread"][0]),
            spread_of_camera=_SPREAD_OF_WIDTH
            * float(np.hypot(row["zoom"][0], np.radians(row["roll"][0]))),
            displacement=_nearly_most(reach_px) / diagonal_px,
        )


def _nearly_most(values: FloatArray) -> float:
    """What a twentieth of the values exceeds; 0 where there are none."""
    return float(np.percentile(values, _ALL_BUT_A_TWENTIETH)) if values.size else 0.0


class RefineGate:
    """Decides which pairs the model is asked about."""

    def __init__(self, settings: RefineSettings, limits: Thresholds) -> None:
        self._settings = settings
        self._crosses_cut = CutTest(limits)

    def decide(self, found: CheapFindings, pair: FramePair) -> PairGate:
        """The bits of a pair: ``ASKED`` if the model is to be asked, and the reasons either way.

        Args:
            found: by the cheap estimator.
            pair: its frames.
        """
        reasons = self.reasons(found)
        if not reasons:
            return reasons
        if not found.can_be_told:
            return reasons | PairGate.NOTHING_TO_GAIN
        if self._crosses_cut(pair):
            return reasons | PairGate.ACROSS_CUT
        followed = PairGate.FOLLOWED if PairGate.LARGE_DISPLACEMENT in reasons else PairGate(0)
        return reasons | PairGate.ASKED | (followed if pair.between else PairGate(0))

    def reasons(self, found: CheapFindings) -> PairGate:
        """What speaks for asking, whatever speaks against it."""
        limits, explained = self._settings, found.explained
        several = found.spread >= limits.complex_spread + found.spread_of_camera
        asked = {
            PairGate.LOW_CONFIDENCE: explained.confidence <= limits.low_confidence,
            PairGate.DISAGREEMENT: found.largest_difference_levels >= limits.disagreeing_levels,
            PairGate.COMPLEXITY: several and explained.confidence <= limits.complex_confidence,
        }
        reasons = PairGate(0)
        for reason, holds in asked.items():
            reasons |= reason if holds else PairGate(0)
        # How far it moves says how to ask, not whether: DIS is sure of many a whip pan.
        if reasons and found.displacement >= limits.large_displacement:
            reasons |= PairGate.LARGE_DISPLACEMENT
        return reasons

    def keeps(self, cheap: Explained, refined: Explained) -> bool:
        """Whether the model explains the pictures so much better that its flow is to count."""
        limits = self._settings
        share = (1 - limits.least_gain) * cheap.difference_levels
        most_levels = min(share, cheap.difference_levels - limits.least_gain_levels)
        surer = refined.confidence >= cheap.confidence
        return surer and refined.difference_levels <= most_levels
