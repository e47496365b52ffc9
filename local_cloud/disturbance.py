"""Delivery as bad as AWS's may be: everything several times, out of order, some of it late."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from local_cloud.queues import Message, Queue

MOST_DELIVERIES = 5
SOON_SECONDS = 2.0
LATE_SECONDS = 15.0
_LATE_SHARE = 0.1
# Such copies come at the same moment as the one before them, so that two work on them at once.
_TOGETHER_SHARE = 0.3

MakeQueue = Callable[[str, str, float], Queue]
"""Makes a queue of a name, an ARN and a visibility timeout in seconds."""


class DisturbedQueue(Queue):
    """A queue out of which each message comes one to five times, shuffled, some of it late.

    SQS and EventBridge promise no more than that what is sent comes once or oftener, in any order.
    Each copy is a message of its own: that one is deleted does not keep the others from coming.

    Args:
        name: the queue's name.
        arn: its ARN.
        visibility_seconds: how long a message that was received is hidden.
        seed: of all draws; the name goes in as well, so that no two queues draw alike.
    """

    def __init__(self, name: str, arn: str, visibility_seconds: float, seed: int) -> None:
        super().__init__(name, arn, visibility_seconds)
        self._draw, self._drawing = random.Random(f"{seed} {name}"), threading.Lock()

    def send(self, message: Message, delay_seconds: float = 0) -> None:
        """Puts a message into the queue, and copies of it."""
        for number, delay in enumerate(self._delays()):
            super().send(message if number == 0 else _copy(message), delay_seconds + delay)

    def _delays(self) -> list[float]:
        with self._drawing:
            delays = [self._delay()]
            for _ in range(self._draw.randint(1, MOST_DELIVERIES) - 1):
                together = self._draw.random() < _TOGETHER_SHARE
                delays.append(delays[-1] if together else self._delay())
            return delays

    def _delay(self) -> float:
        is_late = self._draw.random() < _LATE_SHARE
        return self._draw.uniform(0, LATE_SECONDS if is_late else SOON_SECONDS)


def queue_maker(seed: int | None) -> MakeQueue:
    """What makes the queues of an application: disturbed ones if there is a seed."""
    if seed is None:
        return Queue
    return lambda name, arn, visibility: DisturbedQueue(name, arn, visibility, seed)


def _copy(message: Message) -> Message:
    return Message(
        message.body, message.attributes, sent=message.sent, moved_from=message.moved_from
    )
