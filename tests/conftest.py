"""Fixtures that all tests may ask for."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from flowtag.aws.clients import s3_client
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, s3_server
from tests.rendering import Clip, RenderedClip, render_clip

# How long an example takes says how busy the machine is, and nothing about the code.
hypothesis.settings.register_profile("flowtag", deadline=None)
hypothesis.settings.load_profile("flowtag")


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], RenderedClip]:
    """Renders a clip once for all tests of this worker."""
    folder: Path = tmp_path_factory.mktemp("renders")
    return lambda clip: render_clip(clip, folder)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server for all tests of this worker."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller of AWS is the S3 server's user, whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def bucket(s3: S3Server, credentials: None) -> str:
    """A bucket that is empty."""
    name = f"bucket-{secrets.token_hex(8)}"
    s3_client(s3.endpoint_url).create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return name
