"""The worker as a child of an array job of AWS Batch: takes its share of a dispatch."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from pydantic import Field

from flowtag.aws.batch_dispatch import share_of
from flowtag.aws.environment import OutputEnvironment, read_environment
from flowtag.chunk_work import has_result, record_failure
from flowtag.contracts.messages import ChunkTask
from flowtag.dispatching import read_dispatch
from flowtag.errors import ContractError, FlowtagError
from flowtag.run_keys import RunKeys
from flowtag.runs import read_plan
from flowtag.storage import ObjectStore
from gpu_worker.worker import carry_out_task, logger, named, store

UNEXPECTED = "worker_error"

PASSING = 1
"""The status of a child that Batch is to start again; template.yaml tells it so."""
HOPELESS = 2
"""The status of one that would only fail again."""
_TERMINATED = 128 + signal.SIGTERM


class BatchEnvironment(OutputEnvironment):
    """What Batch tells a child: which dispatch, which share of it, and which attempt this is."""

    flowtag_dispatch: str
    flowtag_share_chunks: int = Field(ge=1)
    aws_batch_job_array_index: int = Field(0, ge=0)
    aws_batch_job_attempt: int = Field(1, ge=1)


def main() -> int:
    """Carries out a share; returns the status that the process exits with.

    Every chunk of the share gets its go. 0: each has a result, or a failure on record. 1: some
    failed in a way that may pass; Batch starts the child again. 2: the share cannot be read.
    """
    signal.signal(signal.SIGTERM, _hand_back)
    try:
        return PASSING if _carry_out_share(read_environment(BatchEnvironment)) else 0
    except FlowtagError as error:
        logger.exception("share not taken up")
        return PASSING if error.retryable else HOPELESS


def _carry_out_share(environment: BatchEnvironment) -> int:
    """Carries out what is open of a share; returns how many chunks are left undone."""
    key = environment.flowtag_dispatch
    keys = RunKeys.of_key(key)
    if keys is None:
        raise ContractError(f"{key} is no key of a run")
    logger.append_keys(video_id=keys.video_id, run_id=keys.run_id)
    tasks = list(_open_tasks(store(), keys, environment))
    logger.info("share begun", chunks=len(tasks), attempt=environment.aws_batch_job_attempt)
    undone = sum(not _carry_out(store(), task) for task in tasks)
    # Each chunk took the names of its run away with its own.
    logger.info("share ended", undone=undone, video_id=keys.video_id, run_id=keys.run_id)
    return undone


def _open_tasks(
    runs: ObjectStore, keys: RunKeys, environment: BatchEnvironment
) -> Iterator[ChunkTask]:
    """The tasks that have no result yet; one that may have killed its worker goes last."""
    plan = read_plan(runs, keys)
    mine = share_of(
        read_dispatch(runs, environment.flowtag_dispatch).chunks,
        environment.flowtag_share_chunks,
        environment.aws_batch_job_array_index,
    )
    tasks = [plan.task(index) for index in mine]
    begun = set(runs.list(f"{keys.folder}/begun/"))
    suspects = {keys.begun(task.index) for task in tasks} & begun
    tasks.sort(key=lambda task: keys.begun(task.index) in suspects)
    return (task for task in tasks if not has_result(runs, task))


def _carry_out(runs: ObjectStore, task: ChunkTask) -> bool:
    """Whether the chunk is settled; one that fails does not stop the others."""
    with named(task):
        try:
            # Should this chunk kill the process, the next one sees which it was.
            runs.put(RunKeys(task.video_id, task.run_id).begun(task.index), b"{}\n")
            _carry_out_or_record(runs, task)
        except FlowtagError:
            logger.exception("chunk not done; the next attempt takes it up")
            return False
    return True


def _carry_out_or_record(runs: ObjectStore, task: ChunkTask) -> None:
    try:
        carry_out_task(task)
    except FlowtagError as error:
        if error.retryable:
            raise
        logger.exception("chunk failed")
        record_failure(runs, task, error.code, str(error))
    except Exception as error:
        logger.exception("chunk failed")
        record_failure(runs, task, UNEXPECTED, f"{type(error).__name__}: {error}")


def _hand_back(signum: int, frame: FrameType | None) -> NoReturn:
    # A Spot instance is taken away. Nothing is half written, and what is done stays done: Batch
    # starts the child again elsewhere. Threads of the codec must not hold up the exit.
    logger.warning("SIGTERM: the share goes back")
    sys.stdout.flush()
    os._exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
