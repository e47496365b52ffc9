"""The third step as a function of the cloud carries it out, once all chunks are settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from flowtag.announcing import Notify, Ready, announce
from flowtag.assembly.assemble import Assembly
from flowtag.chunk_results import ChunkState, chunk_names
from flowtag.completion import publish
from flowtag.contracts.chunkfile import read_failed_chunk
from flowtag.contracts.messages import Plan
from flowtag.errors import BrokenMediaError, ContractError, ObjectNotFoundError
from flowtag.run_keys import RunKeys
from flowtag.run_record import Attempt, ChunkFailure, record_attempt
from flowtag.runs import find_with_etag, put_motion, read_motion, read_plan
from flowtag.spent import Spent
from flowtag.storage import ObjectStore
from flowtag.unanalysed import unanalysed

CountSpent = Callable[[Plan, Sequence[int]], Spent]
"""What the results of some chunks of a plan took."""


def _nobody_counts(plan: Plan, chunks: Sequence[int]) -> Spent:
    return Spent()


@dataclass(frozen=True)
class Completed:
    """How a run stands after a look at it.

    Attributes:
        outcome: ``unsettled`` while chunks are missing; ``published`` and announced;
            ``unplanned`` where there is no such run.
        ready: what was announced.
        chunk_count: of the plan.
        missing: how many chunks have neither a result nor a failure.
        failed: how many have a failure alone.
    """

    outcome: Literal["unsettled", "published", "unplanned"]
    ready: Ready | None = None
    chunk_count: int = 0
    missing: int = 0
    failed: int = 0


def complete(
    store: ObjectStore,
    keys: RunKeys,
    notify: Notify,
    count_spent: CountSpent = _nobody_counts,
) -> Completed:
    """Publishes and announces a run if each of its chunks has a result or a failure.

    The event of the last chunk sees all the others, because listings of S3 are strongly
    consistent. It may come any number of times, and to several at a time.

    Args:
        store: where the run is.
        keys: of the run.
        notify: tells who waits for results.
        count_spent: what the workers say that it took.

    Raises:
        ContractError: an object of the run is damaged.
        StorageError: the store failed, or the event could not be sent; a retry may help.
    """
    try:
        plan = read_plan(store, keys)
    except ObjectNotFoundError:
        return _complete_unplanned(store, keys, notify)
    states = chunk_names(store, plan)
    missing, failed = states.count("missing"), states.count("failed")
    if missing:
        return Completed("unsettled", None, len(states), missing, failed)
    if not _is_final(store, keys):
        _publish(store, plan, states, count_spent)
    ready = announce(store, keys, notify)
    return Completed("published", ready, len(states), 0, failed)


def _complete_unplanned(store: ObjectStore, keys: RunKeys, notify: Notify) -> Completed:
    """A video that was skipped, or could not be planned, has a result and no plan."""
    if find_with_etag(store, keys.motion) is None:
        return Completed("unplanned")
    return Completed("published", announce(store, keys, notify))


def _is_final(store: ObjectStore, keys: RunKeys) -> bool:
    standing = find_with_etag(store, keys.motion)
    return standing is not None and read_motion(standing[0]).analysis.status in (
        "complete",
        "skipped",
    )


def _publish(
    store: ObjectStore, plan: Plan, states: tuple[ChunkState, ...], count_spent: CountSpent
) -> None:
    attempt = _attempt(store, plan, states, count_spent)

    def note(assembly: Assembly) -> None:
        record_attempt(store, plan, attempt.published(assembly), states)

    try:
        publish(store, plan, note)
    except BrokenMediaError as error:
        metadata = unanalysed(plan.source, plan.settings, "failed", str(error), plan)
        record_attempt(store, plan, attempt.model_copy(update={"outcome": "failed"}), states)
        put_motion(store, plan, metadata)


def _attempt(
    store: ObjectStore, plan: Plan, states: tuple[ChunkState, ...], count_spent: CountSpent
) -> Attempt:
    done = tuple(index for index, state in enumerate(states) if state == "done")
    spent = count_spent(plan, done)
    return Attempt(
        started_at=store.written_at(RunKeys.of(plan).plan),
        execution=plan.execution,
        cpu_seconds=spent.cpu_seconds,
        cost_usd=spent.cost_usd,
        analysed_chunks=done,
        failures=tuple(
            _failure(store, plan, index) for index, state in enumerate(states) if state == "failed"
        ),
    )


def _failure(store: ObjectStore, plan: Plan, index: int) -> ChunkFailure:
    try:
        failed = read_failed_chunk(store.get(RunKeys.of(plan).failed(index)))
    except ContractError as error:
        return ChunkFailure(index=index, code=error.code, message=str(error))
    return ChunkFailure(index=index, code=failed.code, message=failed.message)
