"""The second step as a worker in the cloud carries it out: a task in, a chunk's object out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flowtag.contracts.chunkfile import failed_chunk, read_task_digest
from flowtag.contracts.messages import ChunkTask
from flowtag.errors import FlowtagError, ObjectNotFoundError
from flowtag.run_keys import RunKeys
from flowtag.storage import ObjectStore

Outcome = Literal["analysed", "already_done", "failed"]
Analyze = Callable[[ChunkTask], bytes]
"""Analyses the frames of a chunk; raises a FlowtagError where it cannot."""
Put = Callable[[str, bytes], object]
"""Writes an object, whatever stood there."""


def carry_out(
    store: ObjectStore, task: ChunkTask, analyze: Analyze, put_result: Put | None = None
) -> Outcome:
    """Analyses a chunk, unless it is done, and writes its result, or why there is none.

    A task may come any number of times; the same bytes are written each time.

    Args:
        store: where the run is.
        task: what is to be done.
        analyze: does it.
        put_result: writes the result where something is to be noted beside it; None: the store.

    Raises:
        FlowtagError: a failure that may pass; nothing was written.
    """
    if has_result(store, task):
        return "already_done"
    try:
        result = analyze(task)
    except FlowtagError as error:
        if error.retryable:
            raise
        record_failure(store, task, error.code, str(error))
        return "failed"
    (put_result or store.put)(_keys(task).chunk(task.index), result)
    return "analysed"


def has_result(store: ObjectStore, task: ChunkTask) -> bool:
    """Whether there is a result that answers this very task."""
    try:
        data = store.get(_keys(task).chunk(task.index))
    except ObjectNotFoundError:
        return False
    return read_task_digest(data) == task.digest()


def record_failure(store: ObjectStore, task: ChunkTask, code: str, message: str) -> bool:
    """Records why a chunk has no result, so that its video does not wait for it.

    Returns:
        Whether it was recorded: a result that came all the same is worth more.
    """
    if has_result(store, task):
        return False
    store.put(_keys(task).failed(task.index), failed_chunk(task, code, message))
    return True


def _keys(task: ChunkTask) -> RunKeys:
    return RunKeys(task.video_id, task.run_id)
