"""What the template tells the functions is what they ask for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flowtag.aws.environment import (
    ApiEnvironment,
    FailEnvironment,
    LambdaWorkerEnvironment,
    NoticeEnvironment,
    PlanEnvironment,
    ReconcileEnvironment,
    read_environment,
)
from flowtag.frozen_model import Model
from tests.cloud.template import COMPUTES, ROOT, Stack, read_template, render

ASKED: dict[str, type[Model]] = {
    "ApiFunction": ApiEnvironment,
    "PlanFunction": PlanEnvironment,
    "CompleteFunction": NoticeEnvironment,
    "FailFunction": FailEnvironment,
    "ReconcileFunction": ReconcileEnvironment,
}


def variables_of(stack: Stack, function: str) -> dict[str, str]:
    """The environment of a function, those of all functions included."""
    shared = read_template()["Globals"]["Function"]["Environment"]["Variables"]
    named = {"OUTPUT_BUCKET": "OutputBucket", "OUTPUT_PREFIX": ""}
    own: dict[str, Any] = stack.properties(function)["Environment"]["Variables"]
    assert set(named) <= set(shared)
    return named | {name: str(value) for name, value in own.items()}


@pytest.mark.parametrize("function", sorted(ASKED))
@pytest.mark.parametrize("compute", sorted(COMPUTES))
def test_a_function_understands_its_environment(compute: str, function: str) -> None:
    limits = {"MaxDurationSeconds": "7200", "MaxCostPerVideo": "2.50"}
    variables = variables_of(render(**COMPUTES[compute], **limits), function)

    read = read_environment(ASKED[function], variables)

    assert read.model_dump()["output_bucket"] == "OutputBucket"


@pytest.mark.parametrize("function", sorted(ASKED))
def test_a_function_is_told_all_that_it_asks_for(function: str) -> None:
    asked = {name.upper() for name in ASKED[function].model_fields}

    missing = asked - set(variables_of(render(), function))

    # The length of a chunk follows from its work.
    assert missing <= {"CHUNK_SECONDS"}


@pytest.mark.parametrize("compute", sorted(COMPUTES))
def test_the_way_to_the_workers_is_told_for_the_chosen_compute_alone(compute: str) -> None:
    ways = {
        "lambda": "CHUNK_QUEUE_URL",
        "batch": "BATCH_JOB_QUEUE",
        "sagemaker": "SAGEMAKER_ENDPOINT",
    }

    variables = variables_of(render(**COMPUTES[compute]), "PlanFunction")

    assert {way for way, name in ways.items() if variables[name]} == {compute}


def test_the_worker_is_told_all_that_it_asks_for() -> None:
    variables = variables_of(render(), "WorkerFunction")

    assert read_environment(LambdaWorkerEnvironment, variables).chunk_queue_url == "ChunkQueue"


def test_metrics_that_alarms_watch_are_emitted() -> None:
    watched = {
        (metric["MetricName"], dimension["Value"])
        for alarm in render().of_type("AWS::CloudWatch::Alarm").values()
        for metric in [alarm, *(m.get("MetricStat", {}).get("Metric", {}) for m in _math(alarm))]
        if metric.get("Namespace") == "flowtag"
        for dimension in metric["Dimensions"]
    }

    for name, service in watched:
        folder = ROOT / ("gpu_worker" if service == "worker" else f"functions/{service}")
        source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
        assert re.search(rf'add_metric\("{name}"', source)
        # The api's name is in its environment alone.
        assert service == "api" or f'Metrics(namespace="flowtag", service="{service}")' in source
    assert len(watched) == 6


def _math(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = alarm.get("Metrics", [])
    return found
