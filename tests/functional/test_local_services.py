"""SQS and EventBridge as boto3 sees them; where moto's SQS is right, both must say the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from flowtag.aws.clients import events_client, sqs_client
from local_cloud.aws_json import json_server
from local_cloud.event_bus import Event, EventBus, Listener
from local_cloud.queue_api import QueueApi
from local_cloud.queues import Queue
from tests.services.aws_server import aws_server

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Sqs = tuple["SQSClient", str]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with aws_server() as endpoint_url:
        yield endpoint_url


@pytest.fixture(params=["ours", "moto"])
def sqs(
    request: pytest.FixtureRequest,
    moto: str,
    credentials: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Sqs]:
    """A client, and the URL of a queue that hides messages for 1 s and buries them after two."""
    if request.param == "moto":
        monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
        client = sqs_client()
        dead = client.create_queue(QueueName="dead")["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": 2}
        url = client.create_queue(
            QueueName="work",
            Attributes={"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(policy)},
        )["QueueUrl"]
        yield client, url
        client.delete_queue(QueueUrl=url)
        client.delete_queue(QueueUrl=dead)
        return
    queues = {"work": Queue("work", "arn:aws:sqs:x:1:work", 1), "dead": Queue("dead", "arn:dead")}
    queues["work"].redrive(queues["dead"], 2)
    with json_server(0, QueueApi(queues, lambda name: f"http://x/1/{name}").actions()) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        yield sqs_client(), f"http://127.0.0.1:{port}/1/work"


def received(sqs: Sqs, name: str = "work", wait_seconds: int = 0) -> list[Any]:
    client, url = sqs
    where = url.rpartition("/")[0] + "/" + name
    answer = client.receive_message(
        QueueUrl=where,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=wait_seconds,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return list(answer.get("Messages", []))


def refusal(of: Callable[[], object]) -> str:
    with pytest.raises(Exception, match="error") as refused:
        of()
    return str(refused.value.response["Error"]["Code"])  # type: ignore[attr-defined]


def test_a_message_comes_as_it_was_sent(sqs: Sqs) -> None:
    client, url = sqs

    sent = client.send_message(
        QueueUrl=url,
        MessageBody="Füße 🎬",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "ü"}},
    )

    (message,) = received(sqs)
    assert (message["Body"], message["MessageId"]) == ("Füße 🎬", sent["MessageId"])
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MessageAttributes"]["kind"]["StringValue"] == "ü"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60


def test_a_batch_is_sent_and_deleted(sqs: Sqs) -> None:
    client, url = sqs
    entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(10)]

    sent = client.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
    got = received(sqs)
    gone = client.delete_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(got)],
    )

    assert {each["Body"] for each in got} == {f"m{number}" for number in range(10)}
    assert len(sent["Successful"]) == len(gone["Successful"]) == 10
    time.sleep(1.1)
    assert received(sqs) == []


def test_a_message_that_is_not_deleted_comes_again_and_then_is_a_dead_letter(sqs: Sqs) -> None:
    client, url = sqs
    client.send_message(QueueUrl=url, MessageBody="poison")

    counts = []
    for _ in range(2):
        counts += [m["Attributes"]["ApproximateReceiveCount"] for m in received(sqs, "work", 3)]
    time.sleep(1.1)

    assert counts == ["1", "2"]
    assert received(sqs) == []
    assert [each["Body"] for each in received(sqs, "dead")] == ["poison"]


def test_time_can_be_given_and_taken(sqs: Sqs) -> None:
    client, url = sqs
    client.send_message(QueueUrl=url, MessageBody="a")
    receipt = received(sqs)[0]["ReceiptHandle"]

    client.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)

    assert [each["Body"] for each in received(sqs, "work", 2)] == ["a"]


def test_messages_are_counted(sqs: Sqs) -> None:
    client, url = sqs
    client.send_message(QueueUrl=url, MessageBody="a")

    told = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "VisibilityTimeout"]
    )

    assert told["Attributes"] == {"ApproximateNumberOfMessages": "1", "VisibilityTimeout": "1"}


def test_requests_that_are_wrong_are_refused_alike(sqs: Sqs) -> None:
    client, url = sqs
    twice = [{"Id": "a", "MessageBody": "x"}] * 2
    many = [{"Id": str(number), "MessageBody": "x"} for number in range(11)]

    codes = [
        refusal(lambda: client.send_message(QueueUrl=url + "x", MessageBody="x")),
        refusal(lambda: client.send_message_batch(QueueUrl=url, Entries=[])),
        refusal(lambda: client.send_message_batch(QueueUrl=url, Entries=twice)),  # type: ignore[arg-type]
        refusal(lambda: client.send_message_batch(QueueUrl=url, Entries=many)),  # type: ignore[arg-type]
    ]

    prefix = "AWS.SimpleQueueService."
    assert codes == [
        prefix + "NonExistentQueue",
        prefix + "EmptyBatchRequest",
        prefix + "BatchEntryIdsNotDistinct",
        prefix + "TooManyEntriesInBatchRequest",
    ]


@pytest.fixture
def bus(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """What a rule on source "flowtag" has let through."""
    got: list[Event] = []
    listeners = [Listener("rule", "default", {"source": ["flowtag"]}, [got.append])]
    events = EventBus(listeners, lambda event, rules: None)
    with json_server(0, events.actions()) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        yield got


def test_an_event_that_was_put_reaches_the_rules_that_match(bus: list[Event]) -> None:
    answer = events_client().put_events(
        Entries=[
            {"Source": source, "DetailType": "Ready", "Detail": '{"key": "ü"}'}
            for source in ("flowtag", "other")
        ]
    )

    (event,) = bus
    assert (event["detail-type"], event["detail"]) == ("Ready", {"key": "ü"})
    assert answer["FailedEntryCount"] == 0
    assert answer["Entries"][0]["EventId"] == event["id"] != answer["Entries"][1]["EventId"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": "flowtag", "DetailType": "x", "Detail": "no JSON"}, "MalformedDetail"),
        ({"Source": "flowtag", "DetailType": "x", "Detail": "[1]"}, "MalformedDetail"),
        ({"Source": "flowtag", "Detail": "{}"}, "InvalidArgument"),
        (
            {"Source": "aws.s3", "DetailType": "x", "Detail": "{}"},
            "NotAuthorizedForSourceException",
        ),
    ],
)
def test_an_entry_that_is_wrong_fails_alone(
    bus: list[Event], entry: dict[str, str], code: str
) -> None:
    right = {"Source": "flowtag", "DetailType": "Ready", "Detail": "{}"}

    answer = events_client().put_events(Entries=[entry, right])  # type: ignore[list-item]

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == code
    assert len(bus) == 1


def test_other_services_are_refused_by_name(bus: list[Event]) -> None:
    assert refusal(lambda: events_client().list_rules()) == "UnknownOperationException"
