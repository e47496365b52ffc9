"""Real processes: what happens to one must not happen to the others."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowtag import errors
from flowtag.errors import BrokenMediaError, ChunkTimeoutError, FlowtagError, WorkerCrashedError
from flowtag.local.workers import Done, Failed, WorkerPool, report_frames, result_of, run_apart


def _double(number: int) -> int:
    return 2 * number


def _die(number: int) -> None:
    time.sleep(0.25)  # A crash before the pool knows of the task costs the others, too.
    os.kill(os.getpid(), number)


def _leave(status: int) -> None:
    time.sleep(0.25)
    os._exit(status)


def _refuse(message: str) -> None:
    raise BrokenMediaError(message)


class _CannotTravelError(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__("it broke")


def _break() -> None:
    raise _CannotTravelError(1, 2)


def _take_memory(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def _report(slot: int) -> None:
    report_frames(slot, 123)


def _ignores_interrupts() -> bool:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.1)
    return True


def _pid() -> int:
    return os.getpid()


def test_a_task_returns_its_value_and_its_cost() -> None:
    with WorkerPool(1) as pool:
        result = result_of(pool.submit(_double, 21))
    assert isinstance(result, Done)
    assert result.value == 42
    assert result.cpu_seconds >= 0


def test_a_crash_costs_one_task_and_says_how_it_died() -> None:
    with WorkerPool(2) as pool:
        crashes = [pool.submit(_die, signal.SIGSEGV), pool.submit(_leave, 3)]
        others = [pool.submit(_double, number) for number in range(6)]
        results = [result_of(future) for future in crashes]
        survived = [result_of(future) for future in others]
    doubled = [result.value for result in survived if isinstance(result, Done)]
    assert doubled == [0, 2, 4, 6, 8, 10]
    for result, how in zip(results, ("SIGSEGV", "exit status 3"), strict=True):
        assert isinstance(result, Failed)
        assert isinstance(result.error, WorkerCrashedError)
        assert how in str(result.error)


def test_a_task_that_hangs_is_ended_and_the_next_one_runs() -> None:
    with WorkerPool(1) as pool:
        hanging = pool.submit(time.sleep, 60, timeout_seconds=0.5)
        following = pool.submit(_double, 1)
        result = result_of(hanging)
        assert isinstance(result_of(following), Done)
    assert isinstance(result, Failed)
    assert isinstance(result.error, ChunkTimeoutError)
    assert "0.5 s" in str(result.error)


def test_a_task_beyond_its_memory_is_ended_and_the_bound_is_its_own() -> None:
    with WorkerPool(1) as pool:
        beyond = pool.submit(_take_memory, 700, memory_limit_mb=600)
        within = pool.submit(_take_memory, 50, memory_limit_mb=600)
        unbound = pool.submit(_take_memory, 700)
        result = result_of(beyond)
        assert isinstance(result_of(within), Done)
        assert isinstance(result_of(unbound), Done)
    assert isinstance(result, Failed)
    assert isinstance(result.error, WorkerCrashedError)
    assert "memory" in str(result.error)


def test_an_error_of_flowtag_keeps_its_class_and_anything_else_is_told() -> None:
    with WorkerPool(1) as pool:
        refused, broken = result_of(pool.submit(_refuse, "why")), result_of(pool.submit(_break))
    assert isinstance(refused, Failed)
    assert type(refused.error) is BrokenMediaError
    assert str(refused.error) == "why"
    assert isinstance(broken, Failed)
    assert type(broken.error) is FlowtagError
    assert str(broken.error) == "_CannotTravelError: it broke"
    assert "in _break" in broken.details


def test_every_error_of_flowtag_survives_the_way_between_processes() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type)]
    for each in (c for c in classes if issubclass(c, FlowtagError)):
        found = pickle.loads(pickle.dumps(each("why")))
        assert type(found) is each
        assert str(found) == "why"


def test_progress_is_seen_from_outside() -> None:
    with WorkerPool(1, slots=3) as pool:
        result_of(pool.submit(_report, 2))
        assert list(pool.frames_done) == [0, 0, 123]


def test_a_worker_never_sees_an_interrupt() -> None:
    with WorkerPool(1) as pool:
        assert isinstance(result_of(pool.submit(_ignores_interrupts)), Done)


def test_a_pool_outlives_an_idle_worker_that_dies() -> None:
    with WorkerPool(1) as pool:
        first = result_of(pool.submit(_pid))
        assert isinstance(first, Done)
        os.kill(first.value, signal.SIGKILL)
        time.sleep(1.0)
        assert isinstance(result_of(pool.submit(_double, 1)), Done)


def test_run_apart_raises_what_was_raised_there() -> None:
    assert run_apart(_double, 4, timeout_seconds=30) == 8
    with pytest.raises(BrokenMediaError, match="why"):
        run_apart(_refuse, "why", timeout_seconds=30)


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from flowtag.local.workers import WorkerPool, result_of\n"
        "from tests.unit.test_local_workers import _pid\n"
        "if __name__ == '__main__':\n"
        "    pool = WorkerPool(1)\n"
        "    worker = result_of(pool.submit(_pid)).value\n"
        "    pool.submit(time.sleep, 60)\n"
        "    print(worker, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(worker)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A dead child of nobody may wait to be reaped.
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
