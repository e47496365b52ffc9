"""Videos in a bucket: which content is meant, and what becomes of it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_source import S3Media, bucket_and_key, find_source
from flowtag.contracts.messages import SourceRef
from flowtag.errors import SettingsError, SourceChangedError, SourceNotFoundError
from flowtag.identity import run_id, video_id
from flowtag.pipeline import analyze_chunk, plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings
from local_cloud.s3_server import S3Server
from tests.media.movies import Movie, write_movie
from tests.services.faulty_proxy import faulty_proxy, now_and_then

SETTINGS = AnalysisSettings()
EXECUTION = ExecutionSettings(chunk_seconds=Fraction(2))
ODD_KEYS = ["a b/ü+%2F%.mp4", "100% #1?.mp4", "ends with a dot..mp4", "日本/" + "k" * 200 + ".mp4"]


@pytest.fixture
def client(s3: S3Server, credentials: None) -> S3Client:
    return s3_client(s3.endpoint_url)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = Movie(count=150, size=(320, 180), options={"crf": "10"})
    return write_movie(tmp_path_factory.mktemp("films") / "film.mp4", movie)


def test_a_film_in_a_bucket_gives_the_features_of_the_local_file(
    client: S3Client, bucket: str, film: Path
) -> None:
    client.upload_file(str(film), bucket, "in/film.mp4")
    source = find_source(client, bucket, "in/film.mp4").source
    media = S3Media(client, source)
    plan = plan_video(media, source, SETTINGS, EXECUTION)
    assert len(plan.chunks) == 3
    assert plan == plan_video(film, source, SETTINGS, EXECUTION)
    for index in range(3):
        task = plan.task(index)
        assert analyze_chunk(task, media) == analyze_chunk(task, film)


def test_one_failing_call_in_five_changes_nothing(
    s3: S3Server, client: S3Client, bucket: str, film: Path
) -> None:
    client.upload_file(str(film), bucket, "film.mp4")
    source = find_source(client, bucket, "film.mp4").source
    with faulty_proxy(s3.port, now_and_then(0.2, seed=3)) as proxy:
        media = S3Media(s3_client(proxy.endpoint_url), source, max_read_bytes=100_000)
        plan = plan_video(media, source, SETTINGS, EXECUTION)
        features = [analyze_chunk(plan.task(index), media) for index in range(3)]
    assert len(proxy.met) > 5
    assert features == [analyze_chunk(plan.task(index), film) for index in range(3)]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_key_is_found_and_named(client: S3Client, bucket: str, key: str) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=b"content")
    source = find_source(client, bucket, key).source
    assert bucket_and_key(source.uri) == (bucket, key)
    assert source.name == key.rpartition("/")[2]
    with S3Media(client, source).open("rb") as file:
        assert file.read() == b"content"


def overwritten(client: S3Client, source: SourceRef) -> None:
    bucket, key = bucket_and_key(source.uri)
    client.put_object(Bucket=bucket, Key=key, Body=b"\x00" * source.size_bytes)


def deleted(client: S3Client, source: SourceRef) -> None:
    bucket, key = bucket_and_key(source.uri)
    client.delete_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize(
    ("happens", "error"), [(overwritten, SourceChangedError), (deleted, SourceNotFoundError)]
)
def test_content_that_changes_after_planning_is_never_mixed(
    happens: Callable[[S3Client, SourceRef], None],
    error: type[Exception],
    client: S3Client,
    bucket: str,
    film: Path,
) -> None:
    client.upload_file(str(film), bucket, "film.mp4")
    source = find_source(client, bucket, "film.mp4").source
    plan = plan_video(S3Media(client, source), source, SETTINGS, EXECUTION)
    happens(client, source)
    with pytest.raises(error, match=r"film\.mp4"):
        analyze_chunk(plan.task(1), S3Media(client, source))


def test_a_film_overwritten_while_it_is_read_is_never_mixed(
    client: S3Client, bucket: str, film: Path
) -> None:
    client.upload_file(str(film), bucket, "film.mp4")
    source = find_source(client, bucket, "film.mp4").source
    with S3Media(client, source).open("rb") as file:
        file.read(10)
        overwritten(client, source)
        file.seek(-10, 2)
        with pytest.raises(SourceChangedError):
            file.read(10)


def test_a_version_stays_readable_when_a_newer_one_comes(client: S3Client, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket, Key="film.mp4", Body=b"first")
    first = find_source(client, bucket, "film.mp4")
    client.put_object(Bucket=bucket, Key="film.mp4", Body=b"second")
    second = find_source(client, bucket, "film.mp4")
    with S3Media(client, first.source).open("rb") as file:
        assert file.read() == b"first"
    assert first.source.content_id == first.source.version_id
    assert video_id(first.source) == video_id(second.source)
    assert run_id(first.source, SETTINGS, 1) != run_id(second.source, SETTINGS, 1)


def test_the_same_content_again_is_the_same_run(client: S3Client, bucket: str) -> None:
    found = []
    for content in (b"first", b"first", b"other"):
        client.put_object(Bucket=bucket, Key="film.mp4", Body=content)
        found.append(run_id(find_source(client, bucket, "film.mp4").source, SETTINGS, 1))
    assert found[0] == found[1] != found[2]


def test_what_is_not_there_is_not_found(client: S3Client, bucket: str) -> None:
    with pytest.raises(SourceNotFoundError, match=r"s3://.*/nothing"):
        find_source(client, bucket, "nothing")


@pytest.mark.parametrize("uri", ["film.mp4", "s3://", "s3://bucket", "s3://bucket/", "http://b/k"])
def test_what_is_no_address_in_s3_is_told(uri: str) -> None:
    with pytest.raises(SettingsError, match="s3://bucket/key"):
        bucket_and_key(uri)
