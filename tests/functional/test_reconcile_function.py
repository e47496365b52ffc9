"""The reconcile function: what got lost in, chunks handed out again or an end that says why."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flowtag import reconciliation
from flowtag.contracts.messages import ChunkTask
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion
from functions.plan import app as plan_app
from functions.reconcile import app as reconcile_app
from local_cloud.s3_server import S3Server
from tests.functional.deployed import CHUNKS, Deployed, keys_of, of_queue, received
from tests.functional.shelf import context
from tests.services.faulty_proxy import Fault, faulty_proxy

_PATIENCE_SECONDS = 60


@pytest.fixture
def overdue(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Whatever is under way is overdue."""
    monkeypatch.setenv("OVERDUE_SECONDS", "0.000001")
    monkeypatch.setattr(reconciliation, "_UNPLANNED_AFTER", timedelta(0))
    reconcile_app._environment.cache_clear()
    yield deployed
    reconcile_app._environment.cache_clear()


def planned(deployed: Deployed, film: Path) -> RunKeys:
    deployed.upload(film)
    return keys_of(deployed.plan(deployed.sample("upload.json"))["uploads"][0])


def completed(deployed: Deployed) -> None:
    """What the completion queue holds reaches the complete function."""
    bodies = received(deployed.completion_queue)
    deployed.complete(of_queue(deployed.sample("chunks.json"), bodies))


def test_a_run_in_time_is_left_alone(deployed: Deployed, rushes: Path) -> None:
    planned(deployed, rushes)
    received(deployed.chunk_queue)

    assert deployed.reconcile() == {"in_time": 1}

    assert received(deployed.chunk_queue) == []


def test_chunks_that_never_came_are_handed_out_again(overdue: Deployed, rushes: Path) -> None:
    planned(overdue, rushes)
    overdue.work(most=1)
    lost = received(overdue.chunk_queue)

    assert overdue.reconcile() == {"in_time": 0, "redriven": 1}

    again = received(overdue.chunk_queue)
    assert len(again) == len(lost) == CHUNKS - 1
    assert sorted(again) == sorted(lost)
    (line,) = overdue.lines("run redriven")
    assert line["chunks"] == CHUNKS - 1


def test_chunks_that_still_wait_in_the_queue_are_in_time(overdue: Deployed, rushes: Path) -> None:
    planned(overdue, rushes)
    overdue.work(most=1)

    findings = [overdue.reconcile() for _ in range(reconciliation.MOST_DISPATCHES + 1)]

    assert findings == [{"in_time": 1}] * len(findings)
    assert len(received(overdue.chunk_queue)) == CHUNKS - 1


def test_results_that_nobody_published_are_published(overdue: Deployed, rushes: Path) -> None:
    keys = planned(overdue, rushes)
    overdue.work()

    assert overdue.reconcile() == {"in_time": 0, "to_complete": 1}
    completed(overdue)

    assert [event["run_id"] for event in overdue.told()] == [keys.run_id]
    assert overdue.reconcile() == {"in_time": 0}


def test_chunks_that_come_at_no_go_become_a_gap(overdue: Deployed, rushes: Path) -> None:
    planned(overdue, rushes)
    overdue.work(most=1)
    received(overdue.chunk_queue)
    findings = []
    for _ in range(reconciliation.MOST_DISPATCHES + 1):
        findings += [finding for finding, count in overdue.reconcile().items() if count]
        received(overdue.chunk_queue)
    completed(overdue)

    goes = reconciliation.MOST_DISPATCHES - 1
    assert findings == [*["redriven"] * goes, "given_up", "to_complete"]
    assert [event["status"] for event in overdue.told()] == ["partial"]


def plan_in(event: dict[str, object]) -> None:
    """A function's process."""
    plan_app.lambda_handler(event, context())


def killed_while_planning(
    deployed: Deployed, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning is killed while it waits for the video's first bytes."""
    over, waits, wrote = threading.Event(), threading.Event(), threading.Event()

    def choose(method: str) -> Fault | None:
        if method == "PUT":
            wrote.set()
        if method == "GET" and wrote.is_set() and list(deployed.store.list("open/")):
            waits.set()
            over.wait(_PATIENCE_SECONDS)
        return None

    with faulty_proxy(s3.port, choose) as proxy, monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint_url)
        spawned = multiprocessing.get_context("spawn")
        process = spawned.Process(target=plan_in, args=(deployed.sample("upload.json"),))
        process.start()
        try:
            assert waits.wait(_PATIENCE_SECONDS)
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
        finally:
            over.set()


def test_a_video_that_kills_every_go_at_planning_it_ends_as_failed_and_says_so(
    overdue: Deployed, s3: S3Server, rushes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overdue.upload(rushes)
    for _ in range(3):
        killed_while_planning(overdue, s3, monkeypatch)
    (mark,) = overdue.store.list("open/")
    keys = RunKeys.of_key(mark)
    assert keys is not None

    assert overdue.reconcile() == {"in_time": 0, "closed": 1}
    completed(overdue)

    (event,) = overdue.told()
    assert event["status"] == "failed"
    assert "could not be planned" in event["reason"]
    motion = read_motion(overdue.store.get(keys.motion))
    assert motion.video.uri == event["uri"]
    assert list(overdue.store.list("open/")) == []


def test_a_video_that_was_given_up_is_tagged_if_its_event_comes_once_more(
    overdue: Deployed, s3: S3Server, rushes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overdue.upload(rushes)
    killed_while_planning(overdue, s3, monkeypatch)
    overdue.reconcile()
    completed(overdue)

    (done,) = overdue.plan(overdue.sample("upload.json"))["uploads"]
    tasks = received(overdue.chunk_queue)
    assert [ChunkTask.model_validate_json(task).index for task in tasks] == list(range(CHUNKS))
    overdue.reconcile()
    overdue.work()
    overdue.reconcile()
    completed(overdue)

    assert done["outcome"] == "dispatched"
    assert [event["status"] for event in overdue.told()] == ["failed", "complete"]
