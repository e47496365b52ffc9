"""Queues as SQS's standard ones: visibility timeouts, receive counts, dead letters.

Written here because moto's queue carries a message's receive count over into the dead-letter
queue, so that one with a dead-letter queue of its own passes everything straight on, and because
it may give one message to two receivers that ask at once.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Message:
    """A message in a queue.

    Attributes:
        body: what was sent.
        attributes: message attributes as SQS's JSON protocol writes them.
        sent: seconds since 1970; kept when the message moves to a dead-letter queue, as in SQS.
        visible_from: ``time.monotonic()`` from which it may be received.
        receives: how often it was received from the queue that it is in.
        receipt: of the newest receive; empty before the first.
        moved_from: ARN of the queue whose dead letter it is.
    """

    body: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sent: float = field(default_factory=time.time)
    visible_from: float = 0.0
    receives: int = 0
    first_received: float = 0.0
    receipt: str = ""
    moved_from: str = ""


class NotInFlight(Exception):
    """The message of a receipt is not with a receiver now."""


class Queue:
    """A standard queue of SQS, for many threads."""

    def __init__(self, name: str, arn: str, visibility_seconds: float = 30) -> None:
        self.name, self.arn, self.visibility_seconds = name, arn, visibility_seconds
        self._dead_letters: Queue | None = None
        self._most_receives = 0
        self._messages: dict[str, Message] = {}
        self._due: list[tuple[float, int, Message]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()

    def redrive(self, dead_letters: Queue, most_receives: int) -> None:
        """Moves a message away instead of giving it out more than ``most_receives`` times."""
        self._dead_letters, self._most_receives = dead_letters, most_receives

    def send(self, message: Message, delay_seconds: float = 0) -> None:
        """Puts a message into the queue."""
        with self._changed:
            self._messages[message.id] = message
            self._show_from(message, time.monotonic() + delay_seconds)

    def receive(
        self, most: int, wait_seconds: float = 0, visibility_seconds: float | None = None
    ) -> Sequence[Message]:
        """Takes up to ``most`` messages; nobody else sees them until their time is up.

        Args:
            most: the most messages to take.
            wait_seconds: how long to wait for the first of them.
            visibility_seconds: how long they are hidden; the queue's own setting by default.
        """
        hidden = self.visibility_seconds if visibility_seconds is None else visibility_seconds
        end = time.monotonic() + wait_seconds
        with self._changed:
            while True:
                taken = self._take(most, hidden)
                left = end - time.monotonic()
                if taken or left <= 0:
                    return taken
                next_due = self._due[0][0] - time.monotonic() if self._due else left
                self._changed.wait(max(0.0, min(left, next_due)))

    def delete(self, receipt: str) -> None:
        """Forgets the message, if the receipt is that of its newest receive; else does nothing."""
        with self._changed:
            message = self._messages.get(receipt.partition("/")[0])
            if message is not None and message.receipt == receipt:
                del self._messages[message.id]

    def hide(self, receipt: str, seconds: float) -> None:
        """Shows the message again after so many seconds from now.

        Raises:
            NotInFlight: nobody holds the message by this receipt.
        """
        with self._changed:
            message = self._messages.get(receipt.partition("/")[0])
            now = time.monotonic()
            if message is None or message.receipt != receipt or message.visible_from <= now:
                raise NotInFlight(receipt)
            self._show_from(message, now + seconds)

    def counts(self) -> tuple[int, int]:
        """How many messages can be received now, and how many cannot."""
        with self._changed:
            now = time.monotonic()
            visible = sum(each.visible_from <= now for each in self._messages.values())
            return visible, len(self._messages) - visible

    def purge(self) -> None:
        """Forgets all messages."""
        with self._changed:
            self._messages.clear()
            self._due.clear()

    def _show_from(self, message: Message, when: float) -> None:
        message.visible_from = when
        heapq.heappush(self._due, (when, next(self._count), message))
        self._changed.notify_all()

    def _take(self, most: int, hidden_seconds: float) -> list[Message]:
        taken: list[Message] = []
        while len(taken) < most and self._due and self._due[0][0] <= time.monotonic():
            due, _, message = heapq.heappop(self._due)
            if message.visible_from != due or message.id not in self._messages:
                continue
            if self._dead_letters is not None and message.receives >= self._most_receives:
                self._move(message, self._dead_letters)
                continue
            self._mark_received(message)
            message.visible_from = math.inf
            taken.append(message)
        for message in taken:
            self._show_from(message, time.monotonic() + hidden_seconds)
        return taken

    def _mark_received(self, message: Message) -> None:
        message.receives += 1
        message.first_received = message.first_received or time.time()
        message.receipt = f"{message.id}/{uuid.uuid4()}"

    def _move(self, message: Message, to: Queue) -> None:
        del self._messages[message.id]
        moved = Message(
            message.body, message.attributes, message.id, message.sent, moved_from=self.arn
        )
        to.send(moved)
