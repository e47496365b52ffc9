"""What every estimator of flow is to its callers, and which one the settings ask for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from flowtag.errors import ModelError
from flowtag.flow.dis import DisFlow
from flowtag.flow.field import FlowField
from flowtag.flow.frame_pair import FramePair
from flowtag.models.flow_model import ModelSource
from flowtag.settings import AnalysisSettings

if TYPE_CHECKING:
    from flowtag.flow.onnx_graph import OnnxGraph


class FlowEstimator(Protocol):
    """Estimates flow and confidence. Keeps no state between pairs: a pair's result is its own."""

    @property
    def name(self) -> str:
        """As it stands in ``motion.json``."""
        ...

    @property
    def engine(self) -> str | None:
        """What runs its model, on what, and how precisely; None where there is no model."""
        ...

    @property
    def batch_pairs(self) -> int:
        """How many pairs are best estimated at a time; 1: as they come."""
        ...

    def estimate(self, pairs: Sequence[FramePair]) -> list[FlowField]:
        """The flow of each pair, first to second; all pairs are of one size.

        The result of a pair does not depend on the others that it is estimated with. A model
        follows flow through the frames between a pair's own, where it has any.
        """
        ...


def estimator_for(settings: AnalysisSettings, models: ModelSource) -> FlowEstimator:
    """The estimator that settings ask for.

    Args:
        settings: which name it, and pin its model.
        models: whence a model comes.

    Raises:
        ModelError: there is no such model, or it is not what it should be.
        StorageError: the place where models are kept failed.
    """
    name, sha256 = settings.flow.estimator, settings.model_sha256
    if name == DisFlow.name:
        return DisFlow(settings.flow)
    if sha256 is None:
        raise ModelError(f"the settings name the model {name} but not its digest; plan anew")
    return _by_model(name, sha256, settings, models)


def refiner_for(settings: AnalysisSettings, models: ModelSource) -> FlowEstimator | None:
    """The model that is to refine what the estimator leaves in doubt; None where none is.

    Args:
        settings: which name it, and pin it.
        models: whence it comes.

    Raises:
        ModelError: there is no such model, or it is not what it should be.
        StorageError: the place where models are kept failed.
    """
    wanted = settings.refine
    if wanted is None:
        return None
    return _by_model(wanted.model, wanted.model_sha256, settings, models)


def _by_model(
    name: str, sha256: str, settings: AnalysisSettings, models: ModelSource
) -> FlowEstimator:
    # ONNX Runtime takes a fifth of a second to import.
    from flowtag.flow.onnx import OnnxFlow

    return OnnxFlow(_graph(models, name, sha256), settings.flow)


@lru_cache(maxsize=2)
def _graph(models: ModelSource, name: str, sha256: str) -> OnnxGraph:
    """Opened once a process: chunks of one video, and mostly of all, want the same."""
    from flowtag.flow.onnx_graph import OnnxGraph

    return OnnxGraph(models.load(name, sha256))
