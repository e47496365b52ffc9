"""A chunk on which every worker dies, among good ones, through the real template."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_results import chunk_names
from flowtag.contracts.chunkfile import read_failed_chunk
from flowtag.contracts.messages import ChunkTask
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion, read_plan
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.emulator import Outcome
from local_cloud.functions import LocalFunction
from local_cloud.narration import Narrator
from tests.functional.command import make_clip
from tests.functional.test_local_application import CHECKOUT, ready_event

POISONED = 1
GOES = 6
NOTHING_ENDS_THERE = ("PlanDeadLetterQueue", "CompletionDeadLetterQueue", "FailDeadLetterQueue")


class Poison:
    """Kills the worker's process whenever it is at one chunk, as a crash in a codec would."""

    def __init__(self, worker: LocalFunction) -> None:
        self.goes = 0
        self._worker, self._invoke = worker, worker.invoke

    def invoke(self, event: Any) -> Outcome:
        (record,) = event["Records"]
        if ChunkTask.model_validate_json(record["body"]).index != POISONED:
            return self._invoke(event)
        self.goes += 1
        over = threading.Event()
        killer = threading.Thread(target=self._kill, args=(over,))
        killer.start()
        try:
            return self._invoke(event)
        finally:
            over.set()
            killer.join()

    def _kill(self, over: threading.Event) -> None:
        while not over.wait(0.05):
            self._worker.kill_runtimes()


def poisoned(application: LocalApplication, monkeypatch: pytest.MonkeyPatch) -> Poison:
    worker = application.functions["WorkerFunction"]
    poison = Poison(worker)
    monkeypatch.setattr(worker, "invoke", poison.invoke)
    return poison


def test_a_poisoned_chunk_becomes_a_gap_and_the_others_are_published(
    tmp_path: Path, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, data = io.StringIO(), tmp_path / "local"
    data.mkdir()
    options = Options(
        template=CHECKOUT / "template.yaml",
        checkout=CHECKOUT,
        data=data,
        parameters={"CompletionWindowSeconds": "1", "ChunkCpuSeconds": "1"},
        # One process, so that no good chunk dies with the poisoned one.
        workers=1,
        repeat_seconds=0.2,
    )
    clip = make_clip(tmp_path / "clip.mp4", frames=1500)
    with local_application(options, Narrator(told)) as application:
        poison = poisoned(application, monkeypatch)
        s3 = s3_client(application.s3_url)

        s3.upload_file(str(clip), "uploads", "clip.mp4")

        event = ready_event(told, "s3://uploads/clip.mp4")
        store = S3Store(s3, "outputs")
        keys = RunKeys(event["video_id"], event["run_id"])
        plan, motion = read_plan(store, keys), read_motion(store.get(keys.motion))
        states = chunk_names(store, plan)
        failed = read_failed_chunk(store.get(keys.failed(POISONED)))
        left = {name: application.queues[name].counts() for name in NOTHING_ENDS_THERE}

    assert len(plan.chunks) > 2
    assert poison.goes == GOES
    assert states == tuple(
        "failed" if index == POISONED else "done" for index in range(len(plan.chunks))
    )
    assert event["status"] == motion.analysis.status == "partial"
    (gap,) = motion.analysis.gaps
    assert "no worker finished it" in gap.reason
    assert (gap.start.pts, gap.end.pts) == (
        plan.chunks[POISONED].start_pts,
        plan.chunks[POISONED].end_pts,
    )
    assert motion.analysis.frames.decoded > 0
    assert failed.code == "chunk_lost"
    assert left == dict.fromkeys(left, (0, 0))
