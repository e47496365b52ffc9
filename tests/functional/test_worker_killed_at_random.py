"""Workers that are killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from flowtag.aws.batch_dispatch import DISPATCH_VARIABLE, SHARE_VARIABLE
from flowtag.aws.clients import s3_client
from flowtag.aws.s3_source import S3Media, find_source
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_analysis import analyze_chunk
from flowtag.completing import complete
from flowtag.contracts.messages import Plan
from flowtag.dispatching import DispatchRecord
from flowtag.planning import plan_video
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan, read_motion, readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings
from local_cloud.s3_server import S3Server
from tests.media.movies import Movie, write_movie

ROOT = Path(__file__).parents[2]
CHILDREN = 2
KILLS_EACH = 10
CHUNKS_EACH = 20
CHUNKS = CHILDREN * CHUNKS_EACH
PREFIX = "tags/"


@dataclass(frozen=True)
class Run:
    """A planned run in a bucket, handed out to the children of a job of AWS Batch."""

    plan: Plan
    store: S3Store
    chunk_seconds: float

    @property
    def keys(self) -> RunKeys:
        return RunKeys.of(self.plan)

    def start_child(self, index: int, attempt: int) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "OUTPUT_BUCKET": self.store.bucket,
            "OUTPUT_PREFIX": PREFIX,
            DISPATCH_VARIABLE: self.keys.dispatch(1),
            SHARE_VARIABLE: str(CHUNKS_EACH),
            "AWS_BATCH_JOB_ARRAY_INDEX": str(index),
            "AWS_BATCH_JOB_ATTEMPT": str(attempt),
        }
        command = [sys.executable, "-m", "gpu_worker.batch_host"]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )

    def kill_child(self, index: int, attempt: int, draw: random.Random) -> None:
        """Starts a child and kills it within its first three chunks, wherever it is then."""
        chunks_first, wait_seconds = draw.randint(0, 1), draw.uniform(0, 2 * self.chunk_seconds)
        with self.start_child(index, attempt) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if '"share begun"' in line and chunks_first == 0:
                    break
                if '"chunk analysed"' in line:
                    break
            time.sleep(wait_seconds)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL


@pytest.fixture
def run(s3: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    movie = Movie(count=25 * CHUNKS, size=(160, 90), options={"g": "25"})
    client = s3_client()
    client.upload_file(str(write_movie(tmp_path / "film.mp4", movie)), bucket, "in/film.mp4")
    source = find_source(client, bucket, "in/film.mp4").source
    execution = ExecutionSettings(chunk_seconds=Fraction(1))
    settings = AnalysisSettings.for_preset("fast")
    plan = plan_video(S3Media(client, source), source, settings, execution)
    store = S3Store(client, bucket, PREFIX)
    put_plan(store, plan)
    record = DispatchRecord(schema="flowtag.dispatch/1", chunks=tuple(range(CHUNKS)), sent=True)
    store.put(RunKeys.of(plan).dispatch(1), readable_json(record))
    media = S3Media(client, source)
    # The first takes longer: it imports and warms up.
    analyze_chunk(plan.task(0), media)
    began = time.monotonic()
    analyze_chunk(plan.task(1), media)
    return Run(plan, store, chunk_seconds=time.monotonic() - began)


def test_workers_killed_at_random_points_leave_the_same_bytes_in_the_end(
    run: Run, tmp_path: Path
) -> None:
    def kill_often(index: int) -> int:
        draw = random.Random(index)
        for attempt in range(1, KILLS_EACH + 1):
            run.kill_child(index, attempt, draw)
        with run.start_child(index, KILLS_EACH + 1) as process:
            process.communicate()
        return process.returncode

    with ThreadPoolExecutor(CHILDREN) as threads:
        assert list(threads.map(kill_often, range(CHILDREN))) == [0] * CHILDREN

    media = S3Media(run.store.client, run.plan.source)
    for index in range(CHUNKS):
        task = run.plan.task(index)
        assert run.store.get(run.keys.chunk(index)) == analyze_chunk(task, media)
    assert not [key for key in run.store.list(run.keys.chunks) if key.endswith(".failed.json")]
    assert complete(run.store, run.keys, lambda ready: None).outcome == "published"
    assert read_motion(run.store.get(run.keys.motion)).analysis.status == "complete"
