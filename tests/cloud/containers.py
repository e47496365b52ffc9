"""Images that tests need, where Docker runs."""

from __future__ import annotations

import os
from functools import cache

import pytest

from local_cloud.docker import docker, docker_runs
from tests.cloud.template import ROOT

BASE = os.environ.get("FLOWTAG_TEST_BASE", "python:3.13-slim")


def need_image(name: str) -> None:
    """Skips the test, and says why, unless Docker runs and has an image."""
    if not docker_runs():
        pytest.skip("Docker does not run here: nothing was tried in a container")
    if docker("image", "inspect", name).returncode:
        pytest.skip(f"the image {name} is not here: nothing was tried in it")


@cache
def worker_image() -> str:
    """The worker's image on the base that FLOWTAG_TEST_BASE names, by default python:3.13-slim.

    Skips the test where that is not to be had.
    """
    need_image(BASE)
    built = docker(
        "build", "--network", "host", "--build-arg", f"BASE={BASE}", "--tag", "flowtag-worker:test",
        "--file", str(ROOT / "gpu_worker/Dockerfile"), str(ROOT),
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return "flowtag-worker:test"
