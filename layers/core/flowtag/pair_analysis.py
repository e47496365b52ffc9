"""The pairs of a chunk: flow, the features that follow from it, and what is kept to be shown.

Pairs wait until there are enough of them for the estimator; each pair's row follows from its two
frames alone.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.contracts.features import GRID_SHAPE, PairTable
from flowtag.flow.estimating import FlowEstimator
from flowtag.flow.field import FlowField, GreyImage
from flowtag.flow.frame_pair import FramePair
from flowtag.motion.statistics import PairTime, unknown_pair
from flowtag.pair_clock import PairClock
from flowtag.pair_evidence import EvidenceKeeper
from flowtag.pair_refining import EstimatedPair, PairRefiner


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """What a pair needs of a frame: its working picture, ``(H, W)`` uint8, and its mean level."""

    image: GreyImage
    luma: float


@dataclass(slots=True)
class PairRows:
    """What was found of the pairs, in their order; of grids of flow about one a second.

    ``evidence`` holds, by pts, the files of the least trusted ones.
    """

    pairs: list[PairTable] = field(default_factory=list)
    grid_pts: list[int] = field(default_factory=list)
    grids: list[npt.NDArray[np.int8]] = field(default_factory=list)
    grid_scales: list[float] = field(default_factory=list)
    evidence: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A pair whose flow is still to be estimated, and the place of its row."""

    place: int
    pair: FramePair
    time: PairTime


class PairAnalyzer:
    """Estimates flow over pairs as they come, and writes a row about each."""

    def __init__(
        self,
        estimator: FlowEstimator,
        clock: PairClock,
        evidence: EvidenceKeeper,
        refiner: PairRefiner | None = None,
    ) -> None:
        self._estimator = estimator
        self._refiner = refiner
        self._evidence = evidence
        self._clock = clock
        self._rows = PairRows()
        self._waiting: list[_Waiting] = []

    def add(
        self,
        first: SeenFrame | None,
        second: SeenFrame | None,
        time: PairTime,
        between: Sequence[SeenFrame | None] = (),
    ) -> None:
        """Takes the next pair; a frame of which nothing can be known is None.

        Args:
            first: its first frame.
            second: its second.
            time: when they are.
            between: the frames that were decoded between them, in order.
        """
        row = unknown_pair(time)
        if first is not None:
            row["luma"] = first.luma
        self._rows.pairs.append(row)
        far = self._clock.too_long(time.pts, time.second_pts)
        if first is None or second is None or far:
            return
        pair = FramePair.of(first.image, second.image)
        seen = [frame.image for frame in between if frame is not None]
        if self._refiner is not None and len(seen) == len(between):
            pair = pair.through(seen)
        self._waiting.append(_Waiting(len(self._rows.pairs) - 1, pair, time))
        if len(self._waiting) >= self._estimator.batch_pairs:
            self._estimate_waiting()

    def finish(self) -> PairRows:
        """All that was found, once the last pair was added."""
        self._estimate_waiting()
        if self._refiner is not None:
            self._write(self._refiner.finish())
        self._rows.evidence = self._evidence.samples()
        return self._rows

    def _estimate_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        fields = self._estimator.estimate([one.pair for one in waiting])
        for one, flow in zip(waiting, fields, strict=True):
            estimated = EstimatedPair.of(one.place, one.pair, one.time, flow)
            self._write([estimated] if self._refiner is None else self._refiner.take(estimated))

    def _write(self, finished: Sequence[EstimatedPair]) -> None:
        for one in finished:
            if self._clock.crosses_second(one.time.pts, one.time.second_pts):
                self._keep_grid(one.time.pts, one.flow, one.time.seconds)
            one.row["luma"] = self._rows.pairs[one.place]["luma"]
            self._rows.pairs[one.place] = one.row
            self._evidence.offer(one.row, one.pair, one.flow)

    def _keep_grid(self, pts: int, flow: FlowField, seconds: float) -> None:
        rows, columns = GRID_SHAPE
        diagonal_px = float(np.hypot(*flow.picture_size))
        area = cv2.INTER_AREA
        vectors = np.asarray(
            cv2.resize(flow.vectors, (columns, rows), interpolation=area), dtype=np.float64
        ) / (diagonal_px * seconds)
        trust = np.asarray(cv2.resize(flow.confidence, (columns, rows), interpolation=area))
        scale = max(float(np.abs(vectors).max()), 1e-3)
        grid = np.rint(np.dstack([vectors / scale, trust]) * 127)
        # What is refined comes later than its neighbours.
        at = bisect(self._rows.grid_pts, pts)
        self._rows.grid_pts.insert(at, pts)
        self._rows.grids.insert(at, grid.astype(np.int8))
        self._rows.grid_scales.insert(at, scale)
