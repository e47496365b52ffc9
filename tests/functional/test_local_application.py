"""The real application under the local cloud: a clip in, its metadata out."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from flowtag.aws.clients import s3_client
from flowtag.contracts.metadata import MotionMetadata
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.narration import Narrator
from tests.functional.command import make_clip

CHECKOUT = Path(__file__).parents[2]
PATIENCE_SECONDS = 180


@pytest.fixture(scope="module")
def told() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def application(
    tmp_path_factory: pytest.TempPathFactory, told: io.StringIO
) -> Iterator[LocalApplication]:
    options = Options(
        template=CHECKOUT / "template.yaml",
        checkout=CHECKOUT,
        data=tmp_path_factory.mktemp("local"),
        parameters={"CompletionWindowSeconds": "1"},
    )
    with local_application(options, Narrator(told)) as running:
        yield running


def ready_event(told: io.StringIO, uri: str) -> dict[str, str]:
    """The detail of the event about an upload, once it was sent."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        for line in told.getvalue().splitlines():
            if "Motion Metadata Ready" in line and json.dumps(uri, ensure_ascii=False) in line:
                detail: dict[str, str] = json.loads(line[line.index("{") :])
                return detail
        time.sleep(0.1)
    raise AssertionError(f"no event for {uri}:\n{told.getvalue()}")


def test_an_uploaded_clip_becomes_motion_metadata_and_an_event(
    application: LocalApplication, told: io.StringIO, credentials: None, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "Take 2.mp4")
    s3 = s3_client(application.s3_url)

    s3.upload_file(str(clip), "uploads", "Füße + 100%/Take 2.mp4")

    event = ready_event(told, "s3://uploads/Füße + 100%/Take 2.mp4")
    written = s3.get_object(Bucket=event["bucket"], Key=event["motion"])
    metadata = MotionMetadata.model_validate_json(written["Body"].read())
    assert (event["status"], event["etag"]) == ("complete", written["ETag"])
    assert metadata.analysis.frames.decoded == 150
    assert [segment.camera.labels for segment in metadata.segments] == [["pan_right"]]
    latest = json.loads(s3.get_object(Bucket="outputs", Key=event["latest"])["Body"].read())
    assert latest["motion"] == event["motion"]
    record = event["motion"].replace("motion.json", "run.json")
    (attempt,) = json.loads(s3.get_object(Bucket="outputs", Key=record)["Body"].read())["attempts"]
    assert attempt["cpu_seconds"] > 0


def test_a_key_as_long_as_s3_takes_goes_all_the_way(
    application: LocalApplication, told: io.StringIO, credentials: None, tmp_path: Path
) -> None:
    key = "Füße + 100% 走る/" * 48 + "x" * 12 + ".mp4"
    assert len(key.encode()) == 1024
    clip = make_clip(tmp_path / "clip.mp4", frames=50)
    s3 = s3_client(application.s3_url)

    s3.upload_file(str(clip), "uploads", key)

    event = ready_event(told, f"s3://uploads/{key}")
    written = s3.get_object(Bucket=event["bucket"], Key=event["motion"])
    metadata = MotionMetadata.model_validate_json(written["Body"].read())
    assert (event["status"], metadata.video.uri) == ("complete", f"s3://uploads/{key}")


def test_s3s_own_notification_of_such_a_key_plans_the_same_run(
    application: LocalApplication, told: io.StringIO, credentials: None, tmp_path: Path
) -> None:
    key = "Füße + 100% 走る/" * 48 + "y" * 12 + ".mp4"
    clip = make_clip(tmp_path / "clip.mp4", frames=50)
    s3_client(application.s3_url).upload_file(str(clip), "uploads", key)
    event = ready_event(told, f"s3://uploads/{key}")
    notice = json.loads((CHECKOUT / "events" / "upload-notification.json").read_text())
    notice["Records"][0]["s3"]["bucket"]["name"] = "uploads"
    notice["Records"][0]["s3"]["object"]["key"] = quote_plus(key, safe="/")

    outcome = application.functions["PlanFunction"].invoke(notice)

    (planned,) = outcome.payload["uploads"]
    assert planned["outcome"] == "finished"
    assert event["motion"] == f"{planned['video_id']}/{planned['run_id']}/motion.json"


def test_what_is_no_video_becomes_metadata_that_says_so(
    application: LocalApplication, told: io.StringIO, credentials: None
) -> None:
    s3 = s3_client(application.s3_url)

    s3.put_object(Bucket="uploads", Key="notes.mp4", Body=b"not a video at all" * 100)

    event = ready_event(told, "s3://uploads/notes.mp4")
    assert event["status"] == "failed"
    assert event["reason"]
