"""Fixtures of the tests of the API, of the other functions, and of what is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from local_cloud.s3_server import S3Server
from tests.cloud.template import COMPUTES, Stack, render
from tests.functional.deployed import Deployed, deploy
from tests.functional.shelf import Ask, Shelf, context
from tests.functional.store_places import BucketPrefixes, Folders, Place
from tests.media.movies import Movie, write_movie
from tests.services.api_events import api_event
from tests.services.aws_server import aws_server


@pytest.fixture(params=sorted(COMPUTES))
def stack(request: pytest.FixtureRequest) -> Stack:
    """What is deployed, for each way to compute."""
    return render(**COMPUTES[request.param])


@pytest.fixture
def shelf(s3: S3Server, bucket: str) -> Shelf:
    """Where the API finds videos, with a bucket of uploads beside it, all empty."""
    uploads, client = f"{bucket}-uploads", s3_client(s3.endpoint_url)
    client.create_bucket(
        Bucket=uploads, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return Shelf(S3Store(client, bucket, "motion/"), uploads)


@pytest.fixture
def api_environment(s3: S3Server, shelf: Shelf) -> dict[str, str]:
    """What the template would tell the API's function."""
    return {
        "AWS_ENDPOINT_URL_S3": s3.endpoint_url,
        "OUTPUT_BUCKET": shelf.store.bucket,
        "OUTPUT_PREFIX": shelf.store.prefix,
        "UPLOAD_BUCKET": shelf.uploads,
        "UPLOAD_PREFIX": "rushes/",
        "SOURCE_SUFFIXES": ".mov,.mp4",
        "MAX_UPLOAD_BYTES": "1000",
        "LINK_SECONDS": "60",
        "POWERTOOLS_METRICS_NAMESPACE": "flowtag",
        "POWERTOOLS_SERVICE_NAME": "api",
    }


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, api_environment: dict[str, str]) -> Iterator[Ask]:
    """Asks the API's handler, in this process."""
    from functions.api import app

    for name, value in api_environment.items():
        monkeypatch.setenv(name, value)
    # Read once, when the function starts.
    monkeypatch.setattr(app.metrics, "namespace", "flowtag")
    app._library.cache_clear()
    yield lambda *parts, **more: app.lambda_handler(api_event(*parts, **more), context())
    app._library.cache_clear()


@pytest.fixture(scope="session")
def aws_services() -> Iterator[str]:
    """The endpoint of those services of AWS that no real server stands in for."""
    with aws_server() as endpoint_url:
        yield endpoint_url


@pytest.fixture(scope="session")
def rushes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of six seconds with a key frame in each: three chunks of two seconds."""
    movie = Movie(count=150, size=(160, 90), options={"g": "25"})
    return write_movie(tmp_path_factory.mktemp("rushes") / "film.mp4", movie)


@pytest.fixture
def deployed(
    s3: S3Server, aws_services: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> Deployed:
    """Plan, complete and reconcile with empty buckets and queues."""
    return deploy(s3, aws_services, bucket, monkeypatch)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    """Room for stores: on disk, and in a bucket of a real S3 server."""
    if request.param == "folder":
        root: Path = request.getfixturevalue("tmp_path")
        return Folders(root / "stores")
    server: S3Server = request.getfixturevalue("s3")
    return BucketPrefixes(server.endpoint_url, request.getfixturevalue("bucket"))
