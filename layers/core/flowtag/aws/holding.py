"""How long a chunk's message stays hidden: as long as its worker may be at work, and no longer.

A queue hides each message for one time that is set beforehand. If that is shorter than the work,
the message goes to one worker after the other, and in the end to the dead letters, while the first
is still at it. If it is far longer, as AWS advises, all of it passes before the chunk of a worker
that died is begun again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flowtag.aws.clients import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MARGIN_SECONDS = 60
"""After a worker's last moment: Lambda itself deletes a message that is done."""

_PAUSE_SECONDS = 30
_LONGEST_PAUSE_SECONDS = 900


def pause_seconds(receives: int, most_receives: int) -> int:
    """How long a message that could not be done stays away, each time longer.

    Six receives outlast an outage of 40 minutes: 30 s, 2, 8, 15 and 15 minutes.

    Args:
        receives: how many times it was received, the last one included.
        most_receives: so often the queue gives it out. None follows the last of them: SQS makes a
            dead letter of the message once it would be seen again, and so at once.
    """
    if receives >= most_receives:
        return 0
    return int(min(_PAUSE_SECONDS * 4 ** (receives - 1), _LONGEST_PAUSE_SECONDS))


def hold_message(client: SQSClient, queue_url: str, receipt: str, seconds: float) -> None:
    """Hides a message that was just received for as long as its worker may be at work.

    Args:
        client: of SQS.
        queue_url: the queue that it is from.
        receipt: of this receive.
        seconds: what is left of the worker's time.

    Raises:
        StorageError: SQS failed, or another worker has the message by now.
    """
    _hide(client, queue_url, receipt, math.ceil(seconds) + _MARGIN_SECONDS)


def give_back(client: SQSClient, queue_url: str, receipt: str, seconds: int) -> None:
    """Lets a message that could not be done come again.

    Args:
        client: of SQS.
        queue_url: the queue that it is from.
        receipt: of this receive.
        seconds: how long it stays away; see :func:`pause_seconds`.

    Raises:
        StorageError: SQS failed, or another worker has the message by now.
    """
    _hide(client, queue_url, receipt, seconds)


def _hide(client: SQSClient, queue_url: str, receipt: str, seconds: int) -> None:
    with translated(queue_url):
        client.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=seconds
        )
