"""Places in buckets, as worker processes get them."""

from __future__ import annotations

import pickle

import pytest
from mypy_boto3_s3 import S3Client

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_places import S3Access, S3SourcePlace, S3StorePlace
from local_cloud.s3_server import S3Server


@pytest.fixture
def client(s3: S3Server, credentials: None) -> S3Client:
    return s3_client(s3.endpoint_url)


def test_a_client_is_made_once_in_a_process(s3: S3Server, credentials: None) -> None:
    access = S3Access(s3.endpoint_url)

    assert access.client() is S3Access(s3.endpoint_url).client()
    assert access.client() is not S3Access(s3.endpoint_url, "us-east-1").client()


def test_a_place_keeps_what_was_found_apart_from_what_stands_there_now(
    s3: S3Server, client: S3Client, bucket: str
) -> None:
    client.put_object(Bucket=bucket, Key="a.mp4", Body=b"first")
    place = S3SourcePlace(f"s3://{bucket}/a.mp4", S3Access(s3.endpoint_url))
    first = place.find()
    client.put_object(Bucket=bucket, Key="a.mp4", Body=b"second")

    second = place.find()

    assert first.source.content_id != second.source.content_id
    assert first.order != second.order
    with place.media(second.source).open("rb") as file:
        assert file.read() == b"second"


def test_places_are_sent_to_other_processes_after_they_were_used(
    s3: S3Server, client: S3Client, bucket: str
) -> None:
    access = S3Access(s3.endpoint_url)
    client.put_object(Bucket=bucket, Key="a.mp4", Body=b"content")
    source = S3SourcePlace(f"s3://{bucket}/a.mp4", access)
    results = S3StorePlace.at(f"s3://{bucket}/tags", access)
    found = source.find()
    results.open().put("a/b.json", b"{}")

    sent_source, sent_results = pickle.loads(pickle.dumps((source, results)))

    assert sent_source.find() == found
    assert sent_results.open().get("a/b.json") == b"{}"
    assert sent_results.address("a/b.json") == f"s3://{bucket}/tags/a/b.json"


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [("s3://b", ""), ("s3://b/", ""), ("s3://b/a b", "a b/"), ("s3://b/x/y/", "x/y/")],
)
def test_results_may_be_named_with_or_without_a_slash(uri: str, prefix: str) -> None:
    place = S3StorePlace.at(uri, S3Access())
    assert (place.bucket, place.prefix) == ("b", prefix)
