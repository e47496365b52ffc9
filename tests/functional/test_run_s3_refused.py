"""Commands on buckets that cannot be carried out: each is told in one line that helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from flowtag.aws.clients import s3_client
from local_cloud.s3_server import READER, STRANGER, S3Server
from tests.functional.command import Ran, make_clip, run_flowtag

_NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def client(s3: S3Server, credentials: None) -> S3Client:
    return s3_client(s3.endpoint_url)


@pytest.fixture
def run(s3: S3Server, credentials: None) -> Callable[..., Ran]:
    return lambda *words: run_flowtag("run", *words, "--endpoint-url", s3.endpoint_url)


def _assert_refused(ran: Ran, *said: str) -> None:
    """Status 2, and one line that names what is wrong."""
    assert (ran.status, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    for word in ("Error: ", *said):
        assert word in line


def test_a_missing_key_is_told(run: Callable[..., Ran], bucket: str) -> None:
    uri = f"s3://{bucket}/missing.mp4"
    _assert_refused(run(uri, "--out", f"s3://{bucket}/tags"), f"{uri} does not exist")


@pytest.mark.parametrize("key", ["a.mp4", "folder/", ""])
def test_a_missing_bucket_of_videos_is_told(run: Callable[..., Ran], bucket: str, key: str) -> None:
    uri = f"s3://no-such-{bucket}/{key}"
    _assert_refused(run(uri, "--out", f"s3://{bucket}/tags"), uri, "bucket", "check the")


def test_a_missing_bucket_for_results_is_told(
    run: Callable[..., Ran], client: S3Client, bucket: str
) -> None:
    client.put_object(Bucket=bucket, Key="a.mp4", Body=b"")
    out = f"s3://no-such-{bucket}/tags"
    _assert_refused(run(f"s3://{bucket}/a.mp4", "--out", out), f"--out {out}", "check the bucket")


def test_a_prefix_without_videos_is_told(
    run: Callable[..., Ran], client: S3Client, bucket: str
) -> None:
    client.put_object(Bucket=bucket, Key="in/notes.txt", Body=b"")
    for prefix, said in (("in/", "no video found in"), ("on/", "there is nothing under")):
        uri = f"s3://{bucket}/{prefix}"
        _assert_refused(run(uri, "--out", f"s3://{bucket}/tags"), said, uri)


def test_an_endpoint_that_is_away_is_told(credentials: None) -> None:
    words = ("run", "s3://films/a.mp4", "--out", "s3://films/tags")
    ran = run_flowtag(*words, "--endpoint-url", _NOBODY_LISTENS)
    _assert_refused(ran, "s3://films/a.mp4", _NOBODY_LISTENS, "check the network and the address")


def test_an_endpoint_that_is_no_address_is_told(credentials: None) -> None:
    ran = run_flowtag(
        "run", "s3://films/a.mp4", "--out", "s3://films/tags", "--endpoint-url", "here"
    )
    _assert_refused(ran, "Invalid endpoint: here")


def test_a_profile_that_is_not_there_is_told(
    credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    _assert_refused(run_flowtag("run", "s3://films/", "--out", "s3://films/tags"), "nobody")


@pytest.mark.parametrize("key", ["a.mp4", "folder/"])
def test_no_credentials_are_told(
    run: Callable[..., Ran], bucket: str, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    uri = f"s3://{bucket}/{key}"
    said = (uri, "no AWS credentials", "AWS_PROFILE")
    _assert_refused(run(uri, "--out", f"s3://{bucket}/tags"), *said)


@pytest.mark.parametrize("key", ["a.mp4", "folder/"])
def test_wrong_credentials_are_told(
    run: Callable[..., Ran], bucket: str, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    uri = f"s3://{bucket}/{key}"
    _assert_refused(run(uri, "--out", f"s3://{bucket}/tags"), uri, "the credentials in use")


def _become(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", name)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{name}-secret")


@pytest.mark.parametrize(("key", "needed"), [("a.mp4", "s3:GetObject"), ("in/", "s3:ListBucket")])
def test_who_may_not_read_videos_is_told_what_it_takes(
    run: Callable[..., Ran],
    client: S3Client,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    needed: str,
) -> None:
    client.put_object(Bucket=bucket, Key="a.mp4", Body=b"")
    _become(STRANGER, monkeypatch)
    uri = f"s3://{bucket}/{key}"
    _assert_refused(run(uri, "--out", f"s3://{bucket}/tags"), uri, needed)


def test_who_may_not_write_results_is_told_what_it_takes(
    run: Callable[..., Ran],
    client: S3Client,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.upload_file(str(make_clip(tmp_path / "a.mp4", frames=30)), bucket, "a.mp4")
    _become(READER, monkeypatch)

    ran = run(f"s3://{bucket}/a.mp4", "--out", f"s3://{bucket}/tags", "--json")

    assert ran.status == 1
    (line,) = ran.json_lines
    assert (line["status"], line["code"]) == ("failed", "storage")
    assert line["reason"].startswith(f"s3://{bucket}/tags/a-")
    assert line["reason"].endswith("the credentials in use need s3:PutObject there")


@pytest.mark.parametrize("uri", ["a.mp4", "s3://", "s3:///a.mp4", "s3://films", "s3:/films/a.mp4"])
def test_what_is_no_uri_is_told(run: Callable[..., Ran], uri: str) -> None:
    _assert_refused(run(uri, "--out", "s3://films/tags"), uri, "s3://bucket/key")
