"""The worker's image: one start for three hosts, no root, and an end when asked.

The image itself is built where Docker runs and has the base that FLOWTAG_TEST_BASE names, by
default python:3.13-slim; elsewhere those tests are skipped and say so.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.docker import docker
from tests.cloud.containers import worker_image
from tests.cloud.template import ROOT

START = ROOT / "gpu_worker/start.sh"
# As on Batch: nothing can be written but a small /tmp.
BOUNDED = ["--read-only", "--tmpfs", "/tmp:size=64m"]


@pytest.mark.parametrize(
    ("given", "started"),
    [
        (["gpu_worker.lambda_host.lambda_handler"], "-m awslambdaric {given}"),
        (["serve"], "-m gpu_worker.sagemaker_host"),
        (["python3", "-m", "gpu_worker.batch_host"], "-m gpu_worker.batch_host"),
    ],
)
def test_each_host_starts_its_own_entry_point(
    given: list[str], started: str, tmp_path: Path
) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\necho "$$ $@"\n', encoding="utf-8")
    python.chmod(0o755)

    process = subprocess.Popen(
        ["/bin/sh", START, *given],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    printed, _ = process.communicate(timeout=10)

    # The same process: a signal for the container reaches Python itself.
    assert printed.strip() == f"{process.pid} {started.format(given=given[0])}"


@pytest.fixture(scope="module")
def image() -> str:
    """The image, built on the base that is here."""
    return worker_image()


@pytest.fixture
def served(image: str) -> Iterator[str]:
    """A container that was started as SageMaker starts it."""
    variables = ["OUTPUT_BUCKET=results", "AWS_DEFAULT_REGION=eu-west-1"]
    options = [word for each in variables for word in ("--env", each)]
    started = docker("run", "--detach", *BOUNDED, *options, image, "serve")
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    yield container
    docker("rm", "--force", container)


def test_it_runs_as_no_root(image: str) -> None:
    assert docker("run", "--rm", *BOUNDED, image, "id", "-u").stdout.strip() == "1000"


@pytest.mark.parametrize("host", ["lambda_host", "batch_host", "sagemaker_host"])
def test_it_holds_all_that_a_host_imports(image: str, host: str) -> None:
    command = ["python3", "-c", f"import gpu_worker.{host}, flowtag.chunk_analysis, cv2, av"]

    done = docker("run", "--rm", *BOUNDED, "--env", "OUTPUT_BUCKET=results", image, *command)

    assert done.returncode == 0, done.stderr


def test_it_answers_sagemaker_and_ends_when_asked(served: str) -> None:
    ping = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/ping').status)"
    until = time.monotonic() + 30
    while (answer := docker("exec", served, "python3", "-c", ping)).returncode:
        assert time.monotonic() < until, answer.stderr
        time.sleep(0.2)

    docker("stop", "--time", "30", served)

    assert answer.stdout.strip() == "200"
    status = docker("inspect", "--format", "{{.State.ExitCode}}", served).stdout.strip()
    assert status != "137"
