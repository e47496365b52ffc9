"""Processes in which a poisoned file may crash, hang or eat memory without harm to the others."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, MutableSequence
from concurrent.futures import CancelledError, Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from flowtag.errors import ChunkTimeoutError, FlowtagError, WorkerCrashedError
from flowtag.local.signals import interrupts_held_back

T = TypeVar("T")

OUT_OF_MEMORY_EXIT = 77
_FRAMES_DONE: MutableSequence[int] = []


@dataclass(frozen=True)
class Done(Generic[T]):
    """What a task returned, and what it cost."""

    value: T
    cpu_seconds: float


@dataclass(frozen=True)
class Failed:
    """Why a task returned nothing.

    ``details`` is a traceback, for those who ask for it. ``may_be_innocent``: its pool broke, and
    nobody knows at whose hands; it deserves another go.
    """

    error: FlowtagError
    details: str = ""
    cpu_seconds: float = 0.0
    may_be_innocent: bool = False


@dataclass(frozen=True)
class Work:
    """A call for another process, and who takes its result.

    Attributes:
        chunks: as many chunks' time as it may take, and one chunk's memory; 0: no bounds.
    """

    function: Callable[..., Any]
    arguments: tuple[object, ...]
    settle: Callable[[Done[Any] | Failed], None]
    chunks: int = 1


class WorkerPool:
    """A process per job. Each runs one task at a time, under bounds of time and memory.

    A task that crashes, or passes its bounds, takes its process with it and nothing else. The
    processes ignore Ctrl-C, which this one answers, and die with this one however it dies.
    """

    def __init__(self, jobs: int, *, slots: int = 0) -> None:
        """Starts no process yet.

        Args:
            jobs: tasks at a time.
            slots: how many tasks may report progress at a time; see :func:`report_frames`.
        """
        self._jobs = jobs
        self._context = multiprocessing.get_context("spawn")
        self.frames_done: MutableSequence[int] = self._context.RawArray("q", max(slots, 1))
        self._pool = self._new_pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def submit(
        self,
        function: Callable[..., T],
        *arguments: object,
        timeout_seconds: float | None = None,
        memory_limit_mb: int | None = None,
    ) -> Future[Done[T] | Failed]:
        """Queues a call of a function that a new process can import.

        Args:
            function: what to call.
            arguments: for it.
            timeout_seconds: wall-clock bound, counted from when it starts.
            memory_limit_mb: bound of the address space, where the system has one.
        """
        try:
            return self._schedule(function, arguments, timeout_seconds, memory_limit_mb)
        except RuntimeError:
            # A process that died before its task was known to have begun breaks the pool; the
            # tasks that were in it have failed by now, and the next ones get a new pool.
            self.stop()
            self._pool = self._new_pool()
            return self._schedule(function, arguments, timeout_seconds, memory_limit_mb)

    def rest(self) -> None:
        """Ends the processes while there is nothing to do; the next task starts new ones."""
        self.stop()

    def stop(self) -> None:
        """Ends all processes at once, whatever they are doing."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._jobs,
            initializer=_prepare_process,
            initargs=(self.frames_done,),
            context=self._context,
        )

    def _schedule(
        self,
        function: Callable[..., T],
        arguments: tuple[object, ...],
        timeout_seconds: float | None,
        memory_limit_mb: int | None,
    ) -> Future[Done[T] | Failed]:
        # Begun first, because to begin the tracker lifts the mask of whoever begins it.
        resource_tracker.ensure_running()
        with interrupts_held_back():
            return self._pool.schedule(
                _run_bounded, (function, arguments, memory_limit_mb), timeout=timeout_seconds
            )


def result_of(future: Future[Done[T] | Failed]) -> Done[T] | Failed:
    """What became of a finished task; a crash and a timeout are failures like others."""
    try:
        return future.result()
    except TimeoutError as error:
        seconds = error.args[1] if len(error.args) > 1 else None
        return Failed(ChunkTimeoutError(f"took longer than {seconds:g} s" if seconds else "hung"))
    except ProcessExpired as error:
        return Failed(WorkerCrashedError(_describe_exit(error.exitcode)))
    except (CancelledError, BrokenProcessPool) as error:
        error_of_pool = WorkerCrashedError(f"its process is gone: {error}")
        return Failed(error_of_pool, may_be_innocent=True)


def run_apart(function: Callable[..., T], *arguments: object, timeout_seconds: float) -> T:
    """Calls a function in a process of its own and waits for it.

    Raises:
        FlowtagError: whatever the function raised, or its process came to.
    """
    with WorkerPool(1) as pool:
        result = result_of(pool.submit(function, *arguments, timeout_seconds=timeout_seconds))
    if isinstance(result, Failed):
        raise result.error
    return result.value


def report_frames(slot: int, frames: int) -> None:
    """Tells the parent, from within a task, how many frames are done.

    A plain number in shared memory: a queue's lock would be lost with a process that is killed.
    """
    _FRAMES_DONE[slot] = frames


def _prepare_process(frames_done: MutableSequence[int]) -> None:
    global _FRAMES_DONE
    _FRAMES_DONE = frames_done
    # A process per core is all the parallelism there is; numpy reads these when it is imported.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


_HEARD_OF_SECONDS = 0.25


def _run_bounded(
    function: Callable[..., T], arguments: tuple[Any, ...], memory_limit_mb: int | None
) -> Done[T] | Failed:
    started = time.process_time()
    try:
        _limit_memory(memory_limit_mb)
        value = function(*arguments)
    except FlowtagError as error:
        return Failed(type(error)(str(error)), traceback.format_exc(), _since(started))
    except MemoryError:
        # The pool hears of a task's beginning in one thread and of a process's end in another; an
        # end that it hears of first costs every task that waits.
        time.sleep(_HEARD_OF_SECONDS)
        # What is left of this process cannot be trusted to free what it holds.
        os._exit(OUT_OF_MEMORY_EXIT)
    except Exception as error:
        # Whatever else it is, it is one input's trouble; and it may not survive pickling.
        unforeseen = FlowtagError(f"{type(error).__name__}: {error}")
        return Failed(unforeseen, traceback.format_exc(), _since(started))
    return Done(value, _since(started))


def _since(started: float) -> float:
    return time.process_time() - started


def _limit_memory(limit_mb: int | None) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = hard if limit_mb is None else limit_mb << 20
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _describe_exit(code: int) -> str:
    if code == OUT_OF_MEMORY_EXIT:
        return "its process needed more memory than it is allowed"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"its process died of {signal.Signals(-code).name}"
    return f"its process ended with exit status {code}"
