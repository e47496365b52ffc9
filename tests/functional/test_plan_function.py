"""The plan function: events of S3 in, chunks handed out, over a real S3 server and moto's SQS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowtag.errors import ContractError, StorageError
from flowtag.runs import read_motion, read_plan
from local_cloud.s3_server import S3Server
from tests.functional.deployed import CHUNKS, KEY, Deployed, deploy, keys_of, received

SHAPES = ("upload.json", "upload-notification.json")


@pytest.mark.parametrize("shape", SHAPES)
def test_either_shape_of_an_upload_hands_out_its_chunks(
    deployed: Deployed, rushes: Path, shape: str
) -> None:
    deployed.upload(rushes)

    (done,) = deployed.plan(deployed.sample(shape))["uploads"]

    assert (done["key"], done["outcome"], done["chunks"]) == (KEY, "dispatched", CHUNKS)
    assert len(received(deployed.chunk_queue)) == CHUNKS
    assert read_plan(deployed.store, keys_of(done)).source.uri.endswith(KEY)
    (line,) = deployed.lines("upload dispatched")
    assert line["video_id"] == done["video_id"]
    assert line["run_id"] == done["run_id"]


def test_both_shapes_of_one_upload_are_one_run(deployed: Deployed, rushes: Path) -> None:
    deployed.upload(rushes)

    done = [deployed.plan(deployed.sample(shape))["uploads"][0] for shape in SHAPES]

    assert [one["outcome"] for one in done] == ["dispatched", "under_way"]
    assert keys_of(done[0]) == keys_of(done[1])
    assert len(received(deployed.chunk_queue)) == CHUNKS


def test_the_plan_knows_how_long_a_worker_has(
    s3: S3Server, aws_services: str, bucket: str, rushes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = deploy(s3, aws_services, bucket, monkeypatch, CHUNK_TIMEOUT_SECONDS="0.05")
    deployed.upload(rushes)

    (done,) = deployed.plan(deployed.sample("upload.json"))["uploads"]

    plan = read_plan(deployed.store, keys_of(done))
    assert plan.execution.chunk_timeout_seconds == 0.05
    assert done["chunks"] > CHUNKS


def other_event() -> dict[str, Any]:
    return {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}}


def set_up_event() -> dict[str, Any]:
    """As S3 sends it to whoever is set up for notifications."""
    return {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "flowtag-uploads"}


@pytest.mark.parametrize("event", [other_event(), set_up_event(), {}])
def test_what_is_no_upload_is_ignored_with_a_line_in_the_log(
    deployed: Deployed, event: dict[str, Any]
) -> None:
    assert deployed.plan(event) == {"uploads": []}

    assert len(deployed.lines("ignored: not the event of an upload")) == 1
    assert deployed.calls == []


@pytest.mark.parametrize(
    ("key", "outcome", "said"),
    [
        ("rushes/", "ignored", "ignored: a folder's mark"),
        ("rushes/notes.txt", "ignored", "ignored: its suffix"),
        ("rushes/never there.mov", "gone", "ignored: it is gone"),
    ],
)
def test_what_is_not_to_be_tagged_is_ignored_with_a_line_in_the_log(
    deployed: Deployed, key: str, outcome: str, said: str
) -> None:
    event = deployed.sample("upload.json")
    event["detail"]["object"]["key"] = key

    (done,) = deployed.plan(event)["uploads"]

    assert done == {"key": key, "outcome": outcome}
    (line,) = deployed.lines(said)
    assert line["source"] == f"s3://{deployed.uploads}/{key}"
    assert received(deployed.chunk_queue) == []


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_an_event_that_is_not_whole_is_an_error(deployed: Deployed) -> None:
    event = deployed.sample("upload.json")
    del event["detail"]["object"]

    with pytest.raises(ContractError, match="not a whole event of S3"):
        deployed.plan(event)


def test_what_is_no_video_is_closed_and_told_of(deployed: Deployed) -> None:
    deployed.store.client.put_object(Bucket=deployed.uploads, Key=KEY, Body=b"notes" * 100)

    (done,) = deployed.plan(deployed.sample("upload.json"))["uploads"]

    assert done["outcome"] == "closed"
    (event,) = deployed.told()
    assert (event["status"], event["reason"]) == ("failed", done["reason"])
    motion = read_motion(deployed.store.get(keys_of(done).motion))
    assert motion.analysis.reason == done["reason"]
    assert list(deployed.store.list("open/")) == []


def test_a_queue_that_takes_nothing_is_an_error_and_the_next_go_hands_all_out(
    deployed: Deployed, rushes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.plan import app

    deployed.upload(rushes)
    good = deployed.chunk_queue
    monkeypatch.setenv("CHUNK_QUEUE_URL", f"{good}-missing")
    app._environment.cache_clear()
    with pytest.raises(StorageError, match="missing"):
        deployed.plan(deployed.sample("upload.json"))

    monkeypatch.setenv("CHUNK_QUEUE_URL", good)
    app._environment.cache_clear()
    deployed.plan(deployed.sample("upload.json"))

    assert len(received(good)) == CHUNKS
