"""Which pairs of a run are kept as evidence: the least trusted ones, spread over its time.

The order is of each pair alone and the cells are counted from the video's start, so chunk borders
cannot show: a pair that is among the least trusted of the video is among those of its chunk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

import numpy as np

from flowtag.contracts.messages import VideoProbe
from flowtag.settings import AnalysisSettings
from flowtag.thresholds import Thresholds

# So many cells for each pair that is kept: what fails all along is seen at several places, and one
# bad passage cannot take them all unless it is a quarter of the video.
_CELLS_A_PAIR = 4
_CELL_SECONDS_OF_UNKNOWN_LENGTH = 10


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """How much a pair deserves to be looked at; the least comes first.

    Attributes:
        is_plain: it has little texture, so that nobody would expect it to be trusted.
        confidence: mean over the picture.
        pts: of its first frame, so that no two are equal.
    """

    is_plain: bool
    confidence: float
    pts: int

    @classmethod
    def of(cls, row: np.void, limits: Thresholds) -> Doubt | None:
        """From a row of ``PAIR_DTYPE``; None where no flow was estimated, or nothing is seen."""
        confidence = float(row["confidence"])
        if not confidence > 0:
            return None
        return cls(float(row["texture"]) < limits.low_texture, confidence, int(row["pts"]))


class EvidenceCells:
    """Parts of the timeline; of each only its least trusted pair is kept."""

    def __init__(self, probe: VideoProbe, settings: AnalysisSettings) -> None:
        self.most = settings.thresholds.evidence_pairs
        self.seconds = max(floor(_length_seconds(probe, settings) / self._wanted()), 1)
        self._timeline = probe.timeline()

    def least_trusted(self, doubts: Iterable[Doubt]) -> list[Doubt]:
        """The pairs to keep of those given, the least trusted first."""
        cells: dict[int, Doubt] = {}
        for doubt in doubts:
            cell = self.cell(doubt.pts)
            cells[cell] = min(doubt, cells.get(cell, doubt))
        return sorted(cells.values())[: self.most]

    def cell(self, pts: int) -> int:
        """Number of the cell that a pair is in, by its first frame."""
        return self._timeline.whole_seconds(pts) // self.seconds

    def _wanted(self) -> int:
        return max(_CELLS_A_PAIR * self.most, 1)


def _length_seconds(probe: VideoProbe, settings: AnalysisSettings) -> float:
    """How long what is analysed is, as far as anybody knows before it is decoded."""
    unknown = _CELL_SECONDS_OF_UNKNOWN_LENGTH * _CELLS_A_PAIR * settings.thresholds.evidence_pairs
    start, end = settings.range_seconds or (None, None)
    if end is None and probe.end_pts is not None:
        end = probe.timeline().seconds(probe.end_pts)
    return float(unknown if end is None else end - (start or 0))
