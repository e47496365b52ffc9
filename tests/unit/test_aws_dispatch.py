from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from flowtag.aws.batch_dispatch import BatchDispatcher, share_of
from flowtag.aws.clients import batch_client, sqs_client
from flowtag.aws.queue_dispatch import QueueDispatcher
from flowtag.contracts.messages import ChunkTask
from flowtag.errors import StorageError
from tests.services.aws_server import aws_server
from tests.unit.run_objects import make_plan


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    with aws_server() as url:
        yield url


@pytest.fixture
def aws(endpoint_url: str, credentials: None, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint_url)
    return endpoint_url


def test_each_chunk_is_a_message_that_holds_its_task(aws: str) -> None:
    sqs = sqs_client()
    queue = sqs.create_queue(QueueName="chunks")["QueueUrl"]
    plan = make_plan(23)

    QueueDispatcher(sqs, queue).hand_out(plan, range(23), "record")

    tasks: list[ChunkTask] = []
    while received := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        tasks += [ChunkTask.model_validate_json(message["Body"]) for message in received]
    assert sorted(task.index for task in tasks) == list(range(23))
    assert all(task == plan.task(task.index) for task in tasks)


def test_a_queue_that_is_not_there_is_an_error_that_names_it(aws: str) -> None:
    sqs = sqs_client()
    with pytest.raises(StorageError, match="missing"):
        QueueDispatcher(sqs, f"{aws}/123456789012/missing").hand_out(make_plan(1), [0], "record")


@pytest.mark.parametrize(
    ("chunks", "share", "children"), [(40, 16, 3), (16, 16, None), (1, 1, None)]
)
def test_a_job_has_a_child_for_each_share(
    aws: str, chunks: int, share: int, children: int | None
) -> None:
    submitted: list[dict[str, object]] = []
    batch = batch_client()
    batch.meta.events.register(
        "before-call.batch.SubmitJob",
        lambda params, **_: submitted.append(json.loads(params["body"])),
    )
    with pytest.raises(StorageError):
        # There is no such queue; what is asked of Batch is what matters here.
        BatchDispatcher(batch, "queue", "definition", share).hand_out(
            make_plan(chunks), range(chunks), "v/r/dispatch/0001.json"
        )
    asked = submitted[0]
    assert asked.get("arrayProperties") == (children and {"size": children})
    assert str(asked["jobName"]).endswith("-0001")


def test_shares_tile_the_chunks() -> None:
    chunks = list(range(5, 45))
    shares = [share_of(chunks, 16, child) for child in range(3)]
    assert [index for share in shares for index in share] == chunks
