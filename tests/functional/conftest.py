"""Fixtures of the tests of the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from local_cloud.s3_server import S3Server
from tests.functional.shelf import Ask, Shelf, context
from tests.services.api_events import api_event


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
