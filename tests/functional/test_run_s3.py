"""Videos in buckets, tagged where they are, against a real S3 server."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_s3 import S3Client

from flowtag.aws.clients import s3_client
from local_cloud.s3_server import S3Server
from tests.functional.command import Ran, make_clip, run_flowtag, start_flowtag
from tests.services.faulty_proxy import faulty_proxy, now_and_then

_CHUNKED = ("--chunk-seconds", "2", "--jobs", "2")
ODD_KEYS = ["a b/ü+%2F%.mp4", "plain.MP4", "100% #1?&=.mov", "日本/take 2.mkv"]


@pytest.fixture
def client(s3: S3Server, credentials: None) -> S3Client:
    return s3_client(s3.endpoint_url)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "Take 2.mp4")


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "short.mp4", frames=30)


@pytest.fixture
def run(s3: S3Server, credentials: None) -> Callable[..., Ran]:
    return lambda *words: run_flowtag("run", *words, "--endpoint-url", s3.endpoint_url)


def _read(client: S3Client, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def _keys(client: S3Client, bucket: str, prefix: str) -> list[str]:
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for each in listed.get("Contents", ())]


def _moved(local: bytes, **video: str | None) -> bytes:
    """The bytes of a motion.json, had its video been elsewhere."""
    content: dict[str, Any] = json.loads(local)
    assert video.keys() <= content["video"].keys()
    content["video"] |= video
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize("versioned", [False, True])
def test_a_result_differs_from_the_local_one_by_where_the_video_is_and_nothing_else(
    run: Callable[..., Ran],
    client: S3Client,
    bucket: str,
    clip: Path,
    tmp_path: Path,
    versioned: bool,
) -> None:
    if versioned:
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)  # type: ignore[arg-type]
    put = client.put_object(Bucket=bucket, Key="in/Take 2.mp4", Body=clip.read_bytes())

    ran = run(f"s3://{bucket}/in/Take 2.mp4", "--out", f"s3://{bucket}/tags", *_CHUNKED)
    local = run_flowtag("tag", clip, "--out", tmp_path, *_CHUNKED).motion

    assert ran.status == 0, ran.err
    (motion,) = ran.lines
    video_id, run_id, name = motion.removeprefix(f"s3://{bucket}/tags/").split("/")
    assert (video_id[:7], run_id[:7], name) == ("take-2-", "take-2-", "motion.json")
    assert _read(client, motion) == _moved(
        local.read_bytes(),
        id=video_id,
        uri=f"s3://{bucket}/in/Take 2.mp4",
        etag=put["ETag"],
        version_id=put.get("VersionId"),
    )
    assert versioned == ("VersionId" in put)


def test_all_objects_of_a_run_are_in_the_bucket_and_none_beside(
    run: Callable[..., Ran], client: S3Client, bucket: str, clip: Path, tmp_path: Path
) -> None:
    client.upload_file(str(clip), bucket, "Take 2.mp4")

    ran = run(f"s3://{bucket}/Take 2.mp4", "--out", f"s3://{bucket}/tags/", *_CHUNKED)
    local = run_flowtag("tag", clip, "--out", tmp_path, *_CHUNKED).motion

    folder = ran.lines[0].removeprefix(f"s3://{bucket}/").removesuffix("motion.json")
    latest = f"{folder.rpartition('/')[0].rpartition('/')[0]}/latest.json"
    expected = {p.relative_to(local.parent).as_posix() for p in local.parent.rglob("*.*")}
    assert set(_keys(client, bucket, "")) == {
        "Take 2.mp4",
        latest,
        *(f"{folder}{name}" for name in expected),
    }
    assert json.loads(_read(client, f"s3://{bucket}/{latest}"))["run_id"] in folder
    for picture in local.parent.glob("thumbnails/*.jpg"):
        thumbnail = _read(client, f"s3://{bucket}/{folder}thumbnails/{picture.name}")
        assert thumbnail == picture.read_bytes()


def test_what_is_complete_is_left_alone_unless_forced(
    run: Callable[..., Ran], client: S3Client, bucket: str, short_clip: Path
) -> None:
    client.upload_file(str(short_clip), bucket, "a.mp4")
    words = (f"s3://{bucket}/a.mp4", "--out", f"s3://{bucket}/tags", "--json")
    (first,) = run(*words).json_lines
    attempts = f"{first['motion'].removesuffix('motion.json')}run.json"
    before = _read(client, attempts)

    (again,) = run(*words).json_lines
    left_alone = _read(client, attempts) == before
    (forced,) = run(*words, "--force").json_lines

    assert [first["status"], again["status"], forced["status"]] == [
        "tagged",
        "already_done",
        "tagged",
    ]
    assert left_alone
    assert first["motion"] == again["motion"] == forced["motion"]
    assert _read(client, attempts) != before


def test_results_may_go_to_a_folder(
    run: Callable[..., Ran], client: S3Client, bucket: str, short_clip: Path, tmp_path: Path
) -> None:
    client.upload_file(str(short_clip), bucket, "a.mp4")

    ran = run(f"s3://{bucket}/a.mp4", "--out", tmp_path / "tags")

    assert ran.status == 0, ran.err
    assert json.loads(ran.motion.read_bytes())["video"]["uri"] == f"s3://{bucket}/a.mp4"
    assert _keys(client, bucket, "") == ["a.mp4"]
    assert run_flowtag("show", tmp_path / "tags").lines[0].startswith("a.mp4, 96 x 64")


def test_a_prefix_means_its_videos_whatever_their_keys(
    run: Callable[..., Ran], client: S3Client, bucket: str, short_clip: Path
) -> None:
    others = ["in/.hidden/a.mp4", "in/._a.mp4", "in/notes.txt", "in/folder.mp4/"]
    for key in ODD_KEYS:
        client.put_object(Bucket=bucket, Key=f"in/{key}", Body=short_clip.read_bytes())
    for key in [*others, "in/tags/found.mp4", "beside.mp4"]:
        client.put_object(Bucket=bucket, Key=key, Body=b"")

    ran = run(f"s3://{bucket}/in/", "--out", f"s3://{bucket}/in/tags", "--json")

    assert ran.status == 0, ran.err
    assert {line["input"] for line in ran.json_lines} == {f"s3://{bucket}/in/{k}" for k in ODD_KEYS}
    assert {line["status"] for line in ran.json_lines} == {"tagged"}
    for line in ran.json_lines:
        assert json.loads(_read(client, line["motion"]))["video"]["uri"] == line["input"]


def test_a_whole_bucket_may_be_meant_and_an_object_counts_once(
    run: Callable[..., Ran], client: S3Client, bucket: str, short_clip: Path
) -> None:
    client.upload_file(str(short_clip), bucket, "deep/down/a.mp4")
    named = [f"s3://{bucket}/deep/down/a.mp4", f"s3://{bucket}/", f"s3://{bucket}/deep/"]

    ran = run(*named, "--out", f"s3://{bucket}", "--json")

    assert ran.status == 0, ran.err
    assert [line["input"] for line in ran.json_lines] == named[:1]
    assert ran.json_lines[0]["motion"].startswith(f"s3://{bucket}/a-")


def test_one_bad_input_does_not_stop_the_others(
    run: Callable[..., Ran], client: S3Client, bucket: str, short_clip: Path
) -> None:
    client.upload_file(str(short_clip), bucket, "good.mp4")
    client.put_object(Bucket=bucket, Key="bad.mp4", Body=b"no video at all")
    names = ["bad.mp4", "missing.mp4", "good.mp4", "empty/"]

    ran = run(*(f"s3://{bucket}/{n}" for n in names), "--out", f"s3://{bucket}/tags", "--json")

    assert ran.status == 1
    found = {line["input"].removeprefix(f"s3://{bucket}/"): line for line in ran.json_lines}
    assert {name: line["code"] for name, line in found.items()} == {
        "bad.mp4": "not_a_video",
        "missing.mp4": "not_found",
        "good.mp4": None,
        "empty/": "not_found",
    }
    assert f"s3://{bucket}/missing.mp4 does not exist" in found["missing.mp4"]["reason"]
    assert "Traceback" not in ran.err


def test_a_video_that_is_overwritten_under_way_fails_and_says_so(
    run: Callable[..., Ran], s3: S3Server, client: S3Client, bucket: str, tmp_path: Path
) -> None:
    long = make_clip(tmp_path / "long.mp4", frames=1500)
    client.upload_file(str(long), bucket, "long.mp4")
    overwriting = threading.Thread(
        target=_overwrite_when_begun, args=(s3_client(s3.endpoint_url), bucket)
    )
    overwriting.start()

    ran = run(
        f"s3://{bucket}/long.mp4",
        *("--out", f"s3://{bucket}/tags", "--json", "--chunk-seconds", "1", "--jobs", "1"),
    )

    overwriting.join()
    assert ran.status == 1
    (line,) = ran.json_lines
    assert (line["status"], line["code"]) == ("failed", "source_changed")
    assert "was overwritten" in line["reason"]
    assert not [key for key in _keys(client, bucket, "tags/") if key.endswith("motion.json")]


def _overwrite_when_begun(client: S3Client, bucket: str) -> None:
    _wait_for_a_chunk(client, bucket)
    client.put_object(Bucket=bucket, Key="long.mp4", Body=b"another content")


def _wait_for_a_chunk(client: S3Client, bucket: str) -> None:
    deadline = time.monotonic() + 60
    while not any(key.endswith(".npz") for key in _keys(client, bucket, "tags/")):
        if time.monotonic() > deadline:
            raise TimeoutError("no chunk was analysed")
        time.sleep(0.05)


def test_one_failing_call_in_five_changes_nothing(
    run: Callable[..., Ran], s3: S3Server, client: S3Client, bucket: str, clip: Path
) -> None:
    client.upload_file(str(clip), bucket, "a.mp4")
    words = ("--chunk-seconds", "1", "--json", "--jobs", "2")
    (calm,) = run(f"s3://{bucket}/a.mp4", "--out", f"s3://{bucket}/calm", *words).json_lines

    with faulty_proxy(s3.port, now_and_then(0.2, seed=5)) as proxy:
        upset = run_flowtag(
            *("run", f"s3://{bucket}/a.mp4", "--out", f"s3://{bucket}/upset", *words),
            *("--endpoint-url", proxy.endpoint_url),
        )

    assert upset.status == 0, upset.out
    assert len(proxy.met) > 5
    assert _read(client, upset.json_lines[0]["motion"]) == _read(client, calm["motion"])


def test_what_was_stopped_goes_on_from_where_it_was(
    run: Callable[..., Ran], s3: S3Server, client: S3Client, bucket: str, tmp_path: Path
) -> None:
    long = make_clip(tmp_path / "long.mp4", frames=1500)
    client.upload_file(str(long), bucket, "long.mp4")
    words = (f"s3://{bucket}/long.mp4", "--out", f"s3://{bucket}/tags", "--chunk-seconds", "1")
    with start_flowtag("run", *words, "--jobs", "1", "--endpoint-url", s3.endpoint_url) as process:
        _wait_for_a_chunk(client, bucket)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    kept = _chunk_times(client, bucket)
    again = run(*words)

    assert process.returncode == 130
    assert "same command continues" in err.decode()
    assert again.status == 0, again.err
    after = _chunk_times(client, bucket)
    assert kept
    assert kept.items() <= after.items()
    assert len(after) > len(kept)


def _chunk_times(client: S3Client, bucket: str) -> dict[str, datetime]:
    listed = client.list_objects_v2(Bucket=bucket, Prefix="tags/")["Contents"]
    return {each["Key"]: each["LastModified"] for each in listed if each["Key"].endswith(".npz")}
