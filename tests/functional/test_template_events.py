"""Which events reach which function; judged by moto's matching of patterns, not by our own."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from flowtag.run_keys import RunKeys
from tests.cloud.permissions import may
from tests.cloud.template import COMPUTES, Stack, render

KEYS = RunKeys("clip-mp4-0123456789ab", "clip-mp4-ba9876543210")
OF_A_RUN = [
    KEYS.plan,
    KEYS.source,
    KEYS.open,
    KEYS.dispatch(1),
    KEYS.task(0),
    KEYS.begun(0),
    KEYS.chunk(0),
    KEYS.failed(0),
    KEYS.frames,
    KEYS.beside("thumbnails/0000.jpg"),
    KEYS.run,
    KEYS.motion,
    KEYS.latest,
    "catalog/catalog.json",
    "catalog/changes/0001.json",
    "sagemaker/receipts/0b6c.out",
    "sagemaker/failures/0b6c-error.out",
]
SETUPS: dict[str, dict[str, Any]] = {
    "own": {},
    "existing": {"UploadBucketName": "footage"},
    "existing with a prefix": {"UploadBucketName": "footage", "SourcePrefix": "incoming/"},
    "output below a prefix": {"OutputPrefix": "incoming/", "SourcePrefix": "incoming/"},
}


def created(bucket: str, key: str) -> dict[str, Any]:
    """*Object Created*, as EventBridge hands it on."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-12T00:00:00Z",
        "region": "eu-west-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 5, "etag": "b57f9512698f4b09e608f4f2a65852e5"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "1.2.3.4",
            "reason": "PutObject",
        },
    }


def reaches(pattern: EventPattern, event: dict[str, Any]) -> bool:
    return pattern.matches_event(cast(Any, event))


def upload_pattern(stack: Stack) -> EventPattern:
    events = stack.properties("PlanFunction")["Events"]
    (rule,) = events.values()
    return EventPattern.load(rule["Properties"]["Pattern"])


def result_pattern(stack: Stack) -> EventPattern:
    return EventPattern.load(json.dumps(stack.properties("ChunkResultRule")["EventPattern"]))


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("key", OF_A_RUN)
def test_nothing_that_a_run_writes_triggers_ingest(key: str, setup: str) -> None:
    stack = render(**SETUPS[setup])
    prefix = SETUPS[setup].get("OutputPrefix", "")

    assert not reaches(upload_pattern(stack), created("OutputBucket", prefix + key))


@given(setup=st.sampled_from(sorted(SETUPS)), key=st.text(min_size=1))
def test_no_key_in_the_output_bucket_triggers_ingest(setup: str, key: str) -> None:
    pattern = upload_pattern(render(**SETUPS[setup]))

    assert not reaches(pattern, created("OutputBucket", key))
    assert not reaches(pattern, created("OutputBucket", f"incoming/{key}.mp4"))


@pytest.mark.parametrize("key", OF_A_RUN)
def test_what_a_run_writes_is_no_video_even_in_the_wrong_bucket(key: str) -> None:
    stack = render(UploadBucketName="footage")

    assert not reaches(upload_pattern(stack), created("footage", key))


@pytest.mark.parametrize("role", ["Plan", "Complete", "Fail", "Reconcile", "Worker"])
def test_only_links_for_users_can_write_uploads(role: str) -> None:
    stack = render()

    assert not may(stack, f"{role}Role", "s3:PutObject", "arn:aws:s3:::UploadBucket/clip.mp4")
    assert may(stack, "ApiRole", "s3:PutObject", "arn:aws:s3:::UploadBucket/clip.mp4")


@pytest.mark.parametrize("key", ["clip.mp4", "CLIP.MP4", "Ein Film, 100 % + ä.MoV", "a/b.c/d.mxf"])
def test_a_video_triggers_ingest(key: str) -> None:
    assert reaches(upload_pattern(render()), created("UploadBucket", key))


@pytest.mark.parametrize("key", ["clip.mp4.part", "clip", "mp4", "notes.txt", "clip.mp4/"])
def test_what_is_named_otherwise_does_not(key: str) -> None:
    assert not reaches(upload_pattern(render()), created("UploadBucket", key))


def test_the_suffixes_can_be_chosen() -> None:
    pattern = upload_pattern(render(SourceSuffixes=".braw,.r3d"))

    assert reaches(pattern, created("UploadBucket", "A001.R3D"))
    assert not reaches(pattern, created("UploadBucket", "A001.mp4"))


def test_with_a_prefix_only_what_is_below_it_triggers_ingest() -> None:
    stack = render(UploadBucketName="footage", SourcePrefix="incoming/")
    pattern = upload_pattern(stack)

    assert reaches(pattern, created("footage", "incoming/clip.mp4"))
    assert not reaches(pattern, created("footage", "archive/incoming/clip.mp4"))


def test_with_a_prefix_the_function_is_told_the_suffixes() -> None:
    stack = render(SourcePrefix="incoming/", SourceSuffixes=".mov,.mxf")

    variables = stack.properties("PlanFunction")["Environment"]["Variables"]

    assert variables["SOURCE_SUFFIXES"] == ".mov,.mxf"


def test_other_events_and_other_buckets_do_not_trigger_ingest() -> None:
    pattern = upload_pattern(render())
    deleted = created("UploadBucket", "clip.mp4") | {"detail-type": "Object Deleted"}

    assert not reaches(pattern, deleted)
    assert not reaches(pattern, created("elsewhere", "clip.mp4"))


@pytest.mark.parametrize("prefix", ["", "motion/"])
def test_results_of_chunks_reach_completion_and_nothing_else_does(prefix: str) -> None:
    pattern = result_pattern(render(OutputPrefix=prefix))

    reaching = [key for key in OF_A_RUN if reaches(pattern, created("OutputBucket", prefix + key))]

    assert reaching == [KEYS.chunk(0), KEYS.failed(0)]


def test_uploads_never_reach_completion() -> None:
    pattern = result_pattern(render())

    assert not reaches(pattern, created("UploadBucket", f"x/{KEYS.chunk(0)}"))


def test_only_failed_jobs_of_the_own_queue_reach_fail() -> None:
    rule = render(**COMPUTES["batch"]).properties("BatchJobFailedRule")
    pattern = EventPattern.load(json.dumps(rule["EventPattern"]))
    detail = {"status": "FAILED", "jobQueue": "BatchJobQueue"}
    failed = {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": detail}

    assert reaches(pattern, failed)
    for change in ({"status": "SUCCEEDED"}, {"jobQueue": "another"}):
        assert not reaches(pattern, failed | {"detail": detail | change})


def test_events_that_no_target_took_are_kept() -> None:
    stack = render(**COMPUTES["batch"])
    rules = stack.of_type("AWS::Events::Rule")
    targets = [target for rule in rules.values() for target in rule["Targets"]]
    upload = stack.properties("PlanFunction")["Events"]["Upload"]["Properties"]

    assert all(target["DeadLetterConfig"]["Arn"] for target in [*targets, upload])
