"""What reaches the function that completes runs: events of chunks, and requests to look again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowtag.aws.clients import translated
from flowtag.errors import ContractError
from flowtag.run_keys import RunKeys
from flowtag.settings import canonical_json

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SOURCE = "flowtag"
_REQUESTED = "Completion Requested"


class CompletionRequests:
    """Asks, through its queue, the function that completes runs to look at one."""

    def __init__(self, client: SQSClient, queue_url: str, prefix: str) -> None:
        """Takes a client of SQS, the queue, and what all keys of the output begin with."""
        self._client = client
        self._queue_url = queue_url
        self._prefix = prefix

    def __call__(self, keys: RunKeys) -> None:
        """Sends the request.

        Raises:
            StorageError: it could not be sent; a retry may help.
        """
        body = {
            "source": _SOURCE,
            "detail-type": _REQUESTED,
            "detail": {"object": {"key": f"{self._prefix}{keys.folder}/chunks/"}},
        }
        with translated(self._queue_url):
            self._client.send_message(
                QueueUrl=self._queue_url, MessageBody=canonical_json(body).decode()
            )


def run_of(body: str, prefix: str) -> RunKeys | None:
    """The run that a message of the completion queue is about; None if it is about none.

    Args:
        body: of the message: S3's event by way of EventBridge, or a request.
        prefix: what all keys of the output begin with.

    Raises:
        ContractError: it is not JSON, or has no key.
    """
    try:
        event: dict[str, Any] = json.loads(body)
        key: str = event["detail"]["object"]["key"]
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError("not a message of the completion queue") from error
    if not key.startswith(prefix):
        return None
    inner = key.removeprefix(prefix)
    keys = RunKeys.of_key(inner)
    return keys if keys is not None and inner.startswith(keys.chunks) else None
