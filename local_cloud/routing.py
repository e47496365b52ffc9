"""Connects rules, queues, schedules and functions as the template has them."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local_cloud.arns import arn
from local_cloud.delivery import AsyncFeed, QueueFeed
from local_cloud.disturbance import MakeQueue
from local_cloud.event_bus import Deliver, Event, Listener, envelope
from local_cloud.functions import LocalFunction
from local_cloud.intrinsics import TemplateError
from local_cloud.patterns import check_pattern
from local_cloud.queues import Message, Queue
from local_cloud.wiring import RuleSpec, ScheduleSpec, Wiring

Loop = Callable[[threading.Event], None]


class Routing:
    """Who gets what.

    Args:
        wiring: as the template has it.
        functions: by name.
        queues: by name.
        repeat_seconds: how long after a failure it is tried again; None: as long as in AWS.
        make_queue: makes the queues in which events wait for functions.

    Raises:
        TemplateError: something leads to what is not there.
    """

    def __init__(
        self,
        wiring: Wiring,
        functions: Mapping[str, LocalFunction],
        queues: Mapping[str, Queue],
        repeat_seconds: float | None,
        make_queue: MakeQueue = Queue,
    ) -> None:
        self._wiring, self._functions, self._queues = wiring, functions, queues
        self._repeat_seconds = repeat_seconds
        self._by_arn = {queue.arn: queue for queue in queues.values()}
        self._later = {
            name: AsyncFeed(function, self._send, repeat_seconds, make_queue)
            for name, function in functions.items()
        }
        for function in functions.values():
            destination = function.function.on_failure
            if destination and destination not in self._by_arn:
                raise TemplateError(f"{function.name}: destination {destination} is no queue here")

    def listeners(self) -> list[Listener]:
        """The rules, ready to hear of events.

        Raises:
            TemplateError: a pattern is not one, or a target is not there.
        """
        return [self._listener(rule) for rule in self._wiring.rules]

    def loops(self) -> Iterator[tuple[str, Loop]]:
        """What runs all the time, each in a thread of its own, with a name."""
        for source in self._wiring.sources:
            function = self._functions[source.function]
            feed = QueueFeed(source, self._queues[source.queue], function, self._repeat_seconds)
            for _ in range(function.most_at_once):
                yield source.queue, feed.run
        for name, later in self._later.items():
            for _ in range(self._functions[name].most_at_once):
                yield name, later.run
        for schedule in self._wiring.schedules:
            yield schedule.name, functools.partial(self._keep, schedule)

    def waiting(self) -> int:
        """How many events and messages functions have still to be done with."""
        fed = sum(sum(self._queues[source.queue].counts()) for source in self._wiring.sources)
        return fed + sum(later.waiting() for later in self._later.values())

    def _listener(self, rule: RuleSpec) -> Listener:
        try:
            check_pattern(rule.pattern)
        except ValueError as error:
            raise TemplateError(f"{rule.name}: {error}") from error
        targets = tuple(self._target(rule.name, each) for each in rule.targets)
        return Listener(rule.name, rule.bus, rule.pattern, targets)

    def _target(self, rule: str, target: str) -> Deliver:
        if target in self._by_arn:
            return functools.partial(self._send_event, target)
        for name, later in self._later.items():
            function = arn("lambda", f"function:{name}")
            if target == function or target.startswith(f"{function}:"):
                return later.put
        raise TemplateError(f"{rule}: its target {target} is no queue and no function here")

    def _send_event(self, target: str, event: Event) -> None:
        self._send(target, json.dumps(event))

    def _send(self, target: str, body: str) -> None:
        self._by_arn[target].send(Message(body))

    def _keep(self, schedule: ScheduleSpec, stop: threading.Event) -> None:
        due = time.monotonic() + schedule.every_seconds
        while not stop.wait(max(0.0, due - time.monotonic())):
            due += schedule.every_seconds
            self._later[schedule.function].put(_occasion(schedule))


def _occasion(schedule: ScheduleSpec) -> Any:
    if schedule.payload is not None:
        return json.loads(schedule.payload)
    name = arn("events", f"rule/{schedule.name}")
    return envelope("aws.events", "Scheduled Event", {}, [name])
