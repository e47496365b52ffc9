"""The ways in which a function hears that a chunk was lost: which tasks, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from flowtag.aws.batch_dispatch import DISPATCH_VARIABLE, SHARE_VARIABLE, share_of
from flowtag.aws.s3_source import bucket_and_key
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_results import chunk_names
from flowtag.contracts.messages import ChunkTask
from flowtag.dispatching import read_dispatch
from flowtag.errors import ContractError
from flowtag.run_keys import RunKeys
from flowtag.runs import read_plan

_GO = re.compile(r"/tasks/\d+\.(?P<go>\d+)\.json$")


class FailedInvocation(NamedTuple):
    """An asynchronous invocation that SageMaker reports as failed.

    Attributes:
        task: of the chunk.
        reason: what SageMaker says.
        go: how many times the endpoint was invoked for the chunk.
    """

    task: ChunkTask
    reason: str
    go: int


def task_of(body: str | bytes) -> ChunkTask:
    """The task that a message of the chunk queue, or an object under ``tasks/``, holds.

    Raises:
        ContractError: it holds none.
    """
    try:
        return ChunkTask.model_validate_json(body)
    except ValidationError as error:
        raise ContractError("not a chunk's task") from error


def is_failed_job(event: dict[str, Any]) -> bool:
    """Whether an event says that a job of Batch has failed for good."""
    return (
        event.get("source") == "aws.batch"
        and event.get("detail-type") == "Batch Job State Change"
        and event.get("detail", {}).get("status") == "FAILED"
    )


def left_by_job(store: S3Store, event: dict[str, Any]) -> tuple[Sequence[ChunkTask], str]:
    """The tasks that a failed job left undone, and why.

    An array job's own event says only that one of its children failed: each child has an event.

    Raises:
        ContractError: the job is none of flowtag's, or its run cannot be read.
    """
    detail = event["detail"]
    array = detail.get("arrayProperties", {})
    if "size" in array and "index" not in array:
        return (), ""
    variables = {
        entry["name"]: entry["value"]
        for entry in detail.get("container", {}).get("environment", ())
        if "value" in entry
    }
    try:
        key, share = variables[DISPATCH_VARIABLE], int(variables[SHARE_VARIABLE])
    except (KeyError, ValueError) as error:
        raise ContractError(f"job {detail.get('jobId')} is none of flowtag's") from error
    keys = RunKeys.of_key(key)
    if keys is None:
        raise ContractError(f"{key} is no key of a run")
    plan = read_plan(store, keys)
    states = chunk_names(store, plan)
    mine = share_of(read_dispatch(store, key).chunks, share, int(array.get("index", 0)))
    tasks = [plan.task(index) for index in mine if states[index] == "missing"]
    return tasks, str(detail.get("statusReason") or "the job failed")


def failed_invocation(store: S3Store, message: str) -> FailedInvocation:
    """What a message of an endpoint's error topic is about.

    Raises:
        ContractError: the message is none of SageMaker's, or names no task.
        StorageError: the task could not be read.
    """
    try:
        notice = json.loads(message)
        location = notice["requestParameters"]["inputLocation"]
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError("not a notice of SageMaker") from error
    bucket, key = bucket_and_key(location)
    if bucket != store.bucket or not key.startswith(store.prefix):
        raise ContractError(f"{location} is no task in {store.bucket}")
    task = task_of(store.get(key.removeprefix(store.prefix)))
    again = _GO.search(key)
    reason = str(notice.get("failureReason") or "the invocation failed")
    return FailedInvocation(task, reason, int(again["go"]) if again else 1)
