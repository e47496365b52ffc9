"""A message that stays with its worker for as long as that may be at work on it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flowtag.aws.clients import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def hold_message(client: SQSClient, queue_url: str, receipt: str, seconds: float) -> bool:
    """Keeps a message that was just received hidden for so long, where its queue would not.

    A queue whose visibility timeout is shorter than the work gives the message to one worker after
    the other, and in the end to its dead letters, while the first is still at it.

    Args:
        client: of SQS.
        queue_url: the queue that it is from.
        receipt: of this receive.
        seconds: how long its worker may be at work.

    Returns:
        Whether that had to be asked for; a timeout that is long enough is left as it is.

    Raises:
        StorageError: SQS failed, or another worker has the message by now.
    """
    with translated(queue_url):
        told = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["VisibilityTimeout"])
        if int(told["Attributes"]["VisibilityTimeout"]) >= seconds:
            return False
        client.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=math.ceil(seconds)
        )
    return True
