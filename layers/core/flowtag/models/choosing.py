"""Which estimator is asked for, and what follows for a plan: its digest, its size, its cost."""

from __future__ import annotations

from flowtag.models.registry import DIS, KeptModel, ModelRegistry
from flowtag.settings import AnalysisSettings, ExecutionSettings


def choose(wanted: str, models: ModelRegistry) -> KeptModel | None:
    """The model that is meant by a name, with or without a digest; None: DIS, which is none.

    Args:
        wanted: ``dis``, ``NAME`` or ``NAME@DIGEST``.
        models: from which it is chosen.

    Raises:
        ModelError: there is none of that name, or several.
        StorageError: the place where models are kept failed.
    """
    return None if wanted == DIS else models.find(wanted)


def pinned(
    model: KeptModel | None, settings: AnalysisSettings, execution: ExecutionSettings
) -> tuple[AnalysisSettings, ExecutionSettings]:
    """Settings by which a model estimates every pair's flow, at its own working size.

    Args:
        model: which; None: DIS, and the settings stay as they are.
        settings: of which its name and digest become a part.
        execution: of which its cost becomes a part, so that chunks are as short as it needs.
    """
    if model is None:
        return settings, execution
    said = model.manifest
    cost = {"model_cpu_seconds_per_megapixel": said.cpu_seconds_per_megapixel}
    return (
        settings.with_model(said.name, model.sha256, said.working_size_px),
        execution.model_copy(update=cost),
    )
