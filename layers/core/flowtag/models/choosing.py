"""Which estimator is asked for, and what follows for a plan: its digest, its size, its cost."""

from __future__ import annotations

from flowtag.errors import ModelError
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


def choose_refiner(wanted: str | None, models: ModelRegistry) -> KeptModel | None:
    """The model that is to refine what DIS leaves in doubt; None: none is.

    Args:
        wanted: ``NAME`` or ``NAME@DIGEST``; None: none.
        models: from which it is chosen.

    Raises:
        ModelError: there is none of that name, or several.
        StorageError: the place where models are kept failed.
    """
    if wanted == DIS:
        raise ModelError(f"{DIS} is what a model refines; name a model")
    return None if wanted is None else models.find(wanted)


def pinned(
    model: KeptModel | None,
    settings: AnalysisSettings,
    execution: ExecutionSettings,
    refiner: KeptModel | None = None,
) -> tuple[AnalysisSettings, ExecutionSettings]:
    """Settings by which a model estimates every pair's flow, or refines what DIS leaves in doubt.

    Args:
        model: which, at its own working size; None: DIS, whose size and settings stay as they are.
        settings: of which its name and digest become a part.
        execution: of which its cost becomes a part, so that chunks are as short as it needs.
        refiner: the model that refines, at the size of the preset; None: none does.

    Raises:
        ModelError: there is a model for either.
    """
    if model is not None and refiner is not None:
        raise ModelError(f"{refiner} refines what {DIS} finds, not what {model} does; name one")
    asked = model or refiner
    if asked is None:
        return settings, execution
    said = asked.manifest
    cost = {"model_cpu_seconds_per_megapixel": said.cpu_seconds_per_megapixel}
    if model is None:
        chosen = settings.with_refining(said.name, asked.sha256)
    else:
        chosen = settings.with_model(said.name, asked.sha256, said.working_size_px)
    return chosen, execution.model_copy(update=cost)
