"""The pairs of a chunk that a costlier model estimates again, after the cheap estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from flowtag.contracts.features import PairGate, PairTable
from flowtag.contracts.messages import ChunkTask
from flowtag.flow.estimating import FlowEstimator, refiner_for
from flowtag.flow.field import FlowField
from flowtag.flow.frame_pair import FramePair
from flowtag.gating import CheapFindings, Explained, RefineGate
from flowtag.models.flow_model import ModelSource
from flowtag.motion.picture_area import BoolArray, PictureArea, find_picture
from flowtag.motion.statistics import PairTime, pair_features


@dataclass(frozen=True, slots=True)
class EstimatedPair:
    """A pair whose flow is estimated.

    Attributes:
        place: of its row among the chunk's.
        pair: its frames.
        time: when they are.
        area: the picture inside the first frame's bars.
        flow: from its first to its second frame.
        row: ``PAIR_DTYPE``, of length 1; luma is not filled.
    """

    place: int
    pair: FramePair
    time: PairTime
    area: PictureArea
    flow: FlowField
    row: PairTable

    @classmethod
    def of(cls, place: int, pair: FramePair, time: PairTime, flow: FlowField) -> Self:
        """With the features that follow from the flow."""
        area = find_picture(pair.first)
        return cls(place, pair, time, area, flow, pair_features(flow, pair.change, area, time))

    def inside(self) -> BoolArray:
        """``(rows, columns)`` bool: the flow's points inside the picture's bars."""
        return self.area.grid_mask(self.flow.points(), self.flow.picture_size)


@dataclass(frozen=True, slots=True)
class _Asked:
    found: EstimatedPair
    gate: PairGate

    def pair(self) -> FramePair:
        """As the model is to see it."""
        followed = PairGate.FOLLOWED in self.gate
        return self.found.pair if followed else self.found.pair.through(())


class PairRefiner:
    """Asks a model about the pairs that a gate lets through, as many at a time as suits it."""

    def __init__(self, model: FlowEstimator, gate: RefineGate) -> None:
        self._model = model
        self._gate = gate
        self._waiting: list[_Asked] = []

    @property
    def engine(self) -> str | None:
        """What runs the model, on what, and how precisely."""
        return self._model.engine

    def take(self, found: EstimatedPair) -> Sequence[EstimatedPair]:
        """Takes the next pair, as the cheap estimator found it.

        Returns:
            The pairs that are finished now, this or earlier ones: each as it is to be written.
        """
        cheap = CheapFindings.of(found.row, found.pair, found.flow, found.inside())
        gate = self._gate.decide(cheap, found.pair)
        found.row["gate"] = gate
        if PairGate.ASKED not in gate:
            return [found]
        self._waiting.append(_Asked(found, gate))
        return self.finish() if len(self._waiting) >= self._model.batch_pairs else []

    def finish(self) -> Sequence[EstimatedPair]:
        """The pairs that wait for the model, once it was asked."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        fields = self._model.estimate([one.pair() for one in waiting])
        return [self._better(one, flow) for one, flow in zip(waiting, fields, strict=True)]

    def _better(self, asked: _Asked, flow: FlowField) -> EstimatedPair:
        cheap, inside = asked.found, asked.found.inside()
        refined = EstimatedPair.of(cheap.place, cheap.pair, cheap.time, flow)
        before, after = (Explained.of(each.row, each.flow, inside) for each in (cheap, refined))
        if not self._gate.keeps(before, after):
            return cheap
        refined.row["gate"] = asked.gate | PairGate.REFINED
        return refined


def refiner_of(task: ChunkTask, models: ModelSource) -> PairRefiner | None:
    """What refines a chunk's pairs; None where its settings ask for no refining.

    Args:
        task: the chunk.
        models: whence the model comes that the task names.

    Raises:
        ModelError: there is no such model, or it is not what it should be.
        StorageError: the place where models are kept failed.
    """
    settings, model = task.settings.refine, refiner_for(task.settings, models)
    if settings is None or model is None:
        return None
    return PairRefiner(model, RefineGate(settings, task.settings.thresholds))
