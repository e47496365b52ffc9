from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import SqsModel

from flowtag.aws.completion_requests import run_of
from flowtag.aws.environment import PlanEnvironment, ReconcileEnvironment, read_environment
from flowtag.aws.failures import is_failed_job, task_of
from flowtag.aws.upload_events import uploads_of
from flowtag.errors import ContractError, SettingsError
from flowtag.run_keys import RunKeys

EVENTS = Path(__file__).parents[2] / "events"
KEY = "rushes/Take 2 + pickup é.mov"


def sample(name: str) -> Any:
    return json.loads((EVENTS / name).read_text())


@pytest.mark.parametrize("name", ["upload.json", "upload-notification.json"])
def test_both_shapes_of_an_upload_name_the_same_object(name: str) -> None:
    (uploaded,) = uploads_of(sample(name))
    assert (uploaded.bucket, uploaded.key) == ("flowtag-uploads", KEY)
    assert uploaded.sequencer == "00617F08299329D189"


@pytest.mark.parametrize(
    "key", ["a b.mov", "a+b.mov", "100%.mov", "a%20b.mov", "é/ü.mov", "x" * 1024]
)
def test_a_key_of_event_bridge_is_taken_as_it_stands(key: str) -> None:
    event = sample("upload.json")
    event["detail"]["object"]["key"] = key
    assert uploads_of(event)[0].key == key


@pytest.mark.parametrize(
    ("encoded", "key"),
    [("a+b.mov", "a b.mov"), ("a%2Bb.mov", "a+b.mov"), ("100%25.mov", "100%.mov")],
)
def test_a_key_of_a_notification_is_decoded_once(encoded: str, key: str) -> None:
    event = sample("upload-notification.json")
    event["Records"][0]["s3"]["object"]["key"] = encoded
    assert uploads_of(event)[0].key == key


@pytest.mark.parametrize(
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "flowtag-uploads"},
        sample("upload.json") | {"detail-type": "Object Deleted"},
        sample("upload.json") | {"source": "aws.ec2"},
        {},
        {"Records": []},
        {"Records": [None]},
    ],
)
def test_other_events_name_no_upload(event: dict[str, Any]) -> None:
    assert uploads_of(event) == ()


def test_a_notification_of_something_removed_names_no_upload() -> None:
    event = sample("upload-notification.json")
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert uploads_of(event) == ()


def test_half_an_event_is_an_error_that_says_what_is_missing() -> None:
    event = sample("upload.json")
    del event["detail"]["object"]
    with pytest.raises(ContractError, match=r"detail\.object"):
        uploads_of(event)


def test_events_of_chunks_name_their_run() -> None:
    bodies = [record["body"] for record in sample("chunks.json")["Records"]]
    run = RunKeys("take-2-pickup-e-0123456789ab", "take-2-pickup-e-ba9876543210")
    assert [run_of(body, "") for body in bodies] == [run, run]


def test_a_prefix_is_no_part_of_a_run() -> None:
    body = json.dumps({"detail": {"object": {"key": "tags/v-1/r-1/chunks/00000.npz"}}})
    assert run_of(body, "tags/") == RunKeys("v-1", "r-1")
    assert run_of(body, "other/") is None


@pytest.mark.parametrize("key", ["v-1/r-1/motion.json", "v-1/latest.json", "x/chunks/0", "../a/b/"])
def test_other_objects_of_the_output_ask_for_no_completion(key: str) -> None:
    assert run_of(json.dumps({"detail": {"object": {"key": key}}}), "") is None


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"detail": 3}'])
def test_what_is_no_message_is_an_error(body: str) -> None:
    with pytest.raises(ContractError):
        run_of(body, "")


@pytest.mark.parametrize("name", ["chunk-task.json", "chunks.json", "dead-letter.json"])
def test_the_samples_of_queues_have_the_shape_that_powertools_knows(name: str) -> None:
    records = SqsModel.model_validate(sample(name)).Records

    assert {record.eventSource for record in records} == {"aws:sqs"}


@pytest.mark.parametrize("name", ["chunk-task.json", "dead-letter.json"])
def test_a_message_of_the_chunk_queue_holds_a_task(name: str) -> None:
    task = task_of(sample(name)["Records"][0]["body"])
    assert (task.source.uri, task.index) == (f"s3://flowtag-uploads/{KEY}", 0)


def test_only_a_failed_job_is_one() -> None:
    event = sample("batch-failed.json")
    assert is_failed_job(event)
    event["detail"]["status"] = "SUCCEEDED"
    assert not is_failed_job(event)


def test_an_empty_variable_counts_as_not_set() -> None:
    variables = {"OUTPUT_BUCKET": "output", "MAX_COST_USD": "", "CHUNK_SECONDS": "30"}
    environment = read_environment(PlanEnvironment, variables)
    assert environment.max_cost_usd is None
    assert environment.chunk_seconds == 30


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "COMPLETION_QUEUE_URL|OUTPUT_BUCKET"),
        ({"OUTPUT_BUCKET": "output", "COMPLETION_QUEUE_URL": "q", "COMPUTE": "fargate"}, "COMPUTE"),
    ],
)
def test_a_wrong_environment_is_an_error_that_names_the_variable(
    variables: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        read_environment(ReconcileEnvironment, variables)


@pytest.mark.parametrize(
    ("suffixes", "key", "wanted"),
    [
        (".mp4,.mov", "a/CLIP.MOV", True),
        (".mp4, .mov", "a/clip.mov", True),
        (".mp4,.mov", "a/clip.mov.txt", False),
        ("", "anything", True),
    ],
)
def test_only_keys_with_a_wanted_suffix_are_planned(suffixes: str, key: str, wanted: bool) -> None:
    variables = {"OUTPUT_BUCKET": "output", "SOURCE_SUFFIXES": suffixes}
    assert read_environment(PlanEnvironment, variables).wants(key) is wanted
