"""``flowtag redrive`` against a real S3 server, and AWS's other services as moto has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import boto3  # noqa: TID251  the tests set up what they then read
import pytest

from flowtag.aws.clients import s3_client, sqs_client
from flowtag.aws.s3_store import S3Store
from flowtag.contracts.messages import ChunkTask, Plan
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan
from flowtag.settings import ExecutionSettings
from local_cloud.s3_server import S3Server
from tests.functional.command import run_flowtag
from tests.services.aws_server import aws_server
from tests.unit.run_objects import make_chunk, make_plan

PREFIX = "tags/"
STACK = "flowtag"
_ROLE = "arn:aws:iam::123456789012:role/reconcile"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_server() as endpoint_url:
        yield endpoint_url


class Deployed:
    """A run in a bucket, of four chunks: one done, one failed, two that never came."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.plan: Plan = make_plan(4, execution=ExecutionSettings(chunk_seconds=Fraction(4)))
        self.keys = RunKeys.of(self.plan)
        self.store = S3Store(s3_client(), bucket, PREFIX)
        put_plan(self.store, self.plan)
        self.store.put(self.keys.chunk(0), make_chunk(self.plan.task(0)))
        self.store.put(self.keys.failed(1), b"{}")
        self.queue: str = sqs_client().create_queue(QueueName=bucket)["QueueUrl"]

    @property
    def variables(self) -> dict[str, str]:
        return {
            "OUTPUT_BUCKET": self.bucket,
            "OUTPUT_PREFIX": PREFIX,
            "COMPUTE": "lambda",
            "CHUNK_QUEUE_URL": self.queue,
        }

    def handed_out(self) -> list[int]:
        received = sqs_client().receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [message["Body"] for message in received.get("Messages", [])]
        return sorted(ChunkTask.model_validate_json(body).index for body in bodies)


@pytest.fixture
def deployed(s3: S3Server, aws: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    return Deployed(bucket)


def test_what_failed_and_what_never_came_is_handed_out_again(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in deployed.variables.items():
        monkeypatch.setenv(name, value)
    ran = run_flowtag("redrive", deployed.keys.folder)
    assert ran.status == 0, ran.err
    assert "3 of 4 chunks" in ran.err
    assert deployed.handed_out() == [1, 2, 3]


def test_a_run_may_be_named_by_the_uri_of_its_result(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in deployed.variables.items():
        monkeypatch.setenv(name, value)
    ran = run_flowtag("redrive", deployed.store.uri(deployed.keys.motion))
    assert (ran.status, ran.out.strip()) == (0, deployed.store.uri(deployed.keys.motion))


def test_a_stack_says_where_its_workers_are(deployed: Deployed) -> None:
    _deploy(deployed.variables)
    ran = run_flowtag("redrive", deployed.keys.folder, "--stack", STACK)
    assert ran.status == 0, ran.err
    assert deployed.handed_out() == [1, 2, 3]


def test_nothing_is_handed_out_of_a_run_that_is_whole(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in deployed.variables.items():
        monkeypatch.setenv(name, value)
    for index in range(4):
        deployed.store.put(deployed.keys.chunk(index), make_chunk(deployed.plan.task(index)))
    ran = run_flowtag("redrive", deployed.keys.folder)
    assert ran.status == 0
    assert "nothing to do again" in ran.err
    assert deployed.handed_out() == []


@pytest.mark.parametrize(
    ("run", "said"),
    [("a-1/b-2", "there is no run a-1/b-2"), ("../etc", "VIDEO/RUN"), ("s3://other/a/b", "no run")],
)
def test_what_is_no_run_is_refused(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, run: str, said: str
) -> None:
    for name, value in deployed.variables.items():
        monkeypatch.setenv(name, value)
    ran = run_flowtag("redrive", run)
    assert ran.status == 2
    assert said in ran.err


def test_a_stack_that_is_none_is_refused(deployed: Deployed) -> None:
    ran = run_flowtag("redrive", deployed.keys.folder, "--stack", "missing")
    assert ran.status == 2, ran.err
    assert "missing is no stack of flowtag" in ran.err


def _deploy(variables: dict[str, str]) -> None:
    boto3.client("iam").create_role(
        RoleName="reconcile", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"})
    )
    function: dict[str, Any] = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"ZipFile": "def lambda_handler(event, context): ..."},
            "Handler": "index.lambda_handler",
            "Runtime": "python3.13",
            "Role": _ROLE,
            "Environment": {"Variables": variables},
        },
    }
    boto3.client("cloudformation").create_stack(
        StackName=STACK, TemplateBody=json.dumps({"Resources": {"ReconcileFunction": function}})
    )
