"""How Lambda feeds functions: from queues in batches, and asynchronously with repeats."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local_cloud.arns import REGION, arn
from local_cloud.disturbance import MakeQueue
from local_cloud.emulator import Outcome
from local_cloud.functions import LocalFunction
from local_cloud.queue_api import md5_of, system_attributes
from local_cloud.queues import Message, NotInFlight, Queue
from local_cloud.wiring import SourceSpec

_WAIT_SECONDS = 1.0
# Lambda closes a batch at what one invocation can carry.
_LARGEST_BATCH_BYTES = 6 * 1024 * 1024
_ASYNC_REPEAT_SECONDS = (60, 120)


class QueueFeed:
    """Feeds a function from a queue.

    Args:
        spec: batch size, window and the like.
        queue: where messages come from.
        function: who gets them.
        repeat_seconds: when a message that failed is seen again, instead of at the end of its
            visibility timeout; None leaves it to that.
    """

    def __init__(
        self,
        spec: SourceSpec,
        queue: Queue,
        function: LocalFunction,
        repeat_seconds: float | None = None,
    ) -> None:
        self._spec, self._queue, self._function = spec, queue, function
        self._repeat_seconds = repeat_seconds
        # Two that gather at the same time would get half a batch each.
        self._gathering = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Takes batches to the function until it is told to stop; several threads may do so."""
        while not stop.is_set():
            with self._gathering if self._spec.window_seconds else contextlib.nullcontext():
                batch = self._batch(stop)
            if batch and not stop.is_set():
                self._deliver(batch)

    def _batch(self, stop: threading.Event) -> Sequence[Message]:
        size = self._spec.batch_size
        batch = list(self._queue.receive(min(size, 10), _WAIT_SECONDS))
        end = time.monotonic() + self._spec.window_seconds
        total = sum(len(each.body) for each in batch)
        while batch and len(batch) < size and total < _LARGEST_BATCH_BYTES and not stop.is_set():
            left = end - time.monotonic()
            more = self._queue.receive(min(size - len(batch), 10), max(0.0, min(left, 0.2)))
            if not more and left <= 0:
                break
            batch += more
            total += sum(len(each.body) for each in more)
        return batch

    def _deliver(self, batch: Sequence[Message]) -> None:
        records = [queue_record(each, self._queue.arn) for each in batch]
        # A message may be given out again while the function still works on it.
        receipts = {each.id: each.receipt for each in batch}
        outcome = self._function.invoke({"Records": records})
        failed = self._failed(outcome, set(receipts))
        for name, receipt in receipts.items():
            if name not in failed:
                self._queue.delete(receipt)
            elif self._repeat_seconds is not None:
                with contextlib.suppress(NotInFlight):
                    self._queue.hide(receipt, self._repeat_seconds)

    def _failed(self, outcome: Outcome, sent: set[str]) -> set[str]:
        if outcome.error:
            return sent
        if not self._spec.reports_failures or outcome.payload is None:
            return set()
        reported = outcome.payload.get("batchItemFailures") or []
        names = {each.get("itemIdentifier") for each in reported}
        # Lambda takes the whole batch for failed if it was told of something unknown.
        return names if names <= sent else sent


class AsyncFeed:
    """Invokes a function for events, without anybody waiting, and repeats what failed.

    Args:
        function: who gets the events.
        send: puts a text into the queue of an ARN.
        repeat_seconds: how long after a failure it is repeated; None for Lambda's own times.
        make_queue: makes the queue in which events wait.
    """

    def __init__(
        self,
        function: LocalFunction,
        send: Callable[[str, str], None],
        repeat_seconds: float | None = None,
        make_queue: MakeQueue = Queue,
    ) -> None:
        self._function, self._send, self._repeat_seconds = function, send, repeat_seconds
        # What is taken stays hidden until it is done.
        self._queue = make_queue(f"{function.name}-events", "", 1e9)

    def put(self, event: Any) -> None:
        """Takes an event and returns at once."""
        self._queue.send(Message(json.dumps(event)))

    def run(self, stop: threading.Event) -> None:
        """Takes events to the function until it is told to stop."""
        while not stop.is_set():
            for message in self._queue.receive(1, _WAIT_SECONDS):
                self._deliver(message, stop)

    def waiting(self) -> int:
        """How many events are not done with."""
        return sum(self._queue.counts())

    def _deliver(self, message: Message, stop: threading.Event) -> None:
        event = json.loads(message.body)
        outcome = self._function.invoke(event)
        if stop.is_set():
            return
        function = self._function.function
        if outcome.error and message.receives <= function.retries:
            self._queue.hide(message.receipt, self._pause(message.receives))
            return
        if outcome.error and function.on_failure:
            told = _failure(self._function.name, event, outcome, message.receives)
            self._send(function.on_failure, json.dumps(told))
        self._queue.delete(message.receipt)

    def _pause(self, failures: int) -> float:
        if self._repeat_seconds is not None:
            return self._repeat_seconds
        return _ASYNC_REPEAT_SECONDS[min(failures, len(_ASYNC_REPEAT_SECONDS)) - 1]


def queue_record(message: Message, queue_arn: str) -> Mapping[str, Any]:
    """A message as Lambda shows it to a function."""
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": system_attributes(message),
        "messageAttributes": {
            name: {key[:1].lower() + key[1:]: part for key, part in value.items()}
            for name, value in message.attributes.items()
        },
        "md5OfBody": md5_of(message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def _failure(name: str, event: Any, outcome: Outcome, count: int) -> Mapping[str, Any]:
    """What Lambda sends to a destination for failures."""
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{arn('lambda', f'function:{name}')}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": count,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": outcome.payload,
    }
