"""The functions as they are deployed: a real S3 server, and queues and a bus as moto has them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3  # noqa: TID251  the tests see what is asked of S3
import pytest

from flowtag.aws.clients import events_client, s3_client, sqs_client
from flowtag.aws.s3_source import S3Media
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_analysis import analyze_chunk
from flowtag.chunk_work import carry_out
from flowtag.contracts.messages import ChunkTask
from flowtag.run_keys import RunKeys
from functions.complete import app as complete_app
from functions.plan import app as plan_app
from functions.reconcile import app as reconcile_app
from local_cloud.s3_server import S3Server
from tests.functional.shelf import context

EVENTS = Path(__file__).parents[2] / "events"
KEY = "rushes/Take 2 + pickup é.mov"
PREFIX = "tags/"
CHUNKS = 3
_ACCOUNT = "123456789012"


@dataclass
class Deployed:
    """The functions, called in this process, and what is around them.

    Attributes:
        uploads: bucket of videos.
        store: where runs go.
        chunk_queue: where plan puts tasks.
        completion_queue: where reconcile asks for completion.
        notice_queue: where what is sent to the bus ends.
        calls: operation, and key or prefix, of what was asked of S3 by clients that the functions
            made.
        log: of all functions.
    """

    uploads: str
    store: S3Store
    chunk_queue: str
    completion_queue: str
    notice_queue: str
    calls: list[tuple[str, str]] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)

    def sample(self, name: str) -> dict[str, Any]:
        """One of the events under ``events/``, about these buckets."""
        text = (EVENTS / name).read_text(encoding="utf-8")
        named = text.replace("flowtag-uploads", self.uploads)
        event: dict[str, Any] = json.loads(named.replace("flowtag-output", self.store.bucket))
        return event

    def upload(self, film: Path, key: str = KEY) -> None:
        """Puts a film where the sample events say it is."""
        self.store.client.upload_file(str(film), self.uploads, key)

    def plan(self, event: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = plan_app.lambda_handler(dict(event), context())
        return answer

    def complete(self, event: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = complete_app.lambda_handler(dict(event), context())
        return answer

    def reconcile(self) -> dict[str, Any]:
        answer: dict[str, Any] = reconcile_app.lambda_handler(
            self.sample("schedule.json"), context()
        )
        return answer

    def work(self, most: int = 10) -> int:
        """Carries out so many tasks of the queue; returns how many there were."""
        bodies = received(self.chunk_queue, most)
        for body in bodies:
            task = ChunkTask.model_validate_json(body)
            film = S3Media(self.store.client, task.source)
            carry_out(self.store, task, partial(analyze_chunk, media=film))
        return len(bodies)

    def told(self) -> list[dict[str, Any]]:
        """Details of the events sent since this was last asked."""
        return [json.loads(body)["detail"] for body in received(self.notice_queue)]

    def lines(self, message: str) -> list[dict[str, Any]]:
        """The lines of the log whose message begins so."""
        found = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in found if str(line["message"]).startswith(message)]

    def listed(self) -> list[str]:
        """The prefixes that the functions listed."""
        return [what for operation, what in self.calls if operation == "ListObjectsV2"]


def keys_of(upload: Mapping[str, Any]) -> RunKeys:
    """The run of an upload, by what plan answered."""
    return RunKeys(upload["video_id"], upload["run_id"])


def received(queue: str, most: int = 10) -> list[str]:
    """The bodies of up to so many messages, which are then gone."""
    sqs = sqs_client()
    bodies: list[str] = []
    while len(bodies) < most:
        wanted = min(most - len(bodies), 10)
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=wanted)
        for message in answer.get("Messages", []):
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        if not answer.get("Messages"):
            break
    return bodies


def of_queue(sample: Mapping[str, Any], bodies: list[str]) -> dict[str, Any]:
    """A batch of messages with these bodies, as Lambda hands it on."""
    (record, *_) = sample["Records"]
    return {
        "Records": [
            {**record, "messageId": f"message-{number}", "body": body}
            for number, body in enumerate(bodies)
        ]
    }


def deploy(
    s3: S3Server, aws: str, bucket: str, monkeypatch: pytest.MonkeyPatch, **variables: str
) -> Deployed:
    """Sets all up that the functions find by their environment.

    Args:
        s3: the S3 server.
        aws: where the other services are.
        bucket: of runs; the other names are made from it.
        monkeypatch: undoes all of it.
        variables: of the functions' environment, where others are wanted.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    client = s3_client()
    uploads = f"{bucket}-uploads"
    client.create_bucket(
        Bucket=uploads, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    chunks, completion, notices = (
        sqs_client().create_queue(QueueName=f"{bucket}-{name}")["QueueUrl"]
        for name in ("chunks", "completion", "notices")
    )
    _connect_bus(bucket, f"{bucket}-notices")
    deployed = Deployed(uploads, S3Store(client, bucket, PREFIX), chunks, completion, notices)
    environment = {
        "OUTPUT_BUCKET": bucket,
        "OUTPUT_PREFIX": PREFIX,
        "EVENT_BUS_NAME": bucket,
        "COMPUTE": "lambda",
        "CHUNK_QUEUE_URL": chunks,
        "COMPLETION_QUEUE_URL": completion,
        "OVERDUE_SECONDS": "7200",
        "PRESET": "fast",
        "CHUNK_SECONDS": "2",
        "SOURCE_SUFFIXES": ".mov,.mp4",
        **variables,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _listen(deployed, monkeypatch)
    return deployed


def _connect_bus(bus: str, queue: str) -> None:
    events = events_client()
    events.create_event_bus(Name=bus)
    pattern = json.dumps({"source": ["flowtag"]})
    events.put_rule(Name="ready", EventBusName=bus, EventPattern=pattern)
    arn = f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:{queue}"
    events.put_targets(Rule="ready", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])


def _listen(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets functions start anew, and sees what they ask of S3 and what they log."""
    session = boto3.Session()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)

    def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        deployed.calls.append((model.name, str(params.get("Key", params.get("Prefix", "")))))

    hear: Callable[..., None] = session.events.register
    hear("before-parameter-build.s3", note)
    for app in (plan_app, complete_app, reconcile_app):
        app._environment.cache_clear()
        monkeypatch.setattr(app.logger.registered_handler, "stream", deployed.log)
