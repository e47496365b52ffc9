"""The worker's entry points for AWS Batch and SageMaker, run as those run them, over real S3."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowtag.aws.failures import failed_invocation, left_by_job
from flowtag.chunk_analysis import analyze_chunk
from flowtag.contracts.chunkfile import read_failed_chunk
from flowtag.runs import readable_json
from local_cloud.s3_server import S3Server
from tests.functional.worker_hosts import (
    CHUNKS,
    KEY,
    PREFIX,
    ROOT,
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


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films"))


@pytest.fixture
def run(s3: S3Server, bucket: str, film: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    return plan_run(bucket, film)


def test_children_of_a_job_take_a_share_each(run: Run, film: Path) -> None:
    for index in range(2):
        assert run_child(child(run, index, share=2)).status == 0
    assert run.done() == list(range(CHUNKS))
    assert run.store.get(run.keys.chunk(3)) == analyze_chunk(run.plan.task(3), film)


def test_results_of_chunks_are_tagged_so_that_they_can_expire(run: Run) -> None:
    run_child(child(run, 0, share=1))
    tags = run.store.client.get_object_tagging(
        Bucket=run.store.bucket, Key=PREFIX + run.keys.chunk(0)
    )
    assert tags["TagSet"] == [{"Key": "flowtag", "Value": "chunk"}]


def test_every_line_of_a_child_names_its_run_and_chunk(run: Run) -> None:
    lines = run_child(child(run, 1, share=2)).lines
    assert begun_in_order(lines) == [2, 3]
    assert {line["run_id"] for line in lines} == {run.plan.run_id}
    assert {line["video_id"] for line in lines} == {run.plan.video_id}


def test_a_child_leaves_alone_what_is_done(run: Run) -> None:
    run_child(child(run))
    assert begun_in_order(run_child(child(run)).lines) == []


def test_a_chunk_that_killed_its_worker_goes_last(run: Run) -> None:
    run.store.put(run.keys.begun(0), b"{}")
    lines = run_child(child(run, attempt=2)).lines
    assert begun_in_order(lines) == [1, 2, 3, 0]


def test_a_chunk_that_fails_is_recorded_and_the_others_go_on(run: Run) -> None:
    bucket, client = run.store.bucket, run.store.client
    client.put_object(Bucket=bucket, Key=KEY, Body=b"another content")
    assert (run_child(child(run)).status, run.failed()) == (0, list(range(CHUNKS)))
    assert read_failed_chunk(run.store.get(run.keys.failed(2))).code == "source_changed"


def test_sigterm_hands_the_share_back_at_once(run: Run) -> None:
    with start_child(child(run)) as process:
        end = time.monotonic() + 60
        while not list(run.store.list(f"{run.keys.folder}/begun/")):
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        # What Batch leaves it before it kills.
        process.wait(30)
    assert process.returncode == 128 + signal.SIGTERM
    assert run.failed() == []
    assert (run_child(child(run, attempt=2)).status, run.done()) == (0, list(range(CHUNKS)))


def test_what_a_killed_child_left_is_what_its_event_names(run: Run) -> None:
    run_child(child(run, 0, share=2))
    event = json.loads((ROOT / "events/batch-failed.json").read_text())
    variables = event["detail"]["container"]["environment"]
    variables[0]["value"] = run.keys.dispatch(1)
    tasks, reason = left_by_job(run.store, event)
    assert [task.index for task in tasks] == [2, 3]
    assert reason == "Essential container in task exited"


def test_the_event_of_a_whole_array_names_nothing(run: Run) -> None:
    event = json.loads((ROOT / "events/batch-failed.json").read_text())
    event["detail"]["arrayProperties"] = {"size": 2, "statusSummary": {"FAILED": 1}}
    assert left_by_job(run.store, event)[0] == ()


def test_an_endpoint_writes_the_chunk_and_returns_a_receipt(run: Run, film: Path) -> None:
    task = run.plan.task(2)
    with container(run.environment) as (port, _):
        status, receipt = ask(port, "POST", "/invocations", readable_json(task))
        assert (status, receipt["outcome"], receipt["chunk"]) == (200, "analysed", 2)
        _, again = ask(port, "POST", "/invocations", readable_json(task))
        assert again["outcome"] == "already_done"
    assert receipt["task_digest"] == task.digest()
    assert run.store.get(run.keys.chunk(2)) == analyze_chunk(task, film)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/invocations", b"{}", 400),
        ("POST", "/invocations", b"", 413),
        ("POST", "/invocations", b"x" * ((1 << 20) + 1), 413),
        ("GET", "/invocations", None, 404),
        ("GET", "/../etc/passwd", None, 404),
    ],
)
def test_an_endpoint_refuses_what_is_no_task(
    endpoint: int, method: str, path: str, body: bytes | None, status: int
) -> None:
    assert ask(endpoint, method, path, body)[0] == status


@pytest.fixture(scope="module")
def endpoint() -> Iterator[int]:
    with container({**os.environ, "OUTPUT_BUCKET": "output", "AWS_REGION": "eu-west-1"}) as (
        port,
        _,
    ):
        yield port


def test_a_failed_invocation_names_its_task(run: Run) -> None:
    key = run.keys.task(1)
    run.store.put(key, readable_json(run.plan.task(1)))
    event = json.loads((ROOT / "events/sagemaker-error.json").read_text())
    notice = json.loads(event["Records"][0]["Sns"]["Message"])
    notice["requestParameters"]["inputLocation"] = run.store.uri(key)
    failed = failed_invocation(run.store, json.dumps(notice))
    assert (failed.task, failed.go) == (run.plan.task(1), 1)
    assert "500" in failed.reason
