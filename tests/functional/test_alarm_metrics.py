"""Functions whose store fails say so in the metric that their deployment's alarm watches.

They answer as they should, with a status or with the messages to send again; neither is an error
to Lambda, so that nothing else would roll a bad version back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from tests.cloud.template import ROOT, render
from tests.services.lambda_runtime import LambdaFunction, lambda_function

CODE = {
    "api": (ROOT / "functions/api", "app.lambda_handler"),
    "complete": (ROOT / "functions/complete", "app.lambda_handler"),
    "fail": (ROOT / "functions/fail", "app.lambda_handler"),
    "worker": (ROOT, "gpu_worker.lambda_host.lambda_handler"),
}


@pytest.fixture
def function(
    request: pytest.FixtureRequest, s3: S3Server, tmp_path: Path
) -> Iterator[LambdaFunction]:
    """A function whose output bucket is not there."""
    folder, handler = CODE[request.param]
    environment = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_S3": s3.endpoint_url,
        "OUTPUT_BUCKET": "no-such-bucket",
        "UPLOAD_BUCKET": "no-such-bucket-either",
        "CHUNK_QUEUE_URL": f"{s3.endpoint_url}/no-such-queue",
        "CHUNK_MOST_RECEIVES": "6",
        "POWERTOOLS_METRICS_NAMESPACE": "flowtag",
        "POWERTOOLS_SERVICE_NAME": request.param,
        "POWERTOOLS_TRACE_DISABLED": "true",
        "PYTHONPATH": str(ROOT),
    }
    with lambda_function(folder, handler, environment, log_file=tmp_path / "log") as running:
        yield running


@pytest.mark.parametrize(
    ("function", "event", "metric", "answered"),
    [
        ("api", "api.json", "ApiFailures", "statusCode"),
        ("complete", "chunks.json", "CompletionsFailed", "batchItemFailures"),
        ("fail", "dead-letter.json", "RecordingsFailed", "batchItemFailures"),
        ("worker", "chunk-task.json", "ChunksReturned", "batchItemFailures"),
    ],
    indirect=["function"],
)
def test_a_failure_that_lambda_does_not_count_is_counted(
    function: LambdaFunction, event: str, metric: str, answered: str
) -> None:
    answer = function.invoke(json.loads((ROOT / "events" / event).read_text(encoding="utf-8")))

    assert answer[answered]
    (line,) = [line for line in function.json_lines() if "_aws" in line and metric in line]
    (emitted,) = line["_aws"]["CloudWatchMetrics"]
    alarm = alarm_on(metric)
    assert sum(line[metric]) >= 1
    assert emitted["Namespace"] == alarm["Namespace"]
    assert emitted["Dimensions"] == [[each["Name"] for each in alarm["Dimensions"]]]
    assert {each["Name"]: line[each["Name"]] for each in alarm["Dimensions"]} == {
        each["Name"]: each["Value"] for each in alarm["Dimensions"]
    }


def alarm_on(metric: str) -> dict[str, Any]:
    """The properties of the one alarm that watches a metric."""
    alarms = render().of_type("AWS::CloudWatch::Alarm").values()
    (alarm,) = [each for each in alarms if each.get("MetricName") == metric]
    return alarm
