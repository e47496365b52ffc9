"""What workers tell of their work: lines that name the chunk, metrics by source, cost, traces."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowtag.aws.clients import sqs_client
from flowtag.chunk_analysis import analyze_chunk
from flowtag.run_record import RunRecord
from flowtag.runs import readable_json
from local_cloud.s3_server import READER, S3Server
from tests.functional.function_hosts import (
    deployed,
    logged,
    measured,
    messages,
    returned,
    sample,
)
from tests.functional.worker_hosts import (
    CHUNKS,
    PREFIX,
    ROOT,
    Run,
    ask,
    child,
    container,
    ended,
    make_film,
    plan_run,
    run_child,
)
from tests.services.aws_server import aws_server

PRICE = 0.0000230338
PRICED = {"USD_PER_CPU_SECOND": str(PRICE)}
# What may be written nowhere: chunks are analysed, and then not done.
POWERLESS = {"AWS_ACCESS_KEY_ID": READER, "AWS_SECRET_ACCESS_KEY": f"{READER}-secret"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films"))


@pytest.fixture
def run(s3: S3Server, bucket: str, film: Path, aws: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws)
    # It hides a message for longer than any worker takes.
    made = sqs_client().create_queue(QueueName="chunks", Attributes={"VisibilityTimeout": "1800"})
    monkeypatch.setenv("CHUNK_QUEUE_URL", made["QueueUrl"])
    return plan_run(bucket, film)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_server() as endpoint_url:
        yield endpoint_url


def names(run: Run, index: int) -> dict[str, Any]:
    return {"video_id": run.plan.video_id, "run_id": run.plan.run_id, "chunk": index}


def output_of(run: Run) -> dict[str, str]:
    told = {"CHUNK_QUEUE_URL": os.environ["CHUNK_QUEUE_URL"], "CHUNK_MOST_RECEIVES": "6"}
    return {"OUTPUT_BUCKET": run.store.bucket, "OUTPUT_PREFIX": PREFIX, **told}


def test_on_lambda_a_chunk_that_is_not_done_goes_back_and_is_named(
    run: Run, tmp_path: Path
) -> None:
    bodies = [run.plan.task(1).model_dump_json(), "{}"]
    variables = {**output_of(run), **POWERLESS}
    with deployed("worker", variables, tmp_path / "log", is_worker=True) as worker:
        response = worker.invoke(messages("chunk-task", bodies))
        failed, unread = [line for line in logged(worker) if "goes back" in line["message"]]
        counts = measured(worker.json_lines(), "ChunksReturned")

    assert returned(response) == ["message-0", "message-1"]
    assert failed.items() >= names(run, 1).items()
    assert failed["exception_name"] == "StorageError"
    assert unread["message_id"] == "message-1"
    assert "chunk" not in unread
    assert counts == [({"service"}, 2)]


def test_on_batch_a_chunk_that_is_not_done_is_named_and_the_others_go_on(run: Run) -> None:
    child_ended = run_child({**child(run), **POWERLESS})

    failed = [line for line in child_ended.lines if line["level"] == "ERROR"]
    assert child_ended.status == 1
    assert [line["chunk"] for line in failed] == list(range(CHUNKS))
    assert all(line.items() >= names(run, line["chunk"]).items() for line in failed)
    assert child_ended.lines[-1]["undone"] == CHUNKS


def test_a_share_that_cannot_be_read_is_not_started_again(run: Run) -> None:
    run.store.put(run.keys.plan, b"{")
    child_ended = run_child(child(run))
    assert child_ended.status == 2
    assert child_ended.lines[-1]["run_id"] == run.plan.run_id


def test_on_sagemaker_a_chunk_that_is_not_done_is_named(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with container({**run.environment, **POWERLESS}, log) as (port, _):
        task = readable_json(run.plan.task(3))
        assert ask(port, "POST", "/invocations", task)[0] == 503
    (failed,) = [line for line in ended(0, log.read_text()).lines if line["level"] == "ERROR"]
    assert failed.items() >= names(run, 3).items()


def of_chunk(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The one line of metrics about a chunk."""
    (line,) = [line for line in lines if "Chunks.analysed" in line]
    return line


def metrics_on_lambda(run: Run, log: Path) -> list[dict[str, Any]]:
    event = messages("chunk-task", [run.plan.task(1).model_dump_json()])
    with deployed("worker", {**output_of(run), **PRICED}, log, is_worker=True) as worker:
        assert returned(worker.invoke(event)) == []
        assert measured(worker.json_lines(), "ChunksReturned") == [({"service"}, 0)]
        return worker.json_lines()


def metrics_on_batch(run: Run, log: Path) -> list[dict[str, Any]]:
    return run_child({**child(run, index=1, share=1), **PRICED}).metrics


def metrics_on_sagemaker(run: Run, log: Path) -> list[dict[str, Any]]:
    with container({**run.environment, **PRICED}, log) as (port, _):
        ask(port, "POST", "/invocations", readable_json(run.plan.task(1)))
    return ended(0, log.read_text()).metrics


@pytest.mark.parametrize("on", [metrics_on_lambda, metrics_on_batch, metrics_on_sagemaker])
def test_every_host_measures_a_chunk_by_its_source(run: Run, tmp_path: Path, on: Any) -> None:
    line = of_chunk(on(run, tmp_path / "log"))

    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert set(directive["Dimensions"][0]) == {"service", "source"}
    assert (line["service"], line["source"]) == ("worker", f"{run.store.bucket}/in")
    # Beside the numbers, to be found in the logs: they are no dimensions.
    assert line.items() >= names(run, 1).items()
    assert line["uri"] == run.plan.source.uri
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "Chunks.analysed", "ChunkCost", "ChunkCpuSeconds", "Coverage", "FramesPerSecond",
        "PairLatency",
    }  # fmt: skip
    assert line["ChunkCost"][0] == pytest.approx(line["ChunkCpuSeconds"][0] * PRICE)


def test_without_a_price_no_cost_is_told(run: Run) -> None:
    line = of_chunk(run_child(child(run, index=1, share=1)).metrics)
    assert line["ChunkCpuSeconds"][0] > 0
    assert "ChunkCost" not in line


def test_what_chunks_took_is_summed_in_run_json_and_stands_in_no_result(
    run: Run, film: Path, aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    child_ended = run_child({**child(run), **PRICED})
    measured_seconds = sum(seconds for _, seconds in measured(child_ended.metrics, _CPU))
    event = chunk_events(run)

    with deployed("complete", output_of(run), tmp_path / "log") as complete:
        assert returned(complete.invoke(event)) == []
        shares = measured(complete.json_lines(), "FailedChunkShare")

    (attempt,) = RunRecord.model_validate_json(run.store.get(run.keys.run)).attempts
    assert attempt.cpu_seconds == pytest.approx(measured_seconds, abs=1e-3)
    assert attempt.cost_usd == pytest.approx(measured_seconds * PRICE, rel=1e-3)
    for index in range(CHUNKS):
        assert run.store.get(run.keys.chunk(index)) == analyze_chunk(run.plan.task(index), film)
    assert sorted(shares, key=lambda share: len(share[0])) == [
        ({"service"}, 0),
        ({"service", "source"}, 0),
    ]


def test_what_one_worker_did_not_count_makes_the_sum_unknown(
    run: Run, aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    run_child(child(run))
    run.store.put(run.keys.chunk(2), run.store.get(run.keys.chunk(2)))

    with deployed("complete", output_of(run), tmp_path / "log") as complete:
        complete.invoke(chunk_events(run))

    (attempt,) = RunRecord.model_validate_json(run.store.get(run.keys.run)).attempts
    assert (attempt.cpu_seconds, attempt.cost_usd) == (None, None)


def chunk_events(run: Run) -> dict[str, Any]:
    """The events of a run's results, as they come through the queue."""
    notice = json.loads(sample("chunks")["Records"][0]["body"])
    bodies = []
    for index in range(CHUNKS):
        notice["detail"]["object"]["key"] = PREFIX + run.keys.chunk(index)
        bodies.append(json.dumps(notice))
    return messages("chunks", bodies)


_CPU = "ChunkCpuSeconds"
_INVOKE = """
import json, sys
from gpu_worker.lambda_host import lambda_handler
from tests.functional.shelf import context
print(lambda_handler(json.load(sys.stdin), context()))
"""


def test_on_lambda_a_chunk_is_a_part_of_the_trace(run: Run) -> None:
    event = messages("chunk-task", [run.plan.task(1).model_dump_json()])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        traced = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "LAMBDA_TASK_ROOT": str(ROOT),
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;"
            "Parent=53995c3f42cd8ad8;Sampled=1",
        }
        subprocess.run(
            [sys.executable, "-c", _INVOKE],
            cwd=ROOT,
            env={**os.environ, **output_of(run), **traced},
            input=json.dumps(event),
            text=True,
            check=True,
        )
        received = [json.loads(daemon.recv(65536).split(b"\n", 1)[1])]
        while received[-1]["name"] != "## lambda_handler":
            received.append(json.loads(daemon.recv(65536).split(b"\n", 1)[1]))
    parts = [part for each in received for part in (each, *each.get("subsegments", ()))]
    (chunk,) = [part for part in parts if part["name"] == "## chunk"]
    assert chunk["annotations"] == {
        "video_id": run.plan.video_id,
        "run_id": run.plan.run_id,
        "chunk": "1",
    }
