"""What becomes of chunks that no worker did: the fail function, under Lambda's own emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.contracts.chunkfile import read_failed_chunk
from flowtag.contracts.messages import ChunkTask, Plan
from flowtag.dispatching import DispatchRecord
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan, readable_json
from local_cloud.s3_server import READER, S3Server
from tests.functional.function_hosts import (
    deployed,
    logged,
    measured,
    messages,
    returned,
    sample,
)
from tests.services.aws_server import aws_server
from tests.services.lambda_runtime import FunctionError, LambdaFunction
from tests.unit.run_objects import make_chunk, make_plan

PREFIX = "tags/"
ENDPOINT = "flowtag-worker"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_server() as endpoint_url:
        yield endpoint_url


@pytest.fixture
def store(s3: S3Server, aws: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    return S3Store(s3_client(), bucket, PREFIX)


@pytest.fixture
def plan(store: S3Store) -> Plan:
    """A run of four chunks that were handed out, the first of which is done."""
    plan = make_plan(4)
    put_plan(store, plan)
    record = DispatchRecord(schema="flowtag.dispatch/1", chunks=(0, 1, 2, 3), sent=True)
    store.put(RunKeys.of(plan).dispatch(1), readable_json(record))
    store.put(RunKeys.of(plan).chunk(0), make_chunk(plan.task(0)))
    return plan


@pytest.fixture
def fail(store: S3Store, tmp_path: Path) -> Iterator[LambdaFunction]:
    variables = {
        "OUTPUT_BUCKET": store.bucket,
        "OUTPUT_PREFIX": PREFIX,
        "SAGEMAKER_ENDPOINT": ENDPOINT,
    }
    with deployed("fail", variables, tmp_path / "log") as function:
        yield function


def recorded(store: S3Store, plan: Plan) -> dict[int, str]:
    """The chunks with a failure on record, and why."""
    keys = RunKeys.of(plan)
    found = {}
    for key in store.list(keys.chunks):
        if key.endswith(".failed.json"):
            failed = read_failed_chunk(store.get(key))
            found[failed.task.index] = failed.message
    return found


def names(task: ChunkTask) -> dict[str, Any]:
    return {"video_id": task.video_id, "run_id": task.run_id, "chunk": task.index}


def test_a_dead_letter_is_recorded_and_counted(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    response = fail.invoke(messages("dead-letter", [plan.task(2).model_dump_json()]))

    assert returned(response) == []
    assert list(recorded(store, plan)) == [2]
    assert "4 times" in recorded(store, plan)[2]
    (line,) = [line for line in logged(fail) if line["message"] == "chunk failed"]
    assert line.items() >= names(plan.task(2)).items()
    assert measured(fail.json_lines(), "FailedChunks") == [({"service"}, 1)]
    assert measured(fail.json_lines(), "RecordingsFailed") == [({"service"}, 0)]


def test_a_dead_letter_of_a_chunk_that_is_done_after_all_is_dropped(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    response = fail.invoke(messages("dead-letter", [plan.task(0).model_dump_json()]))

    assert (returned(response), recorded(store, plan)) == ([], {})


def test_a_letter_that_cannot_be_read_goes_back_alone_and_says_so(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    bodies = [plan.task(1).model_dump_json(), "{}", plan.task(3).model_dump_json()]

    response = fail.invoke(messages("dead-letter", bodies))

    assert returned(response) == ["message-1"]
    assert list(recorded(store, plan)) == [1, 3]
    (line,) = [line for line in logged(fail) if line["level"] == "ERROR" and "exception" in line]
    assert line["message_id"] == "message-1"
    assert "chunk" not in line
    assert measured(fail.json_lines(), "RecordingsFailed") == [({"service"}, 1)]


def test_a_letter_that_cannot_be_recorded_goes_back_and_names_its_chunk(
    store: S3Store, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{READER}-secret")
    variables = {"OUTPUT_BUCKET": store.bucket, "OUTPUT_PREFIX": PREFIX}
    with deployed("fail", variables, tmp_path / "log") as fail:
        response = fail.invoke(messages("dead-letter", [plan.task(2).model_dump_json()]))

        assert returned(response) == ["message-0"]
        (line,) = [line for line in logged(fail) if line["level"] == "ERROR"]
        assert line.items() >= names(plan.task(2)).items()
        assert measured(fail.json_lines(), "RecordingsFailed") == [({"service"}, 1)]
    assert recorded(store, plan) == {}


def failed_job(plan: Plan, array: dict[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = sample("batch-failed")
    dispatch = {"FLOWTAG_DISPATCH": RunKeys.of(plan).dispatch(1), "FLOWTAG_SHARE_CHUNKS": "2"}
    event["detail"]["container"]["environment"] = [
        {"name": name, "value": value} for name, value in dispatch.items()
    ]
    event["detail"]["arrayProperties"] = array
    return event


def test_what_a_failed_job_left_undone_is_recorded(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    assert fail.invoke(failed_job(plan, {"index": 0})) == {"recorded": 1}
    assert recorded(store, plan) == {1: "Essential container in task exited"}


def test_the_event_of_a_whole_array_records_nothing(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    assert fail.invoke(failed_job(plan, {"size": 2})) == {"recorded": 0}
    assert recorded(store, plan) == {}


def test_a_job_that_is_none_of_flowtags_is_an_error(fail: LambdaFunction, plan: Plan) -> None:
    event = failed_job(plan, {"index": 0})
    event["detail"]["container"]["environment"] = []

    with pytest.raises(FunctionError, match="none of flowtag's"):
        fail.invoke(event)


def failed_invocation(store: S3Store, plan: Plan, index: int, go: int) -> dict[str, Any]:
    """The notice of an endpoint that did not do a chunk, whose task is where it was put."""
    key = RunKeys.of(plan).task(index, go)
    store.put(key, readable_json(plan.task(index)))
    event: dict[str, Any] = sample("sagemaker-error")
    notice = json.loads(event["Records"][0]["Sns"]["Message"])
    notice["requestParameters"]["inputLocation"] = store.uri(key)
    event["Records"][0]["Sns"]["Message"] = json.dumps(notice)
    return event


def test_an_endpoint_is_asked_twice_more_before_a_chunk_counts_as_lost(
    fail: LambdaFunction, store: S3Store, plan: Plan, aws: str
) -> None:
    keys = RunKeys.of(plan)
    for go in (1, 2):
        assert fail.invoke(failed_invocation(store, plan, 2, go)) == {"recorded": 0}
        assert recorded(store, plan) == {}
        # As the endpoint is told of it.
        assert ChunkTask.model_validate_json(store.get(keys.task(2, go + 1))) == plan.task(2)
    again = [line for line in logged(fail) if line["message"].endswith("invoked again")]
    assert [line["go"] for line in again] == [2, 3]
    assert all(line.items() >= names(plan.task(2)).items() for line in again)

    assert fail.invoke(failed_invocation(store, plan, 2, 3)) == {"recorded": 1}

    assert list(recorded(store, plan)) == [2]
    assert "invoked 3 times" in recorded(store, plan)[2]
    assert not list(store.list(keys.task(2, 4)))


def test_a_notice_that_comes_twice_uses_up_no_go(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    event = failed_invocation(store, plan, 2, 1)
    for _ in range(4):
        assert fail.invoke(event) == {"recorded": 0}
    assert not list(store.list(RunKeys.of(plan).task(2, 3)))


def test_an_endpoint_is_not_asked_again_for_what_is_done(
    fail: LambdaFunction, store: S3Store, plan: Plan
) -> None:
    assert fail.invoke(failed_invocation(store, plan, 0, 1)) == {"recorded": 0}
    assert not list(store.list(RunKeys.of(plan).task(0, 2)))


@pytest.mark.parametrize("message", ["hello", "{}"])
def test_a_notice_that_is_none_of_sagemakers_is_an_error(
    fail: LambdaFunction, message: str
) -> None:
    event = sample("sagemaker-error")
    event["Records"][0]["Sns"]["Message"] = message

    with pytest.raises(FunctionError, match="not a notice of SageMaker"):
        fail.invoke(event)


@pytest.mark.parametrize("event", ["upload", "schedule"])
def test_other_events_are_ignored_with_a_line(fail: LambdaFunction, event: str) -> None:
    assert fail.invoke(sample(event)) == {"recorded": 0}
    assert any(line["message"].startswith("ignored") for line in logged(fail))
