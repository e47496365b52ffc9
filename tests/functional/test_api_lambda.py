"""The API's function as Lambda runs it: a process of its own, under the runtime emulator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY
from tests.functional.shelf import Shelf, answered, fetched, posted, problem
from tests.services.api_events import SAMPLE, api_event
from tests.services.lambda_runtime import LambdaFunction, lambda_function

ROOT = Path(__file__).parents[2]
FUNCTION = ROOT / "functions" / "api"


@pytest.fixture
def function(tmp_path: Path, api_environment: dict[str, str]) -> Iterator[LambdaFunction]:
    credentials = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with lambda_function(
        FUNCTION,
        "app.lambda_handler",
        api_environment | credentials,
        log_file=tmp_path / "log",
        name="ApiFunction",
        timeout_seconds=29,
    ) as running:
        yield running


def test_the_sample_event_lists_videos(function: LambdaFunction, shelf: Shelf) -> None:
    shelf.put("rushes/still.mov", 1, level="static")
    for minute in (2, 3, 4):
        shelf.put(f"rushes/{minute}.mov", minute)

    told = answered(function.invoke(json.loads(SAMPLE.read_text(encoding="utf-8"))))

    assert [video["name"] for video in told["videos"]] == ["4.mov", "3.mov"]
    assert told["cursor"] is not None


def test_links_and_forms_work(function: LambdaFunction, shelf: Shelf) -> None:
    asked = {"name": "film.mov", "size_bytes": 4, "content_type": "video/mp4"}
    form = answered(function.invoke(api_event("POST", "/uploads", body=asked)))
    keys = shelf.put(form["key"])

    assert posted(form["url"], form["fields"], b"film") == 204
    video = answered(function.invoke(api_event("GET", f"/videos/{keys.video_id}")))
    assert fetched(video["source_url"]) == (200, b"film")


def test_the_longest_metadata_fits_an_answer(function: LambdaFunction, shelf: Shelf) -> None:
    keys = shelf.put("rushes/long.mov")
    text = '{"é":"' + "é" * 915_000 + '"}'
    shelf.store.put(keys.motion, text.encode())

    response = function.invoke(api_event("GET", f"/videos/{keys.video_id}/motion"))

    assert response["statusCode"] == 200
    assert response["body"] == text


def test_a_refusal_is_an_answer_and_no_error(function: LambdaFunction) -> None:
    assert problem(function.invoke(api_event("GET", "/videos/..")))["status"] == 422


def test_each_request_leaves_its_id_and_its_metric_in_the_log(
    function: LambdaFunction, shelf: Shelf
) -> None:
    shelf.store.put("catalog/catalog.json", b"{")

    response = function.invoke(api_event("GET", "/videos"))

    assert problem(response)["status"] == 500
    lines = function.json_lines()
    (failure,) = [line for line in lines if line.get("level") == "ERROR"]
    assert failure["correlation_id"] == "JKJaXmPLvHcESHA="
    assert "ContractError" in failure["exception"]
    (metrics,) = [line for line in lines if "_aws" in line]
    assert (metrics["ApiRequests"], metrics["ApiFailures"]) == ([1.0], [1.0])
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "flowtag"


def test_it_starts_without_what_only_workers_need() -> None:
    listing = "import sys, functions.api.app; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()

    assert {"numpy", "av", "cv2", "pyarrow", "click"} & set(loaded) == set()
