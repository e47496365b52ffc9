"""The worker's entry points for AWS Batch and SageMaker, run as those run them, over real S3."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from flowtag.aws.batch_dispatch import DISPATCH_VARIABLE, SHARE_VARIABLE
from flowtag.aws.clients import s3_client
from flowtag.aws.failures import failed_invocation, left_by_job
from flowtag.aws.s3_source import S3Media, find_source
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_analysis import analyze_chunk
from flowtag.contracts.chunkfile import read_failed_chunk
from flowtag.contracts.messages import Plan
from flowtag.dispatching import DispatchRecord
from flowtag.planning import plan_video
from flowtag.runs import RunKeys, put_plan, readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings
from local_cloud.ports import free_ports
from local_cloud.s3_server import S3Server
from tests.media.movies import Movie, write_movie

ROOT = Path(__file__).parents[2]
CHUNKS = 4
PREFIX = "tags/"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = Movie(count=100, size=(160, 90), options={"g": "25"})
    return write_movie(tmp_path_factory.mktemp("films") / "film.mp4", movie)


@dataclass(frozen=True)
class Run:
    """A planned run in a bucket, and how workers are told of it."""

    plan: Plan
    store: S3Store
    environment: dict[str, str]

    @property
    def keys(self) -> RunKeys:
        return RunKeys.of(self.plan)

    def done(self) -> list[int]:
        return [i for i in range(CHUNKS) if self._is_there(self.keys.chunk(i))]

    def failed(self) -> list[int]:
        return [i for i in range(CHUNKS) if self._is_there(self.keys.failed(i))]

    def _is_there(self, key: str) -> bool:
        return key in self.store.list(key)


@pytest.fixture
def run(
    s3: S3Server, bucket: str, film: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    client = s3_client()
    client.upload_file(str(film), bucket, "in/film.mp4")
    source = find_source(client, bucket, "in/film.mp4").source
    execution = ExecutionSettings(chunk_seconds=Fraction(1))
    settings = AnalysisSettings.for_preset("fast")
    plan = plan_video(S3Media(client, source), source, settings, execution)
    store = S3Store(client, bucket, PREFIX)
    put_plan(store, plan)
    record = DispatchRecord(schema="flowtag.dispatch/1", chunks=tuple(range(CHUNKS)), sent=True)
    store.put(RunKeys.of(plan).dispatch(1), readable_json(record))
    return Run(plan, store, {**os.environ, "OUTPUT_BUCKET": bucket, "OUTPUT_PREFIX": PREFIX})


def child(run: Run, index: int = 0, attempt: int = 1, share: int = CHUNKS) -> dict[str, str]:
    """The environment that AWS Batch gives to a child of an array job."""
    return {
        **run.environment,
        DISPATCH_VARIABLE: run.keys.dispatch(1),
        SHARE_VARIABLE: str(share),
        "AWS_BATCH_JOB_ARRAY_INDEX": str(index),
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
    }


def start_child(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gpu_worker.batch_host"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def run_child(environment: dict[str, str]) -> tuple[int, list[dict[str, object]]]:
    """Runs a child of a job; gives its exit status and the lines that it logged."""
    with start_child(environment) as process:
        out, _ = process.communicate(timeout=120)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return process.returncode, [line for line in lines if "_aws" not in line]


def begun_in_order(lines: list[dict[str, object]]) -> list[object]:
    return [line["chunk"] for line in lines if str(line["message"]).startswith("chunk ")]


def test_children_of_a_job_take_a_share_each(run: Run, film: Path) -> None:
    for index in range(2):
        status, _ = run_child(child(run, index, share=2))
        assert status == 0
    assert run.done() == list(range(CHUNKS))
    assert run.store.get(run.keys.chunk(3)) == analyze_chunk(run.plan.task(3), film)


def test_results_of_chunks_are_tagged_so_that_they_can_expire(run: Run) -> None:
    run_child(child(run, 0, share=1))
    tags = run.store.client.get_object_tagging(
        Bucket=run.store.bucket, Key=PREFIX + run.keys.chunk(0)
    )
    assert tags["TagSet"] == [{"Key": "flowtag", "Value": "chunk"}]


def test_every_line_of_a_child_names_its_run_and_chunk(run: Run) -> None:
    _, lines = run_child(child(run, 1, share=2))
    of_chunks = [line for line in lines if str(line["message"]).startswith("chunk ")]
    assert [line["chunk"] for line in of_chunks] == [2, 3]
    assert {line["run_id"] for line in of_chunks} == {run.plan.run_id}


def test_a_child_leaves_alone_what_is_done(run: Run) -> None:
    run_child(child(run))
    _, lines = run_child(child(run))
    assert begun_in_order(lines) == []


def test_a_chunk_that_killed_its_worker_goes_last(run: Run) -> None:
    run.store.put(run.keys.begun(0), b"{}")
    _, lines = run_child(child(run, attempt=2))
    assert begun_in_order(lines) == [1, 2, 3, 0]


def test_a_chunk_that_fails_is_recorded_and_the_others_go_on(run: Run) -> None:
    bucket, client = run.store.bucket, run.store.client
    client.put_object(Bucket=bucket, Key="in/film.mp4", Body=b"another content")
    status, _ = run_child(child(run))
    assert (status, run.failed()) == (0, list(range(CHUNKS)))
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
    status, _ = run_child(child(run, attempt=2))
    assert (status, run.done()) == (0, list(range(CHUNKS)))


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


@contextlib.contextmanager
def container(environment: dict[str, str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """SageMaker's container, answering."""
    with free_ports(1) as (port,):
        pass
    process = subprocess.Popen(
        [sys.executable, "-m", "gpu_worker.sagemaker_host"],
        cwd=ROOT,
        env={**environment, "SAGEMAKER_BIND_TO_PORT": str(port)},
    )
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if ask(port, "GET", "/ping")[0] == 200:
                    break
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        yield port, process
    finally:
        process.kill()
        process.wait()


def ask(
    port: int, method: str, path: str, body: bytes | None = None
) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


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
    task, reason = failed_invocation(run.store, json.dumps(notice))
    assert task == run.plan.task(1)
    assert "500" in reason
