"""The worker's processes ended by signals, at chosen moments, over a real S3 server."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from flowtag.chunk_analysis import analyze_chunk
from flowtag.runs import readable_json
from local_cloud.s3_server import S3Server
from tests.functional.worker_hosts import (
    CHUNKS,
    Run,
    ask,
    begun_in_order,
    child,
    container,
    make_film,
    plan_run,
    run_child,
    start_child,
)
from tests.services.faulty_proxy import FaultyProxy, faulty_proxy

# Each chunk is marked as begun, and its result written.
WRITES = 2 * CHUNKS


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films"))


@pytest.fixture
def run(s3: S3Server, bucket: str, film: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    return plan_run(bucket, film)


def kill_after_write(run: Run, s3: S3Server, write: int) -> int:
    """Runs a child that is killed when S3 has just taken one of its writes, and before it knows."""
    children: list[subprocess.Popen[str]] = []
    writes: list[str] = []

    def after(method: str) -> None:
        if method == "PUT":
            writes.append(method)
            if len(writes) == write:
                children[0].kill()
                children[0].wait()

    with faulty_proxy(s3.port, lambda method: None, after) as proxy:
        environment = {**child(run), "AWS_ENDPOINT_URL_S3": proxy.endpoint_url}
        with start_child(environment) as process:
            children.append(process)
            process.communicate(timeout=120)
    assert len(writes) == write
    return process.returncode


@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_child_killed_after_any_of_its_writes_loses_nothing(
    run: Run, s3: S3Server, film: Path, write: int
) -> None:
    assert kill_after_write(run, s3, write) == -signal.SIGKILL
    settled = list(range(write // 2))
    assert (run.done(), run.failed()) == (settled, [])

    again = run_child(child(run, attempt=2))

    assert again.status == 0
    # The one it was at is the suspect, and goes last.
    at = [write // 2] if write % 2 else []
    untouched = [index for index in range(CHUNKS) if index not in (*settled, *at)]
    assert begun_in_order(again.lines) == [*untouched, *at]
    assert run.failed() == []
    for index in range(CHUNKS):
        assert run.store.get(run.keys.chunk(index)) == analyze_chunk(run.plan.task(index), film)


@contextmanager
def held_writes(s3: S3Server) -> Iterator[tuple[FaultyProxy, threading.Event, threading.Event]]:
    """A way to S3 on which writes wait; yields it, when one has come, and what lets them go on."""
    come, go_on = threading.Event(), threading.Event()

    def hold(method: str) -> None:
        if method == "PUT":
            come.set()
            go_on.wait(60)

    with faulty_proxy(s3.port, hold) as proxy:
        try:
            yield proxy, come, go_on
        finally:
            go_on.set()


def test_an_endpoint_that_is_stopped_ends_its_chunk_and_takes_no_more(
    run: Run, s3: S3Server, film: Path
) -> None:
    task, next_task = run.plan.task(1), run.plan.task(2)
    with held_writes(s3) as (proxy, come, go_on), ThreadPoolExecutor(2) as threads:
        environment = {**run.environment, "AWS_ENDPOINT_URL_S3": proxy.endpoint_url}
        with container(environment) as (port, process):
            answer = threads.submit(ask, port, "POST", "/invocations", readable_json(task))
            assert come.wait(60)

            process.send_signal(signal.SIGTERM)
            while ask(port, "GET", "/ping")[0] == 200:
                pass
            refused = threads.submit(ask, port, "POST", "/invocations", readable_json(next_task))
            go_on.set()

            status, receipt = answer.result(60)
            assert (status, receipt["outcome"]) == (200, "analysed")
            assert refused.exception(60) or refused.result()[0] == 503
            assert process.wait(30) == 0
    assert run.store.get(run.keys.chunk(1)) == analyze_chunk(task, film)
    assert run.done() == [1]


def test_an_endpoint_whose_chunk_takes_too_long_ends_all_the_same(run: Run, s3: S3Server) -> None:
    task = run.plan.task(1)
    with held_writes(s3) as (proxy, come, _), ThreadPoolExecutor(1) as threads:
        environment = {
            **run.environment,
            "AWS_ENDPOINT_URL_S3": proxy.endpoint_url,
            "DRAIN_SECONDS": "0.5",
        }
        with container(environment) as (port, process):
            answer = threads.submit(ask, port, "POST", "/invocations", readable_json(task))
            assert come.wait(60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 128 + signal.SIGTERM
            assert answer.exception(60) is not None
    assert run.failed() == []


def test_an_idle_endpoint_ends_when_it_is_asked_to(run: Run) -> None:
    with container(run.environment) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
