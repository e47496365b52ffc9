from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from flowtag.aws.batch_dispatch import BatchDispatcher, share_of
from flowtag.aws.clients import batch_client, s3_client, sagemaker_client, sqs_client
from flowtag.aws.queue_dispatch import QueueDispatcher
from flowtag.aws.s3_store import S3Store
from flowtag.aws.sagemaker_dispatch import SageMakerDispatcher
from flowtag.contracts.messages import ChunkTask
from flowtag.errors import StorageError
from flowtag.run_keys import RunKeys
from local_cloud.s3_server import S3Server
from tests.services.aws_server import aws_server
from tests.unit.run_objects import make_plan

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


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


@pytest.fixture
def store(s3: S3Server, bucket: str) -> S3Store:
    return S3Store(s3_client(s3.endpoint_url), bucket, "tags/")


@pytest.fixture
def invoked(aws: str) -> tuple[SageMakerRuntimeClient, list[dict[str, str]]]:
    """A client of endpoints, and the headers of all that is asked of it."""
    asked: list[dict[str, str]] = []
    endpoints = sagemaker_client()
    endpoints.meta.events.register(
        "before-call.sagemaker-runtime.InvokeEndpointAsync",
        lambda params, **_: asked.append({**params["headers"], "url": params["url_path"]}),
    )
    return endpoints, asked


def test_an_endpoint_is_told_where_each_task_stands(
    store: S3Store, invoked: tuple[SageMakerRuntimeClient, list[dict[str, str]]]
) -> None:
    endpoints, asked = invoked
    plan = make_plan(12)
    keys = RunKeys.of(plan)

    SageMakerDispatcher(endpoints, "worker", store).hand_out(plan, range(2, 12), "record")

    told = {call["X-Amzn-SageMaker-InputLocation"]: call for call in asked}
    assert set(told) == {store.uri(keys.task(index)) for index in range(2, 12)}
    for index in range(2, 12):
        call, task = told[store.uri(keys.task(index))], plan.task(index)
        assert ChunkTask.model_validate_json(store.get(keys.task(index))) == task
        assert call["X-Amzn-SageMaker-Inference-Id"] == task.digest()
        assert call["url"] == "/endpoints/worker/async-invocations"
        assert call["X-Amzn-SageMaker-Content-Type"] == "application/json"


def test_each_go_of_an_endpoint_has_a_task_of_its_own(
    store: S3Store, invoked: tuple[SageMakerRuntimeClient, list[dict[str, str]]]
) -> None:
    endpoints, asked = invoked
    plan = make_plan(2)

    SageMakerDispatcher(endpoints, "worker", store).invoke(plan.task(1), go=3)

    (call,) = asked
    assert call["X-Amzn-SageMaker-InputLocation"].endswith("/tasks/00001.3.json")


def test_shares_tile_the_chunks() -> None:
    chunks = list(range(5, 45))
    shares = [share_of(chunks, 16, child) for child in range(3)]
    assert [index for share in shares for index in share] == chunks
