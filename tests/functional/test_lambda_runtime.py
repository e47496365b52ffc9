"""The functions' tests stand on the emulator: what it says of a function is what happened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_cloud.emulator import emulator_binary
from tests.services.lambda_runtime import (
    FunctionError,
    FunctionTimeoutError,
    LambdaFunction,
    lambda_function,
)

_APP = """\
import json, os, time

def lambda_handler(event, context):
    print(json.dumps({"message": "asked"}))
    if "exit" in event:
        os._exit(event["exit"])
    if "raise" in event:
        raise KeyError(event["raise"])
    time.sleep(event.get("sleep", 0))
    return {"event": event, "process": os.getpid(), "colour": os.environ["COLOUR"],
            "key": os.environ.get("AWS_PROFILE"), "name": context.function_name}
"""


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LambdaFunction]:
    monkeypatch.setenv("AWS_PROFILE", "whoever runs the tests")
    (tmp_path / "app.py").write_text(_APP)
    environment = {"COLOUR": "red"}
    with lambda_function(
        tmp_path,
        "app.lambda_handler",
        environment,
        log_file=tmp_path / "log",
        name="Painter",
        timeout_seconds=2,
    ) as running:
        yield running


def test_an_event_goes_in_and_an_answer_comes_out(function: LambdaFunction) -> None:
    answer = function.invoke({"text": "ü"})

    assert answer["event"] == {"text": "ü"}
    assert (answer["colour"], answer["name"]) == ("red", "Painter")


def test_the_callers_own_credentials_stay_outside(function: LambdaFunction) -> None:
    assert function.invoke({})["key"] is None


def test_a_function_that_raises_is_an_error_and_serves_on(function: LambdaFunction) -> None:
    with pytest.raises(FunctionError, match="KeyError: 'boo'") as caught:
        function.invoke({"raise": "boo"})

    assert (caught.value.kind, caught.value.message) == ("KeyError", "'boo'")
    assert function.invoke({"again": 1})["event"] == {"again": 1}


def test_a_process_that_dies_is_an_error_and_is_replaced(function: LambdaFunction) -> None:
    first = function.invoke({})["process"]
    with pytest.raises(FunctionError, match="exit status 3"):
        function.invoke({"exit": 3})

    assert function.invoke({})["process"] != first


def test_a_function_past_its_limit_is_killed(function: LambdaFunction) -> None:
    with pytest.raises(FunctionTimeoutError):
        function.invoke({"sleep": 30})


def test_many_callers_are_served_one_after_another(function: LambdaFunction) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: function.invoke({"n": i, "sleep": 0.01}), range(24)))

    assert [answer["event"]["n"] for answer in answers] == list(range(24))


def test_what_the_function_wrote_is_kept(function: LambdaFunction) -> None:
    function.invoke({})

    assert {"message": "asked"} in function.json_lines()


def test_nothing_runs_on_afterwards(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(_APP)
    log = tmp_path / "log"
    with lambda_function(
        tmp_path, "app.lambda_handler", {"COLOUR": "red"}, log_file=log
    ) as running:
        process = running.invoke({})["process"]

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_missing_emulator_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.prefix", str(tmp_path))

    with pytest.raises(FileNotFoundError, match="make local"):
        emulator_binary()
