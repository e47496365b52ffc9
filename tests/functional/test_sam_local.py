"""Every function as it was built, run by ``sam local invoke`` in a container, on real objects.

Where Docker runs and has Amazon's image for Python 3.13 or one in its place; the worker's image is
built on the base that FLOWTAG_TEST_BASE names, by default python:3.13-slim. Elsewhere these tests
are skipped and say so.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_results import chunk_states
from flowtag.contracts.messages import ChunkTask
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion, read_plan
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.narration import Narrator
from local_cloud.ports import check_free, free_ports
from tests.cloud.containers import need_image, worker_image
from tests.cloud.sam import build
from tests.cloud.template import ROOT
from tests.functional.command import make_clip

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MACHINE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
LAMBDA_IMAGE = f"public.ecr.aws/lambda/python:3.13-{MACHINE}"
KEY = "Füße + 100%/Take 2.mp4"


@dataclass(frozen=True)
class Invoked:
    """How an invocation ended: the command's status, what the function returned, and its log."""

    status: int
    answer: Any
    log: str


@dataclass(frozen=True)
class Containers:
    """A local cloud in which no function runs by itself, and what was built to run beside it."""

    cloud: LocalApplication
    s3: S3Client
    template: Path

    @property
    def outputs(self) -> S3Store:
        return S3Store(self.s3, "outputs")

    def upload(self, clip: Path, key: str) -> str:
        self.s3.upload_file(str(clip), "uploads", key)
        return key

    def invoke(self, function: str, event: str, *options: str) -> Invoked:
        port = str(urlsplit(self.cloud.s3_url).port)
        command = ["--port", port, "--template", str(self.template), *options, function, event]
        done = subprocess.run(
            [sys.executable, "-m", "local_cloud.sam_local", *command, "--", "--skip-pull-image"],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.stdout.strip(), done.stderr
        return Invoked(done.returncode, json.loads(done.stdout), done.stderr)

    def plan(self, key: str) -> dict[str, Any]:
        """What PlanFunction says of an upload."""
        (planned,) = self.invoke("PlanFunction", "events/upload.json", "--key", key).answer[
            "uploads"
        ]
        return dict(planned)


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    need_image(LAMBDA_IMAGE)
    built = build(tmp_path_factory.mktemp("built"), MACHINE)
    options = Options(
        template=ROOT / "template.yaml",
        checkout=ROOT,
        data=tmp_path_factory.mktemp("local"),
        port=three_ports(),
        idle=True,
    )
    with (
        local_application(options, Narrator(StringIO())) as cloud,
        pytest.MonkeyPatch.context() as variables,
    ):
        for name, value in cloud.environment.items():
            variables.setenv(name, value)
        yield Containers(cloud, s3_client(), built / "template.yaml")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture(scope="module")
def planned(containers: Containers, clip: Path) -> dict[str, Any]:
    return containers.plan(containers.upload(clip, KEY))


@pytest.fixture(scope="module")
def keys(planned: dict[str, Any]) -> RunKeys:
    return RunKeys(planned["video_id"], planned["run_id"])


@pytest.fixture(scope="module")
def worked(containers: Containers, keys: RunKeys) -> Invoked:
    options = ("--worker-image", worker_image(), "--key", KEY)
    return containers.invoke("WorkerFunction", "events/chunk-task.json", *options)


@pytest.fixture(scope="module")
def completed(containers: Containers, worked: Invoked) -> Invoked:
    return containers.invoke("CompleteFunction", "events/chunks.json", "--key", KEY)


def test_an_upload_is_planned_and_handed_out(
    containers: Containers, planned: dict[str, Any], keys: RunKeys
) -> None:
    plan = read_plan(containers.outputs, keys)

    assert (planned["outcome"], planned["chunks"]) == ("dispatched", 1)
    assert plan.source.uri == f"s3://uploads/{KEY}"
    assert plan.probe.frames_expected == 150


def test_the_workers_image_computes_a_chunk(
    containers: Containers, keys: RunKeys, worked: Invoked
) -> None:
    assert (worked.status, worked.answer) == (0, {"batchItemFailures": []})
    assert chunk_states(containers.outputs, read_plan(containers.outputs, keys)) == ("done",)


def test_a_run_is_completed(containers: Containers, keys: RunKeys, completed: Invoked) -> None:
    metadata = read_motion(containers.outputs.get(keys.motion))

    assert (completed.status, completed.answer) == (0, {"batchItemFailures": []})
    assert metadata.analysis.status == "complete"
    assert metadata.analysis.frames.decoded == 150
    assert [segment.camera.labels for segment in metadata.segments] == [["pan_right"]]
    assert containers.outputs.get(keys.frames)[:4] == b"PAR1"


def test_the_api_lists_a_video_with_links_that_hold_here(
    containers: Containers, keys: RunKeys, completed: Invoked
) -> None:
    listed = containers.invoke("ApiFunction", "events/api.json", "--key", "Take 2").answer
    (video,) = json.loads(listed["body"])["videos"]
    link = urlsplit(video["thumbnail_url"])

    # Not by its name, since not every machine finds *.localhost; browsers and curl do.
    asked = urllib.request.Request(
        f"{containers.cloud.s3_url}{link.path}?{link.query}", headers={"Host": link.netloc}
    )
    with urllib.request.urlopen(asked) as reply:
        picture = reply.read()

    assert video["run_id"] == keys.run_id
    assert picture[:3] == b"\xff\xd8\xff"


def test_a_dead_letter_is_recorded(containers: Containers, clip: Path) -> None:
    key = containers.upload(clip, "lost.mp4")
    planned = containers.plan(key)
    keys = RunKeys(planned["video_id"], planned["run_id"])

    done = containers.invoke("FailFunction", "events/dead-letter.json", "--key", key)

    record = json.loads(containers.outputs.get(keys.failed(0)))
    assert (done.status, done.answer) == (0, {"batchItemFailures": []})
    assert record["code"] == "chunk_lost"
    assert ChunkTask.model_validate(record["task"]).run_id == keys.run_id


def test_what_got_lost_is_handed_out_again(containers: Containers, clip: Path) -> None:
    planned = containers.plan(containers.upload(clip, "stray.mp4"))

    containers.invoke(
        "ReconcileFunction", "events/schedule.json", "--parameter", "OverdueSeconds=1"
    )

    messages = containers.cloud.queues["ChunkQueue"].receive(10, 0)
    runs = [json.loads(message.body)["run_id"] for message in messages]
    assert runs.count(planned["run_id"]) == 2


@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        ("PlanFunction", "upload", '"outcome": "gone"'),
        ("CompleteFunction", "chunks", '"batchItemFailures": []'),
        ("FailFunction", "dead-letter", '"batchItemFailures": []'),
        ("ReconcileFunction", "schedule", '"in_time": '),
        ("ApiFunction", "api", '"statusCode": 200'),
    ],
)
def test_the_sample_events_are_answered_as_documented(
    containers: Containers, function: str, event: str, answer: str
) -> None:
    done = containers.invoke(function, f"events/{event}.json")

    assert done.status == 0
    assert answer in json.dumps(done.answer)


def test_the_sample_task_of_a_clip_that_is_nowhere_leaves_a_record(containers: Containers) -> None:
    event = json.loads((ROOT / "events/chunk-task.json").read_text(encoding="utf-8"))
    task = ChunkTask.model_validate_json(event["Records"][0]["body"])
    keys = RunKeys(task.video_id, task.run_id)

    done = containers.invoke(
        "WorkerFunction", "events/chunk-task.json", "--worker-image", worker_image()
    )

    record = json.loads(containers.outputs.get(keys.failed(task.index)))
    assert (done.status, done.answer) == (0, {"batchItemFailures": []})
    assert record["code"] == "not_found"


def test_a_message_that_is_given_back_is_a_failure(containers: Containers, tmp_path: Path) -> None:
    event = json.loads((ROOT / "events/dead-letter.json").read_text(encoding="utf-8"))
    event["Records"][0]["body"] = "no task"
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")

    done = containers.invoke("FailFunction", str(tmp_path / "event.json"))

    assert done.status == 1
    assert len(done.answer["batchItemFailures"]) == 1


def test_a_function_that_raises_is_a_failure(containers: Containers, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")

    done = containers.invoke("CompleteFunction", str(tmp_path / "event.json"))

    assert (done.status, done.answer["errorType"]) == (1, "KeyError")


def three_ports() -> int:
    """The first of three that follow each other and that nobody listens at."""
    for _ in range(100):
        with free_ports(1) as (first,):
            pass
        try:
            for port in range(first, first + 3):
                check_free(port)
        except OSError:
            continue
        return first
    raise AssertionError("no three free ports in a row")
