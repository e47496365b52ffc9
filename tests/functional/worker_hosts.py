"""The worker's entry points for AWS Batch and SageMaker, started as those start them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from flowtag.aws.batch_dispatch import DISPATCH_VARIABLE, SHARE_VARIABLE
from flowtag.aws.clients import s3_client
from flowtag.aws.s3_source import S3Media, find_source
from flowtag.aws.s3_store import S3Store
from flowtag.contracts.messages import Plan
from flowtag.dispatching import DispatchRecord
from flowtag.planning import plan_video
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan, readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings
from local_cloud.ports import free_ports
from tests.media.movies import Movie, write_movie

ROOT = Path(__file__).parents[2]
CHUNKS = 4
PREFIX = "tags/"
KEY = "in/film.mp4"


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


@dataclass(frozen=True)
class Ended:
    """A process that ended.

    Attributes:
        status: with which it exited; negative: the signal that killed it.
        lines: that it logged.
        metrics: that it emitted, in CloudWatch's embedded format.
    """

    status: int
    lines: list[dict[str, Any]]
    metrics: list[dict[str, Any]]


def make_film(folder: Path) -> Path:
    """Four chunks of a second each."""
    return write_movie(folder / "film.mp4", Movie(count=100, size=(160, 90), options={"g": "25"}))


def plan_run(bucket: str, film: Path, key: str = KEY) -> Run:
    """Uploads a film to the S3 server of the environment, plans it and notes its dispatch."""
    client = s3_client()
    client.upload_file(str(film), bucket, key)
    source = find_source(client, bucket, key).source
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
    """Starts a child of a job."""
    command = [sys.executable, "-m", "gpu_worker.batch_host"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def run_child(environment: dict[str, str]) -> Ended:
    """Runs a child of a job to its end."""
    with start_child(environment) as process:
        out, _ = process.communicate(timeout=120)
    return ended(process.returncode, out)


def ended(status: int, out: str) -> Ended:
    """What a process printed, told apart."""
    printed = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    lines = [line for line in printed if "_aws" not in line]
    return Ended(status, lines, [line for line in printed if "_aws" in line])


def begun_in_order(lines: list[dict[str, Any]]) -> list[int]:
    """The chunks that a log tells of, in order."""
    return [line["chunk"] for line in lines if str(line["message"]).startswith("chunk ")]


@contextlib.contextmanager
def container(
    environment: dict[str, str], log: Path | None = None
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """SageMaker's container, answering; yields its port and its process."""
    with free_ports(1) as (port,):
        pass
    with contextlib.ExitStack() as opened:
        process = subprocess.Popen(
            [sys.executable, "-m", "gpu_worker.sagemaker_host"],
            cwd=ROOT,
            env={**environment, "SAGEMAKER_BIND_TO_PORT": str(port)},
            stdout=opened.enter_context(log.open("wb")) if log else None,
        )
        try:
            _wait_until_ready(port, process)
            yield port, process
        finally:
            process.kill()
            process.wait()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            if ask(port, "GET", "/ping")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the container does not answer")


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a container's answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()
