"""Chunks as messages of an SQS queue, which worker functions take."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flowtag.aws.clients import translated
from flowtag.aws.repeating import repeated
from flowtag.contracts.messages import Plan
from flowtag.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MESSAGES_A_CALL = 10
_CALLS_AT_A_TIME = 8


class QueueDispatcher:
    """Sends a message for each chunk: the JSON of its task.

    Attributes:
        may_repeat: a worker drops the task of a chunk that is done.
    """

    may_repeat = True

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        """Takes a client of SQS and the queue that workers read."""
        self._client = client
        self._queue_url = queue_url

    def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        """Sends the tasks of chunks; see :class:`~flowtag.dispatching.Dispatcher`."""
        calls = [
            chunks[start : start + _MESSAGES_A_CALL]
            for start in range(0, len(chunks), _MESSAGES_A_CALL)
        ]
        with ThreadPoolExecutor(_CALLS_AT_A_TIME) as threads:
            for _ in threads.map(lambda some: self._send(plan, some), calls):
                pass

    def has_backlog(self) -> bool:
        """Whether messages wait for a worker; those that workers have, or gave back, do not.

        Raises:
            StorageError: SQS failed.
        """
        with translated(self._queue_url):
            told = self._client.get_queue_attributes(
                QueueUrl=self._queue_url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(told["Attributes"]["ApproximateNumberOfMessages"]) > 0

    def _send(self, plan: Plan, chunks: Sequence[int]) -> None:
        left = {str(index): plan.task(index).model_dump_json() for index in chunks}

        def send() -> None:
            with translated(self._queue_url):
                reply = self._client.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[{"Id": name, "MessageBody": body} for name, body in left.items()],
                )
            for sent in reply.get("Successful", ()):
                left.pop(sent["Id"], None)
            if left:
                raise StorageError(f"{self._queue_url}: {len(left)} messages were not taken")

        repeated(send)
