"""The application's functions under Lambda's own emulator, beside real servers."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cloud.template import ROOT
from tests.services.lambda_runtime import LambdaFunction, lambda_function


@contextlib.contextmanager
def deployed(
    name: str, variables: Mapping[str, str], log_file: Path, *, is_worker: bool = False
) -> Iterator[LambdaFunction]:
    """Runs a function with the caller's credentials and endpoints of AWS.

    Args:
        name: such as ``fail``.
        variables: what the template would tell it.
        log_file: where its output goes.
        is_worker: it is the worker, whose code lies elsewhere.
    """
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    powertools = {"POWERTOOLS_TRACE_DISABLED": "true", "POWERTOOLS_METRICS_NAMESPACE": "flowtag"}
    folder = ROOT if is_worker else ROOT / "functions" / name
    handler = "gpu_worker.lambda_host.lambda_handler" if is_worker else "app.lambda_handler"
    environment = {**aws, **powertools, **variables}
    with lambda_function(folder, handler, environment, log_file=log_file) as function:
        yield function


def sample(name: str) -> Any:
    """One of the sample events."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text(encoding="utf-8"))


def messages(name: str, bodies: Sequence[str]) -> dict[str, Any]:
    """A sample event of a queue, with a message for each body; ids are ``message-0`` and on."""
    (first, *_) = sample(name)["Records"]
    records = [
        {**first, "messageId": f"message-{i}", "body": body} for i, body in enumerate(bodies)
    ]
    return {"Records": records}


def returned(response: Mapping[str, Any]) -> list[str]:
    """The ids of the messages that a function wants to see again."""
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def logged(function: LambdaFunction) -> list[dict[str, Any]]:
    """The lines of a function's log."""
    lines = function.json_lines()
    return [line for line in lines if "level" in line and "message" in line]


def measured(lines: Sequence[Mapping[str, Any]], name: str) -> list[tuple[set[str], float]]:
    """What was emitted of a metric: the names of its dimensions, and its sum."""
    found = []
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            if name in {metric["Name"] for metric in directive["Metrics"]}:
                (dimensions,) = directive["Dimensions"]
                values = line[name]
                total = sum(values) if isinstance(values, list) else values
                found.append((set(dimensions), total))
    return found
