"""Messages whose visibility timeout is shorter than the work: they come again meanwhile."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.published import read_published
from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.aws_json import json_server
from local_cloud.narration import Narrator
from local_cloud.queue_api import QueueApi
from local_cloud.queues import Message, Queue
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from tests.functional.command import make_clip
from tests.services.lambda_runtime import LambdaFunction, lambda_function
from tests.unit.run_objects import make_chunk, make_plan

CHECKOUT = Path(__file__).parents[2]
PATIENCE_SECONDS = 180
LIMIT_SECONDS = 120
MOST_RECEIVES = 2


@dataclass(frozen=True)
class Work:
    """A worker under Lambda's emulator, and the queue that its messages are from."""

    queue: Queue
    function: LambdaFunction

    def take(self, message: Message) -> object:
        record = {
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.arn,
            "awsRegion": "eu-west-1",
        }
        return self.function.invoke({"Records": [record]})


@pytest.fixture
def work(s3: S3Server, bucket: str, tmp_path: Path) -> Iterator[Work]:
    queue = Queue("chunks", "arn:aws:sqs:eu-west-1:123456789012:chunks")
    queues = QueueApi({"chunks": queue}, lambda name: f"http://x/1/{name}")
    with json_server(0, queues.actions()) as port:
        environment = {
            "AWS_ENDPOINT_URL_S3": s3.endpoint_url,
            "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "CHUNK_QUEUE_URL": f"http://127.0.0.1:{port}/1/chunks",
            "CHUNK_MOST_RECEIVES": str(MOST_RECEIVES),
            "OUTPUT_BUCKET": bucket,
        }
        with lambda_function(
            CHECKOUT,
            "gpu_worker.lambda_host.lambda_handler",
            environment,
            log_file=tmp_path / "log",
            timeout_seconds=LIMIT_SECONDS,
        ) as function:
            yield Work(queue, function)


@pytest.fixture
def message(work: Work, s3: S3Server, bucket: str) -> Message:
    """Of a chunk that is done: what happens to the message is not about frames."""
    plan, store = make_plan(1), S3Store(s3_client(s3.endpoint_url), bucket)
    put_plan(store, plan)
    store.put(RunKeys.of(plan).chunk(0), make_chunk(plan.task(0)))
    return Message(plan.task(0).model_dump_json())


def test_a_worker_holds_a_message_for_as_long_as_it_may_be_at_work(
    work: Work, message: Message
) -> None:
    work.queue.visibility_seconds = LIMIT_SECONDS / 2
    work.queue.send(message)
    (received,) = work.queue.receive(1)
    by_itself = received.visible_from

    answer = work.take(received)

    assert answer == {"batchItemFailures": []}
    assert received.visible_from > by_itself


def test_what_a_dead_worker_held_comes_again_once_its_time_is_over(
    work: Work, message: Message
) -> None:
    work.queue.visibility_seconds = 60 * LIMIT_SECONDS
    work.queue.send(message)
    (received,) = work.queue.receive(1)

    work.take(received)

    assert received.visible_from < time.monotonic() + 2 * LIMIT_SECONDS


def test_what_could_not_be_done_comes_again_soon(work: Work) -> None:
    work.queue.visibility_seconds = 60 * LIMIT_SECONDS
    work.queue.send(Message("{}"))
    (received,) = work.queue.receive(1)

    answer = work.take(received)

    assert answer == {"batchItemFailures": [{"itemIdentifier": received.id}]}
    assert received.visible_from < time.monotonic() + LIMIT_SECONDS


def test_what_could_not_be_done_at_its_last_go_is_a_dead_letter_at_once(work: Work) -> None:
    dead = Queue("dead", "arn:aws:sqs:eu-west-1:123456789012:dead")
    work.queue.redrive(dead, MOST_RECEIVES)
    work.queue.visibility_seconds = 60 * LIMIT_SECONDS
    message = Message("{}", receives=MOST_RECEIVES - 1)
    work.queue.send(message)
    (received,) = work.queue.receive(1)

    work.take(received)

    assert work.queue.receive(1) == []
    assert dead.counts() == (1, 0)


def test_a_message_that_another_worker_has_by_now_is_worked_on_all_the_same(
    work: Work, message: Message
) -> None:
    work.queue.visibility_seconds = 0
    work.queue.send(message)
    (received,) = work.queue.receive(1)

    answer = work.take(received)

    assert answer == {"batchItemFailures": []}
    assert "it may come again" in work.function.log()


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def application(tmp_path: Path, told: io.StringIO, credentials: None) -> Iterator[LocalApplication]:
    data = tmp_path / "local"
    data.mkdir()
    options = Options(template=CHECKOUT / "template.yaml", checkout=CHECKOUT, data=data)
    with local_application(options, Narrator(told)) as running:
        yield running


def upload(application: LocalApplication, clip: Path, key: str) -> None:
    """Uploads a clip, and waits until nothing that follows from it is left to be done."""
    s3_client(application.s3_url).upload_file(str(clip), "uploads", key)
    end, quiet = time.monotonic() + PATIENCE_SECONDS, 0
    while quiet < 3:
        assert time.monotonic() < end
        time.sleep(0.2)
        quiet = 0 if application.waiting() else quiet + 1


def test_a_message_that_comes_again_while_it_is_worked_on_changes_nothing(
    application: LocalApplication, told: io.StringIO, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4")
    queue = application.queues["ChunkQueue"]
    usual = queue.visibility_seconds
    # Less than the worker's process takes to start.
    queue.visibility_seconds = 0.3
    upload(application, clip, "hasty.mp4")
    deliveries = told.getvalue().count("function  WorkerFunction")
    queue.visibility_seconds = usual
    upload(application, clip, "calm.mp4")

    runs = {run.key: run for run in read_published(s3_client(application.s3_url), "outputs")}
    hasty, calm = runs["hasty.mp4"], runs["calm.mp4"]
    assert deliveries >= 2
    assert (hasty.status, hasty.content) == ("complete", calm.content)
    assert (hasty.written["plan.json"], hasty.written["motion.json"]) == (1, 1)
    assert not [name for name in hasty.written if ".failed" in name]
    assert all(queue.counts() == (0, 0) for queue in application.queues.values())
