"""Carries out many inputs on a few processes: keeps all of them busy, and stops when asked."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from typing import Any, Protocol

from flowtag.local.outcomes import Outcome, Watcher
from flowtag.local.signals import StopRequest, stop_requests
from flowtag.local.video_run import Host, VideoRun
from flowtag.local.workers import Done, Failed, Work, WorkerPool, result_of
from flowtag.places import SourcePlace

_TICK_SECONDS = 0.1
_IDLE_TICK_SECONDS = 0.25
_QUEUED_PER_JOB = 2
_GOES_PER_TASK = 3


@dataclass(frozen=True)
class Report:
    """What became of all inputs, in their order, and the signal that cut the run short."""

    outcomes: tuple[Outcome, ...]
    stopped_by: int | None


class Intake(Protocol):
    """Where videos come from while others are in work."""

    @property
    def is_over(self) -> bool:
        """Whether no more will come; asked when nothing is in work."""
        ...

    def arrived(self) -> Sequence[SourcePlace]:
        """Videos to take up; asked several times a second, and never waits."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """One of them is done with."""
        ...


class _NothingMore:
    """The intake of a command that names its inputs."""

    is_over = True

    def arrived(self) -> Sequence[SourcePlace]:
        return ()

    def ended(self, outcome: Outcome) -> None:
        pass


def tag_videos(places: Sequence[SourcePlace], host: Host, watcher: Watcher) -> Report:
    """Tags videos; one that fails does not stop the others.

    Chunks of a video are handed out in order, and the next one is begun as soon as the one before
    leaves a process idle. What one command leaves undone, the same command goes on with.

    Args:
        places: the videos.
        host: where results go, and how they are made.
        watcher: who is told how it goes.
    """
    runs = [VideoRun(place, host) for place in places]
    slots = host.execution.jobs * _QUEUED_PER_JOB
    with stop_requests() as stop, WorkerPool(host.execution.jobs, slots=slots) as pool:
        _Shift(runs, host, pool, watcher, stop, _NothingMore()).work()
    outcomes = [_concluded(run, watcher) for run in runs]
    return Report(tuple(outcomes), stop.signal)


def tag_arrivals(intake: Intake, host: Host, watcher: Watcher) -> int | None:
    """Tags videos as they come, until no more come; as :func:`tag_videos` otherwise.

    Args:
        intake: where they come from.
        host: where results go, and how they are made.
        watcher: who is told how it goes.

    Returns:
        The signal that ended it; None if no more came.
    """
    slots = host.execution.jobs * _QUEUED_PER_JOB
    with stop_requests() as stop, WorkerPool(host.execution.jobs, slots=slots) as pool:
        shift = _Shift((), host, pool, watcher, stop, intake)
        shift.work()
    for run in shift.unfinished():
        _concluded(run, watcher)
    return stop.signal


def _concluded(run: VideoRun, watcher: Watcher) -> Outcome:
    if run.outcome is not None:
        return run.outcome
    outcome = run.abandon()
    watcher.settled(outcome)
    return outcome


@dataclass(frozen=True)
class _Task:
    """A piece of work in the pool."""

    run: VideoRun
    work: Work
    slot: int
    goes: int = 1


class _Shift:
    """One go at inputs with one pool of processes."""

    def __init__(
        self,
        runs: Sequence[VideoRun],
        host: Host,
        pool: WorkerPool,
        watcher: Watcher,
        stop: StopRequest,
        intake: Intake,
    ) -> None:
        self._waiting = deque(runs)
        self._open: list[VideoRun] = []
        self._tasks: dict[Future[Done[Any] | Failed], _Task] = {}
        self._free_slots = deque(range(len(pool.frames_done)))
        self._host = host
        self._pool = pool
        self._watcher = watcher
        self._stop = stop
        self._intake = intake

    def work(self) -> None:
        """Works until all is done and no more comes, or a signal asks to stop."""
        while self._take_up():
            done, _ = wait(self._tasks, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED)
            # A signal to the whole group may have killed the tasks that seem to have failed.
            if self._stop.signal is not None:
                return
            for future in done:
                self._take_back(future)

    def unfinished(self) -> list[VideoRun]:
        """The inputs that were taken up, and of which it is not known what became of them."""
        return [*self._open, *self._waiting]

    def _take_up(self) -> bool:
        """Waits until something is in work; False if nothing will be."""
        has_rested = False
        while self._stop.signal is None:
            self._waiting += [VideoRun(place, self._host) for place in self._intake.arrived()]
            self._hand_out()
            frames = list(self._pool.frames_done)
            self._watcher.progressed([run.progress(frames) for run in self._open])
            if self._tasks:
                return True
            if self._intake.is_over:
                return False
            if not has_rested:
                self._pool.rest()
                has_rested = True
            time.sleep(_IDLE_TICK_SECONDS)
        return False

    def _hand_out(self) -> None:
        while self._free_slots and self._stop.signal is None:
            task = self._next_task()
            if task is None:
                return
            self._submit(task)

    def _submit(self, task: _Task) -> None:
        limits, chunks = self._host.execution, task.work.chunks
        self._pool.frames_done[task.slot] = 0
        future = self._pool.submit(
            task.work.function,
            *task.work.arguments,
            timeout_seconds=limits.chunk_timeout_seconds * chunks if chunks else None,
            memory_limit_mb=limits.memory_limit_mb if chunks else None,
        )
        self._tasks[future] = task

    def _next_task(self) -> _Task | None:
        slot = self._free_slots[0]
        for run in self._open:
            work = run.take(slot)
            if work is not None:
                return self._claimed(run, work)
        while self._waiting and self._stop.signal is None:
            run = self._waiting.popleft()
            run.begin()
            self._open.append(run)
            work = run.take(slot)
            if work is not None:
                return self._claimed(run, work)
            self._close_settled()
        return None

    def _claimed(self, run: VideoRun, work: Work) -> _Task:
        return _Task(run, work, self._free_slots.popleft())

    def _take_back(self, future: Future[Done[Any] | Failed]) -> None:
        task = self._tasks.pop(future)
        result = result_of(future)
        if isinstance(result, Failed) and result.may_be_innocent and task.goes < _GOES_PER_TASK:
            self._submit(replace(task, goes=task.goes + 1))
            return
        self._free_slots.append(task.slot)
        task.work.settle(result)
        self._close_settled()

    def _close_settled(self) -> None:
        for run in [run for run in self._open if run.outcome is not None]:
            self._open.remove(run)
            if run.outcome is not None:
                self._watcher.settled(run.outcome)
                self._intake.ended(run.outcome)
