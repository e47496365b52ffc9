from __future__ import annotations

import re

import pytest

from local_cloud.sam_local import declaring, failed, main, variables_for
from tests.cloud.template import ROOT, read_template


def test_a_copy_of_the_template_declares_what_is_to_be_set() -> None:
    written = {"Globals": {"Function": {"Timeout": 3, "Environment": {"Variables": {"A": "x"}}}}}

    changed = declaring(written, {"A": "1", "B": "2"})

    function = {"Timeout": 3, "Environment": {"Variables": {"A": "x", "B": ""}}}
    assert changed == {"Globals": {"Function": function}}


@pytest.mark.parametrize(
    ("output", "is_failure"),
    [
        ('{"uploads": []}', False),
        ("START\n{}\n", False),
        ("null", False),
        ("", False),
        ('{"errorMessage": "no", "errorType": "ValueError"}', True),
        ("Task timed out after 3.00 seconds", True),
        ('{"batchItemFailures": []}', False),
        ('{"batchItemFailures": [{"itemIdentifier": "a"}]}', True),
    ],
)
def test_failures_are_read_from_what_sam_prints(output: str, is_failure: bool) -> None:
    assert failed(output) is is_failure


def test_functions_are_told_where_the_local_cloud_is() -> None:
    variables = variables_for(9500)

    assert variables["AWS_ENDPOINT_URL_S3"] == "http://flowtag.localhost:9500"
    assert variables["CHUNK_QUEUE_URL"].startswith("http://flowtag.localhost:9501/")


def test_without_an_engine_of_docker_it_skips_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The command alone may well be there.
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

    status = main(["PlanFunction", "events/upload.json"])

    assert status == 0
    assert capsys.readouterr().err.startswith("skipped: Docker does not run here")


def test_every_function_can_be_invoked_by_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    invoked = dict(re.findall(r"\$\(INVOKE\).* (\w+Function) (events/\S+)", makefile))

    functions = {
        name
        for name, resource in read_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert set(invoked) == functions
    assert all((ROOT / event).exists() for event in invoked.values())
