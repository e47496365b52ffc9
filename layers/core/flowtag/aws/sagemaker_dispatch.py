"""Chunks as asynchronous invocations of a SageMaker endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flowtag.aws.clients import translated
from flowtag.aws.s3_store import S3Store
from flowtag.contracts.messages import ChunkTask, Plan
from flowtag.run_keys import RunKeys
from flowtag.runs import readable_json

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_CALLS_AT_A_TIME = 8


class SageMakerDispatcher:
    """Writes each task as an object and invokes the endpoint with it.

    The container writes the chunk itself; what it answers is a receipt. An invocation's id is the
    task's digest, so that a receipt says what it is of.

    Attributes:
        may_repeat: an endpoint drops the task of a chunk that is done.
    """

    may_repeat = True

    def __init__(self, client: SageMakerRuntimeClient, endpoint: str, store: S3Store) -> None:
        """Takes a client, the endpoint's name, and where runs are."""
        self._client = client
        self._endpoint = endpoint
        self._store = store

    def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        """Invokes the endpoint for chunks; see :class:`~flowtag.dispatching.Dispatcher`."""
        with ThreadPoolExecutor(_CALLS_AT_A_TIME) as threads:
            for _ in threads.map(lambda index: self.invoke(plan.task(index)), chunks):
                pass

    def has_backlog(self) -> bool:
        """False: an endpoint tells of its backlog by a metric alone, and minutes later."""
        return False

    def invoke(self, task: ChunkTask, go: int = 1) -> None:
        """Invokes the endpoint for a chunk.

        Args:
            task: of the chunk.
            go: how many times it will have been handed out with this. It stands in the task's key,
                which SageMaker names where it tells of a failure: so goes are counted though
                that may be told more than once.

        Raises:
            StorageError: the task was not written, or the endpoint did not take it.
        """
        key = RunKeys(task.video_id, task.run_id).task(task.index, go)
        self._store.put(key, readable_json(task))
        with translated(f"endpoint {self._endpoint}"):
            self._client.invoke_endpoint_async(
                EndpointName=self._endpoint,
                InputLocation=self._store.uri(key),
                ContentType="application/json",
                InferenceId=task.digest(),
            )
