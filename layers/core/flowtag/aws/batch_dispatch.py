"""Chunks as children of an array job of AWS Batch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowtag.aws.clients import translated
from flowtag.aws.repeating import did_nothing, refused, repeated
from flowtag.contracts.messages import Plan
from flowtag.errors import NotHandedOutError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

DISPATCH_VARIABLE = "FLOWTAG_DISPATCH"
SHARE_VARIABLE = "FLOWTAG_SHARE_CHUNKS"

_MOST_CHILDREN = 10_000


class BatchDispatcher:
    """Submits one job for a dispatch, each of whose children takes a share of the chunks.

    A share is several chunks, so that a container, and a model, is loaded once for many.

    Attributes:
        may_repeat: SubmitJob makes a second, paid job of a repeated call. One whose reply was lost
            is not repeated here either: reconciliation finds the run if there is no job.
    """

    may_repeat = False

    def __init__(
        self, client: BatchClient, job_queue: str, job_definition: str, share_chunks: int
    ) -> None:
        """Takes a client of Batch that makes each call once, where jobs go, a child's chunks."""
        self._client = client
        self._job_queue = job_queue
        self._job_definition = job_definition
        self._share_chunks = share_chunks

    def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        """Submits a job for chunks; see :class:`~flowtag.dispatching.Dispatcher`."""
        try:
            repeated(lambda: self._submit(plan, chunks, record_key), only=did_nothing)
        except StorageError as error:
            if refused(error):
                raise NotHandedOutError(str(error)) from error
            raise

    def has_backlog(self) -> bool:
        """False: Batch lists the jobs of all queues to a caller, or none."""
        return False

    def _submit(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        share = max(self._share_chunks, -(-len(chunks) // _MOST_CHILDREN))
        children = -(-len(chunks) // share)
        # An array has at least two children.
        array = {"arrayProperties": {"size": children}} if children > 1 else {}
        with translated(f"job queue {self._job_queue}"):
            self._client.submit_job(
                jobName=_job_name(plan, record_key),
                jobQueue=self._job_queue,
                jobDefinition=self._job_definition,
                containerOverrides={
                    "environment": [
                        {"name": DISPATCH_VARIABLE, "value": record_key},
                        {"name": SHARE_VARIABLE, "value": str(share)},
                    ]
                },
                **array,  # type: ignore[arg-type]
            )


def share_of(chunks: Sequence[int], share_chunks: int, child: int) -> Sequence[int]:
    """The chunks that a child of an array job takes; the only child of a single job is 0."""
    return chunks[child * share_chunks : (child + 1) * share_chunks]


def _job_name(plan: Plan, record_key: str) -> str:
    number = record_key.rpartition("/")[2].removesuffix(".json")
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{plan.run_id}-{number}")[:128]
