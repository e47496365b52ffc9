"""The way from containers to the local cloud, and events about clips in it; without Docker."""

from __future__ import annotations

import ipaddress
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.completion_requests import run_of
from flowtag.aws.failures import task_of
from flowtag.aws.s3_source import find_source
from flowtag.aws.s3_store import S3Store
from flowtag.aws.upload_events import uploads_of
from flowtag.contracts.messages import Plan
from flowtag.errors import SettingsError
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.container_gateway import forwarding
from local_cloud.narration import Narrator
from local_cloud.s3_server import S3Server
from local_cloud.sample_events import ClipEvents
from tests.functional.command import make_clip
from tests.unit.run_objects import make_plan

ROOT = Path(__file__).parents[2]
KEY = "Füße + 100%/Take 2.mp4"
# On Linux every address of 127.0.0.0/8 is this machine's; it stands for Docker's gateway.
GATEWAY = "127.0.0.9"


@pytest.mark.parametrize(
    ("admitted", "is_heard"), [("127.0.0.0/24", True), ("172.17.0.0/16", False)]
)
def test_a_server_of_the_loopback_address_is_reached_through_the_gateway(
    s3: S3Server, admitted: str, is_heard: bool
) -> None:
    with forwarding(GATEWAY, s3.port, ipaddress.IPv4Network(admitted)):
        assert answers(f"http://{GATEWAY}:{s3.port}/") is is_heard


def test_the_gateway_is_closed_afterwards(s3: S3Server) -> None:
    with forwarding(GATEWAY, s3.port, ipaddress.IPv4Network("127.0.0.0/8")):
        pass

    assert not answers(f"http://{GATEWAY}:{s3.port}/")


def test_an_address_of_another_machine_is_said(s3: S3Server) -> None:
    network = ipaddress.IPv4Network("192.0.2.0/24")

    with (
        pytest.raises(RuntimeError, match=rf"port {s3.port} .* at 192\.0\.2\.1"),
        forwarding("192.0.2.1", s3.port, network),
    ):
        pass


@pytest.fixture
def store(s3: S3Server, bucket: str) -> S3Store:
    """An empty bucket for uploads and results alike."""
    return S3Store(s3_client(s3.endpoint_url), bucket)


@pytest.fixture
def events(s3: S3Server, store: S3Store) -> ClipEvents:
    store.client.put_object(Bucket=store.bucket, Key=KEY, Body=b"a clip")
    return ClipEvents(s3.endpoint_url, store.bucket, store.bucket, KEY)


@pytest.fixture
def plan(store: S3Store, events: ClipEvents) -> Plan:
    """A plan of two chunks for the clip as it stands."""
    source = find_source(store.client, store.bucket, KEY).source
    return put_plan(store, make_plan(2, source))


def test_the_plan_function_hears_of_the_upload(events: ClipEvents, store: S3Store) -> None:
    (uploaded,) = uploads_of(events.event_for("PlanFunction"))

    assert (uploaded.bucket, uploaded.key) == (store.bucket, KEY)


def test_workers_get_the_first_chunk_that_is_missing(
    events: ClipEvents, store: S3Store, plan: Plan
) -> None:
    store.put(RunKeys.of(plan).chunk(0), b"features")

    (record,) = events.event_for("WorkerFunction")["Records"]

    assert task_of(record["body"]) == plan.task(1)
    assert record["eventSource"] == "aws:sqs"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_run_that_was_published_is_found_as_well(
    events: ClipEvents, store: S3Store, plan: Plan
) -> None:
    store.put(RunKeys.of(plan).latest, b"{}")
    for index in range(2):
        store.put(RunKeys.of(plan).chunk(index), b"features")

    (record,) = events.event_for("WorkerFunction")["Records"]

    assert task_of(record["body"]) == plan.task(0)


def test_the_complete_function_hears_of_every_result(
    events: ClipEvents, store: S3Store, plan: Plan
) -> None:
    keys = RunKeys.of(plan)
    store.put(keys.chunk(0), b"features")
    store.put(keys.failed(1), b"{}")

    records = events.event_for("CompleteFunction")["Records"]

    named = [json.loads(each["body"])["detail"]["object"]["key"] for each in records]
    assert named == [keys.chunk(0), keys.failed(1)]
    assert [run_of(each["body"], "") for each in records] == [keys, keys]


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("WorkerFunction", "no plan yet: invoke PlanFunction"),
        ("ReconcileFunction", "leave out the key"),
    ],
)
def test_what_has_to_be_done_first_is_said(events: ClipEvents, function: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        events.event_for(function)


def test_results_that_are_not_there_are_said(events: ClipEvents, plan: Plan) -> None:
    with pytest.raises(SettingsError, match="invoke the worker"):
        events.event_for("CompleteFunction")


def test_an_upload_that_is_not_there_is_said(s3: S3Server, bucket: str) -> None:
    with pytest.raises(SettingsError, match=f"no s3://{bucket}/gone.mp4"):
        ClipEvents(s3.endpoint_url, bucket, bucket, "gone.mp4").event_for("PlanFunction")


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[LocalApplication]:
    options = Options(
        template=ROOT / "template.yaml",
        checkout=ROOT,
        data=tmp_path,
        idle=True,
    )
    with local_application(options, Narrator(StringIO())) as running:
        yield running


def test_an_idle_cloud_queues_events_and_runs_no_function(
    idle: LocalApplication, credentials: None, tmp_path: Path
) -> None:
    s3 = s3_client(idle.s3_url)

    s3.upload_file(str(make_clip(tmp_path / "clip.mp4")), "uploads", "clip.mp4")
    s3.put_object(Bucket="outputs", Key="clip-1/clip-2/chunks/00000.npz", Body=b"features")

    assert idle.queues["CompletionQueue"].counts() == (1, 0)
    # Of those that feed functions, each is named after its queue, function or schedule.
    feeders = {*idle.queues, *idle.functions, *(each.name for each in idle.wiring.schedules)}
    assert not feeders & {thread.name for thread in threading.enumerate()}


def answers(url: str) -> bool:
    """Whether an HTTP server is behind it, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
