"""The proxy passes on what S3's clients send, as they send it."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from flowtag.aws.clients import s3_client
from local_cloud.s3_events import Created
from local_cloud.s3_proxy import s3_proxy
from local_cloud.s3_server import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def told() -> list[Created]:
    return []


@pytest.fixture
def endpoint(s3: S3Server, told: list[Created]) -> Iterator[str]:
    with s3_proxy(0, s3.port, told.append) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def client(endpoint: str, bucket: str) -> S3Client:
    return s3_client(endpoint)


def test_a_large_object_goes_through_in_both_directions(
    client: S3Client, bucket: str, told: list[Created]
) -> None:
    content = os.urandom(40_000_000)

    client.put_object(Bucket=bucket, Key="large", Body=content)

    got = client.get_object(Bucket=bucket, Key="large")["Body"].read()
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
    assert [(each.key, each.size_bytes) for each in told] == [("large", 40_000_000)]


def test_ranges_heads_and_conditions_are_the_servers(
    client: S3Client, bucket: str, told: list[Created]
) -> None:
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")["ETag"]

    part = client.get_object(Bucket=bucket, Key="k", Range="bytes=2-4", IfMatch=etag)
    head = client.head_object(Bucket=bucket, Key="k")

    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert (head["ContentLength"], head["ETag"]) == (10, etag)
    with pytest.raises(client.exceptions.ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=bucket, Key="k", Body=b"", IfNoneMatch="*")
    assert [each.etag for each in told] == [etag.strip('"')]


def test_listings_and_deletions_go_through_and_are_not_told_of(
    client: S3Client, bucket: str, told: list[Created]
) -> None:
    client.put_object(Bucket=bucket, Key="a b+ü", Body=b"")

    keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]]
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": keys[0]}]})

    assert keys == ["a b+ü"]
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)
    assert len(told) == 1


def test_a_stream_of_unknown_length_goes_through(
    client: S3Client, bucket: str, told: list[Created]
) -> None:
    asked = {"Bucket": bucket, "Key": "streamed", "ContentType": "video/mp4"}
    url = client.generate_presigned_url("put_object", Params=asked)
    pieces = (bytes(100_000) for _ in range(10))

    request = urllib.request.Request(url, pieces, {"Content-Type": "video/mp4"}, method="PUT")
    with urllib.request.urlopen(request):
        pass

    assert client.head_object(Bucket=bucket, Key="streamed")["ContentLength"] == 1_000_000
    assert [(each.key, each.size_bytes) for each in told] == [("streamed", None)]


def test_links_work_and_expire_at_the_server(client: S3Client, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"shown")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})

    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"shown"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("/k?", "/other?"))
    assert refused.value.code == 403
    refused.value.close()


def test_a_form_upload_is_told_of(client: S3Client, bucket: str, told: list[Created]) -> None:
    post = client.generate_presigned_post(bucket, "from a form/${filename}")
    boundary = uuid.uuid4().hex
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in post["fields"].items()
    )
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a b.mp4"\r\n\r\n'
    )
    body = (fields + file + "a clip" + f"\r\n--{boundary}--\r\n").encode()

    request = urllib.request.Request(
        post["url"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )
    with urllib.request.urlopen(request):
        pass

    assert [(each.key, each.reason) for each in told] == [("from a form/a b.mp4", "POST Object")]
