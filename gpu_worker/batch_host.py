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
from flowtag.runs import RunKeys, read_plan
from flowtag.storage import ObjectStore
from gpu_worker.worker import carry_out_task, logger, metrics, store

UNEXPECTED = "worker_error"
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
    failed in a way that may pass; Batch starts the child again.
    """
    signal.signal(signal.SIGTERM, _hand_back)
    environment = read_environment(BatchEnvironment)
    open_tasks = list(_open_tasks(store(), environment))
    logger.info("share begun", chunks=len(open_tasks), attempt=environment.aws_batch_job_attempt)
    undone = sum(not _carry_out(store(), task) for task in open_tasks)
    logger.info("share ended", undone=undone)
    return 1 if undone else 0


def _open_tasks(runs: ObjectStore, environment: BatchEnvironment) -> Iterator[ChunkTask]:
    """The tasks that have no result yet; one that may have killed its worker goes last."""
    key = environment.flowtag_dispatch
    keys = RunKeys.of_key(key)
    if keys is None:
        raise ContractError(f"{key} is no key of a run")
    plan = read_plan(runs, keys)
    mine = share_of(
        read_dispatch(runs, key).chunks,
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
    # Should this chunk kill the process, the next one sees which it was.
    runs.put(RunKeys(task.video_id, task.run_id).begun(task.index), b"{}\n")
    try:
        carry_out_task(task)
    except FlowtagError as error:
        logger.exception("chunk not done", chunk=task.index)
        if error.retryable:
            return False
        record_failure(runs, task, error.code, str(error))
    except Exception as error:
        logger.exception("chunk not done", chunk=task.index)
        record_failure(runs, task, UNEXPECTED, f"{type(error).__name__}: {error}")
    finally:
        metrics.flush_metrics()
    return True


def _hand_back(signum: int, frame: FrameType | None) -> NoReturn:
    # A Spot instance is taken away. Nothing is half written, and what is done stays done: Batch
    # starts the child again elsewhere. Threads of the codec must not hold up the exit.
    logger.warning("SIGTERM: the share goes back")
    sys.stdout.flush()
    os._exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
