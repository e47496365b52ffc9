"""Doing again, because a person says so, what failed or never came."""

from __future__ import annotations

from dataclasses import dataclass

from flowtag.chunk_results import chunk_names
from flowtag.dispatching import Dispatcher, redispatch
from flowtag.errors import ObjectNotFoundError, SettingsError
from flowtag.open_runs import mark_open
from flowtag.run_keys import RunKeys
from flowtag.runs import read_plan
from flowtag.storage import ObjectStore


@dataclass(frozen=True)
class Redriven:
    """What was handed out again.

    Attributes:
        chunks: their indices.
        chunk_count: of the plan.
    """

    chunks: tuple[int, ...]
    chunk_count: int


def redrive(store: ObjectStore, keys: RunKeys, dispatcher: Dispatcher) -> Redriven:
    """Hands out again the chunks of a run that failed or are missing, from its plan.

    What is published stays until their results replace it.

    Raises:
        SettingsError: there is no such run.
        ContractError: its plan cannot be read.
        StorageError: the store or the way to the workers failed.
    """
    try:
        plan = read_plan(store, keys)
    except ObjectNotFoundError as error:
        raise SettingsError(
            f"there is no run {keys.folder}; a run is VIDEO/RUN, as latest.json and the folders of"
            " the output bucket name it"
        ) from error
    if set(chunk_names(store, plan)) == {"done"}:
        return Redriven((), len(plan.chunks))
    mark_open(store, keys, plan.source, plan.settings)
    return Redriven(redispatch(store, plan, dispatcher, by_hand=True), len(plan.chunks))
