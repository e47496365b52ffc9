"""What the plan function logs of several uploads in one event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowtag.aws.clients import s3_client, sqs_client
from local_cloud.s3_server import S3Server
from tests.functional.function_hosts import deployed, logged, sample
from tests.functional.worker_hosts import make_film
from tests.services.aws_server import aws_server


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with aws_server() as endpoint_url:
        yield endpoint_url


def notification(bucket: str, *keys: str) -> dict[str, Any]:
    """S3's own notice of several uploads."""
    (record,) = sample("upload-notification")["Records"]
    records = []
    for key in keys:
        placed = {**record["s3"]["object"], "key": key}
        s3 = {**record["s3"], "bucket": {**record["s3"]["bucket"], "name": bucket}}
        records.append({**record, "s3": {**s3, "object": placed}})
    return {"Records": records}


def test_a_line_about_an_upload_names_no_run_of_the_one_before(
    s3: S3Server, aws: str, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    s3_client().upload_file(str(make_film(tmp_path)), bucket, "in/Take 2.mp4")
    queue = sqs_client().create_queue(QueueName=bucket)["QueueUrl"]
    variables = {
        "OUTPUT_BUCKET": bucket,
        "CHUNK_QUEUE_URL": queue,
        "SOURCE_SUFFIXES": ".mp4",
    }

    with deployed("plan", variables, tmp_path / "log") as plan:
        answer = plan.invoke(notification(bucket, "in/Take+2.mp4", "in/notes.txt"))
        planned, ignored = [line for line in logged(plan) if "source" in line]

    assert [upload["outcome"] for upload in answer["uploads"]] == ["dispatched", "ignored"]
    assert planned["run_id"] == answer["uploads"][0]["run_id"]
    assert ignored["source"] == f"s3://{bucket}/in/notes.txt"
    assert not {"run_id", "video_id"} & set(ignored)
