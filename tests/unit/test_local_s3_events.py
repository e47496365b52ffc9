"""Which requests create objects, and the event that AWS documents for them."""

from __future__ import annotations

import pytest

from local_cloud.s3_events import Created, created, kind_of_write, object_created

FORM = {"content-type": "multipart/form-data; boundary=x"}
COPY = {"x-amz-copy-source": "/other/key"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "kind"),
    [
        ("PUT", "/b/k", {}, "PutObject"),
        ("PUT", "/b/a/b%20c", {}, "PutObject"),
        ("PUT", "/b/k?x-id=PutObject", {}, "PutObject"),
        ("PUT", "/b/k?X-Amz-Signature=1&X-Amz-Date=2", {}, "PutObject"),
        ("PUT", "/b/k?AWSAccessKeyId=1&Signature=2&Expires=3&content-type=v%2Fm", {}, "PutObject"),
        ("PUT", "/b/k", COPY, "CopyObject"),
        ("POST", "/b/k?uploadId=1", {}, "CompleteMultipartUpload"),
        ("POST", "/b", FORM, "POST Object"),
        ("POST", "/b/", FORM, "POST Object"),
        ("PUT", "/b", {}, None),
        ("PUT", "/b/k?partNumber=1&uploadId=1", {}, None),
        ("PUT", "/b/k?partNumber=1&uploadId=1", COPY, None),
        ("PUT", "/b/k?tagging", {}, None),
        ("PUT", "/b/k?acl=", {}, None),
        ("PUT", "/b?versioning", {}, None),
        ("POST", "/b/k?uploads", {}, None),
        ("POST", "/b?delete", {}, None),
        ("DELETE", "/b/k", {}, None),
        ("GET", "/b/k", {}, None),
    ],
)
def test_requests_that_create_objects_are_known(
    method: str, path: str, headers: dict[str, str], kind: str | None
) -> None:
    assert kind_of_write(method, path, headers) == kind


def test_a_key_is_told_decoded_and_a_plus_is_a_plus() -> None:
    what = created("PutObject", "/b/a%20b+c%2Bd", {"content-length": "3"}, {"etag": '"e"'}, b"")

    assert what == Created("b", "a b+c+d", "e", None, 3, "PutObject")


def test_the_length_of_a_signed_stream_is_that_of_its_content() -> None:
    asked = {"content-length": "180", "x-amz-decoded-content-length": "5"}

    what = created("PutObject", "/b/k", asked, {"etag": '"e"', "x-amz-version-id": "v"}, b"")

    assert what == Created("b", "k", "e", "v", 5, "PutObject")


def test_a_copy_is_told_by_what_the_answer_says() -> None:
    body = (
        b'<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<ETag>&#34;e&#34;</ETag></CopyObjectResult>"
    )

    what = created("CopyObject", "/b/k", {"content-length": "0"}, {}, body)

    assert what == Created("b", "k", "e", None, None, "CopyObject")


def test_an_upload_that_failed_after_all_is_not_told_of() -> None:
    body = b"<Error><Code>InternalError</Code></Error>"

    assert created("CompleteMultipartUpload", "/b/k?uploadId=1", {}, {}, body) is None


def test_the_event_has_the_documented_shape() -> None:
    what = Created("amzn-s3-demo-bucket1", "example-key", "b1946ac9", "IYV3", 5, "PutObject")

    event = object_created(what, lambda _: 0)

    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    assert set(event) == {
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    }
    assert event["detail-type"] == "Object Created"
    assert event["source"] == "aws.s3"
    assert event["resources"] == ["arn:aws:s3:::amzn-s3-demo-bucket1"]
    detail = event["detail"]
    assert set(detail) == {
        "version",
        "bucket",
        "object",
        "request-id",
        "requester",
        "source-ip-address",
        "reason",
    }
    assert detail["object"] | {"sequencer": ""} == {
        "key": "example-key",
        "size": 5,
        "etag": "b1946ac9",
        "version-id": "IYV3",
        "sequencer": "",
    }


def test_sequencers_of_one_length_grow() -> None:
    what = Created("b", "k", "e", None, 1, "PutObject")

    told = [object_created(what, lambda _: 0)["detail"]["object"]["sequencer"] for _ in range(50)]

    assert told == sorted(set(told)) and len({len(each) for each in told}) == 1
