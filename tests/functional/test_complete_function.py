"""The complete function: messages about chunks in, motion.json and its event out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowtag.catalog import read_catalog
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion
from tests.functional.deployed import CHUNKS, PREFIX, Deployed, keys_of, of_queue

MESSAGES = 1000


def planned(deployed: Deployed, film: Path, key: str) -> RunKeys:
    deployed.upload(film, key)
    event = deployed.sample("upload.json")
    event["detail"]["object"]["key"] = key
    return keys_of(deployed.plan(event)["uploads"][0])


def about(deployed: Deployed, key: str) -> str:
    """The body of a message: S3's event about an object."""
    event = json.loads(deployed.sample("chunks.json")["Records"][0]["body"])
    event["detail"]["object"]["key"] = PREFIX + key
    return json.dumps(event)


def batch(deployed: Deployed, *bodies: str) -> dict[str, Any]:
    return of_queue(deployed.sample("chunks.json"), list(bodies))


def test_a_thousand_messages_about_two_runs_are_two_looks(deployed: Deployed, rushes: Path) -> None:
    whole = planned(deployed, rushes, "whole.mov")
    deployed.work()
    lacking = planned(deployed, rushes, "lacking.mov")
    deployed.work(most=CHUNKS - 1)
    deployed.calls.clear()
    bodies = [
        about(deployed, (whole, lacking)[number % 2].chunk(number % CHUNKS))
        for number in range(MESSAGES)
    ]

    answer = deployed.complete(batch(deployed, *bodies))

    assert answer == {"batchItemFailures": []}
    listed = [prefix for prefix in deployed.listed() if prefix.endswith("/chunks/")]
    assert sorted(listed) == sorted(PREFIX + keys.chunks for keys in (whole, lacking))
    assert len(deployed.lines("run published")) == 1
    (unsettled,) = deployed.lines("run unsettled")
    assert (unsettled["run_id"], unsettled["missing"]) == (lacking.run_id, 1)
    assert [event["run_id"] for event in deployed.told()] == [whole.run_id]


def test_what_completes_a_run_publishes_it_and_tells_of_it(
    deployed: Deployed, rushes: Path
) -> None:
    keys = planned(deployed, rushes, "film.mov")
    deployed.work()

    deployed.complete(batch(deployed, about(deployed, keys.chunk(0))))

    data, etag = deployed.store.get_with_etag(keys.motion)
    assert read_motion(data).analysis.status == "complete"
    (event,) = deployed.told()
    assert (event["status"], event["etag"]) == ("complete", etag)
    assert event["bucket"] == deployed.store.bucket
    assert [entry.run_id for entry in read_catalog(deployed.store)] == [keys.run_id]
    assert list(deployed.store.list("open/")) == []


def test_messages_that_come_again_publish_nothing_new(deployed: Deployed, rushes: Path) -> None:
    keys = planned(deployed, rushes, "film.mov")
    deployed.work()
    message = batch(deployed, about(deployed, keys.chunk(0)))
    deployed.complete(message)
    before = {key: deployed.store.get_with_etag(key)[1] for key in deployed.store.list("")}

    deployed.complete(message)

    after = {key: deployed.store.get_with_etag(key)[1] for key in deployed.store.list("")}
    assert after == before
    assert len({event["etag"] for event in deployed.told()}) == 1


def test_a_run_that_cannot_be_completed_gives_back_its_own_messages_alone(
    deployed: Deployed, rushes: Path
) -> None:
    good = planned(deployed, rushes, "good.mov")
    bad = planned(deployed, rushes, "bad.mov")
    deployed.work()
    deployed.store.put(bad.plan, b"{")
    bodies = [about(deployed, keys.chunk(0)) for keys in (bad, good, bad)]

    answer = deployed.complete(batch(deployed, *bodies))

    assert answer == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}, {"itemIdentifier": "message-2"}]
    }
    assert [event["run_id"] for event in deployed.told()] == [good.run_id]
    (line,) = deployed.lines("could not be completed")
    assert line["run_id"] == bad.run_id


@pytest.mark.parametrize("key", ["catalog/catalog.json", "a-0/b-0/motion.json", "x"])
def test_what_is_not_about_a_chunk_is_ignored_with_a_line_in_the_log(
    deployed: Deployed, key: str
) -> None:
    answer = deployed.complete(batch(deployed, about(deployed, key)))

    assert answer == {"batchItemFailures": []}
    assert len(deployed.lines("ignored: not about a chunk")) == 1
    assert deployed.calls == []


def test_what_is_no_event_goes_back(deployed: Deployed) -> None:
    answer = deployed.complete(batch(deployed, "not JSON"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}


def test_chunks_of_an_unknown_run_are_left_alone(deployed: Deployed) -> None:
    answer = deployed.complete(deployed.sample("chunks.json"))

    # Its prefix is another, so they are of another application.
    assert answer == {"batchItemFailures": []}
    assert deployed.told() == []
