"""SQS's actions on local queues, as its JSON protocol names and shapes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from local_cloud.aws_json import Action, Refused
from local_cloud.queues import Message, NotInFlight, Queue

_LARGEST_BYTES = 1_048_576
_MOST_ENTRIES = 10


class QueueApi:
    """Answers SQS's requests about some queues.

    Args:
        queues: the queues by name.
        url: gives the URL of the queue of a name.
    """

    def __init__(self, queues: Mapping[str, Queue], url: Callable[[str], str]) -> None:
        self._queues, self._url = queues, url

    def actions(self) -> dict[str, Action]:
        """Every action that is answered, by its name in the protocol."""
        actions: dict[str, Action] = {
            "GetQueueUrl": self._get_queue_url,
            "GetQueueAttributes": self._get_queue_attributes,
            "ListQueues": lambda asked: {"QueueUrls": [self._url(name) for name in self._queues]},
            "SendMessage": self._send_message,
            "SendMessageBatch": self._each(self._send_message),
            "ReceiveMessage": self._receive_message,
            "DeleteMessage": self._delete_message,
            "DeleteMessageBatch": self._each(self._delete_message),
            "ChangeMessageVisibility": self._change_visibility,
            "ChangeMessageVisibilityBatch": self._each(self._change_visibility),
            "PurgeQueue": self._purge,
        }
        return {f"AmazonSQS.{name}": action for name, action in actions.items()}

    def _queue(self, asked: Mapping[str, Any]) -> Queue:
        queue = self._queues.get(str(asked["QueueUrl"]).rpartition("/")[2])
        if queue is None:
            raise Refused(
                "com.amazonaws.sqs#QueueDoesNotExist",
                "The specified queue does not exist.",
                "AWS.SimpleQueueService.NonExistentQueue",
            )
        return queue

    def _get_queue_url(self, asked: dict[str, Any]) -> dict[str, Any]:
        queue = self._queue({"QueueUrl": asked["QueueName"]})
        return {"QueueUrl": self._url(queue.name)}

    def _get_queue_attributes(self, asked: dict[str, Any]) -> dict[str, Any]:
        queue = self._queue(asked)
        visible, hidden = queue.counts()
        known = {
            "QueueArn": queue.arn,
            "VisibilityTimeout": str(int(queue.visibility_seconds)),
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "ApproximateNumberOfMessagesDelayed": "0",
        }
        names = asked.get("AttributeNames", [])
        return {"Attributes": {k: v for k, v in known.items() if k in names or "All" in names}}

    def _send_message(self, asked: dict[str, Any]) -> dict[str, Any]:
        queue, body = self._queue(asked), str(asked["MessageBody"])
        if not 0 < len(body.encode()) <= _LARGEST_BYTES:
            raise Refused("InvalidParameterValue", f"a message has 1 to {_LARGEST_BYTES} bytes")
        message = Message(body, asked.get("MessageAttributes") or {})
        queue.send(message, float(asked.get("DelaySeconds") or 0))
        return {"MessageId": message.id, "MD5OfMessageBody": md5_of(body)}

    def _receive_message(self, asked: dict[str, Any]) -> dict[str, Any]:
        most = int(asked.get("MaxNumberOfMessages") or 1)
        if not 1 <= most <= _MOST_ENTRIES:
            raise Refused("InvalidParameterValue", "MaxNumberOfMessages must be 1 to 10")
        hidden = asked.get("VisibilityTimeout")
        messages = self._queue(asked).receive(
            most,
            float(asked.get("WaitTimeSeconds") or 0),
            None if hidden is None else float(hidden),
        )
        return {"Messages": [_as_received(each) for each in messages]} if messages else {}

    def _delete_message(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._queue(asked).delete(asked["ReceiptHandle"])
        return {}

    def _change_visibility(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            self._queue(asked).hide(asked["ReceiptHandle"], float(asked["VisibilityTimeout"]))
        except NotInFlight as error:
            raise Refused(
                "com.amazonaws.sqs#MessageNotInflight",
                "The message referred to is not in flight.",
                "AWS.SimpleQueueService.MessageNotInflight",
            ) from error
        return {}

    def _purge(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._queue(asked).purge()
        return {}

    def _each(self, action: Action) -> Action:
        def act(asked: dict[str, Any]) -> dict[str, Any]:
            entries = asked.get("Entries") or []
            _check_entries(entries)
            done, failed = [], []
            for entry in entries:
                try:
                    answer = action({**entry, "QueueUrl": asked["QueueUrl"]})
                    done.append({"Id": entry["Id"], **answer})
                except Refused as error:
                    failed.append(
                        {
                            "Id": entry["Id"],
                            "SenderFault": True,
                            "Code": error.code,
                            "Message": str(error),
                        }
                    )
            return {"Successful": done, "Failed": failed}

        return act


def md5_of(body: str) -> str:
    """The digest by which senders check that a message arrived whole."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def system_attributes(message: Message) -> dict[str, str]:
    """What SQS tells about a received message, beside its body."""
    told = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent * 1000)),
        "SenderId": "AIDALOCAL",
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received * 1000)),
    }
    return {**told, "DeadLetterQueueSourceArn": message.moved_from} if message.moved_from else told


def _as_received(message: Message) -> dict[str, Any]:
    received = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": md5_of(message.body),
        "Body": message.body,
        "Attributes": system_attributes(message),
    }
    return {**received, "MessageAttributes": message.attributes} if message.attributes else received


def _check_entries(entries: list[dict[str, Any]]) -> None:
    prefix = "com.amazonaws.sqs#"
    old = "AWS.SimpleQueueService."
    if not entries:
        raise Refused(f"{prefix}EmptyBatchRequest", "no entries", f"{old}EmptyBatchRequest")
    if len(entries) > _MOST_ENTRIES:
        name = "TooManyEntriesInBatchRequest"
        raise Refused(prefix + name, f"at most {_MOST_ENTRIES} entries", old + name)
    if len({entry["Id"] for entry in entries}) < len(entries):
        name = "BatchEntryIdsNotDistinct"
        raise Refused(prefix + name, "two entries have the same id", old + name)
