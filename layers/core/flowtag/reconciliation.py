"""Finding what got lost: runs whose chunks do not come, results that nobody published."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flowtag.chunk_results import chunk_names
from flowtag.chunk_work import record_failure
from flowtag.contracts.messages import Plan
from flowtag.dispatching import (
    Dispatcher,
    dispatch,
    dispatch_count,
    dispatched_at,
    goes_since_asked,
    read_dispatch,
    redispatch,
)
from flowtag.errors import FlowtagError, ObjectNotFoundError, PreconditionFailedError
from flowtag.open_runs import OpenRun, read_open
from flowtag.run_keys import OPEN_RUNS, RunKeys
from flowtag.runs import read_plan, readable_json
from flowtag.storage import ObjectStore
from flowtag.unanalysed import unanalysed

MOST_DISPATCHES = 4
"""After so many goes a chunk that does not come is recorded as failed: no video ever hangs."""

LONGEST_WAIT = timedelta(days=4)
"""The queue keeps a message for so long: a chunk handed out before is no part of its backlog."""

_UNPLANNED_AFTER = timedelta(minutes=30)
"""All goes of the plan function are over by then. One that still comes, and succeeds, is not lost:
its result takes the place of what was written here."""

_UNPLANNED = (
    "it could not be planned: every attempt died, ran out of time or memory, or failed for another"
    " reason than the file's own; the log of the plan function has it"
)
_FORGOTTEN_AFTER = timedelta(days=1)

Finding = Literal[
    "in_time", "redriven", "given_up", "to_complete", "closed", "unplanned", "unreadable"
]


@dataclass(frozen=True)
class Found:
    """What was found of a run that is under way, and done about it.

    Attributes:
        keys: of the run.
        finding: ``in_time``; ``redriven``, its missing chunks were handed out again;
            ``given_up``, they were recorded as failed; ``to_complete``, all chunks are settled;
            ``closed``, nobody could plan it: it failed; ``unplanned``, nothing tells what it is
            of; ``unreadable``.
        chunks: how many were handed out or given up.
        reason: of what was closed, or cannot be read.
    """

    keys: RunKeys
    finding: Finding
    chunks: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class Reconciler:
    """Goes through all runs that are under way.

    Attributes:
        store: where they are.
        dispatcher: the way to the workers.
        ask_to_complete: gets a run completed whose chunks are all settled.
        overdue: a run that nothing was handed out of for so long is looked at. While chunks wait
            for a worker its own may be among them: it is left alone.
    """

    store: ObjectStore
    dispatcher: Dispatcher
    ask_to_complete: Callable[[RunKeys], None]
    overdue: timedelta

    def reconcile(self, now: datetime) -> Iterator[Found]:
        """Looks at each run under way; one that cannot be read does not stop the others.

        Raises:
            StorageError: the store cannot be listed.
        """
        for key in list(self.store.list(OPEN_RUNS)):
            keys = RunKeys.of_key(key)
            if keys is None:
                continue
            try:
                yield self._look_at(keys, now)
            except FlowtagError as error:
                yield Found(keys, "unreadable", reason=str(error))

    def _look_at(self, keys: RunKeys, now: datetime) -> Found:
        try:
            plan = read_plan(self.store, keys)
        except ObjectNotFoundError:
            return self._unplanned(keys, now)
        last = dispatched_at(self.store, plan) or self.store.written_at(keys.plan)
        if now - last < self.overdue:
            return Found(keys, "in_time")
        missing = chunk_names(self.store, plan).count("missing")
        if not missing:
            self.ask_to_complete(keys)
            return Found(keys, "to_complete")
        if now - last < LONGEST_WAIT and self._may_wait(plan):
            return Found(keys, "in_time")
        if goes_since_asked(self.store, plan) >= MOST_DISPATCHES:
            return Found(keys, "given_up", self._give_up(plan))
        if not dispatch_count(self.store, plan):
            return Found(keys, "redriven", len(dispatch(self.store, plan, self.dispatcher)))
        handed_out = redispatch(self.store, plan, self.dispatcher, by_hand=False)
        return Found(keys, "redriven", len(handed_out))

    def _may_wait(self, plan: Plan) -> bool:
        # What was not handed out whole waits for nothing but this.
        count = dispatch_count(self.store, plan)
        if not count or not read_dispatch(self.store, RunKeys.of(plan).dispatch(count)).sent:
            return False
        return self.dispatcher.has_backlog()

    def _unplanned(self, keys: RunKeys, now: datetime) -> Found:
        try:
            age = now - self.store.written_at(keys.open)
        except ObjectNotFoundError:
            return Found(keys, "in_time")
        if self._has_result(keys):
            self.ask_to_complete(keys)
            return Found(keys, "to_complete")
        if age <= _UNPLANNED_AFTER:
            return Found(keys, "in_time")
        run = read_open(self.store, keys)
        if run is not None:
            return self._close(keys, run)
        if age > _FORGOTTEN_AFTER:
            # An older release noted nothing; the event is in the plan function's dead letters.
            self.store.delete(keys.open)
        return Found(keys, "unplanned")

    def _close(self, keys: RunKeys, run: OpenRun) -> Found:
        metadata = unanalysed(run.source, run.settings, "failed", _UNPLANNED)
        # The plan function may have closed it just now, for a better reason.
        with contextlib.suppress(PreconditionFailedError):
            self.store.put_if_absent(keys.motion, readable_json(metadata))
        self.ask_to_complete(keys)
        return Found(keys, "closed", reason=_UNPLANNED)

    def _has_result(self, keys: RunKeys) -> bool:
        return any(key == keys.motion for key in self.store.list(keys.motion))

    def _give_up(self, plan: Plan) -> int:
        states = chunk_names(self.store, plan)
        missing = [index for index, state in enumerate(states) if state == "missing"]
        message = f"did not come back from a worker, {MOST_DISPATCHES} times over"
        return sum(
            record_failure(self.store, plan.task(index), "chunk_lost", message) for index in missing
        )
