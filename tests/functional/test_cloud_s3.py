"""A run in the cloud over a real S3 server that fails, and sources that change under way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from flowtag.announcing import Ready
from flowtag.aws.clients import ATTEMPTS, s3_client
from flowtag.aws.s3_source import S3Media, find_source
from flowtag.aws.s3_store import S3Store
from flowtag.catalog import compact, read_catalog
from flowtag.chunk_analysis import analyze_chunk
from flowtag.chunk_work import record_failure
from flowtag.contracts.messages import ChunkTask
from flowtag.dispatching import redispatch
from flowtag.errors import StorageError
from flowtag.ingest import Ingested, Intake, ingest
from flowtag.ingest_limits import Limits
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion, read_plan
from flowtag.settings import AnalysisSettings
from local_cloud.s3_server import S3Server
from tests.functional.cloud_run import EXECUTION, SETTINGS, Cloud
from tests.functional.test_cloud_run import cataloged, published
from tests.media.movies import Movie, write_movie
from tests.services.faulty_proxy import faulty_proxy, now_and_then

KEY = "rushes/Take 2 + 100% é.mp4"
_GOES = 1000
WITHOUT_EVIDENCE = SETTINGS.model_copy(
    update={"thresholds": SETTINGS.thresholds.model_copy(update={"evidence_pairs": 0})}
)
# S3 takes 1024 bytes of UTF-8. With no slash among them the local server takes fewer.
LONGEST_KEYS = ("d/" * 510 + ".mp4", "Füße + 100% 走る/" * 48 + "x" * 12 + ".mp4")
# Leaves room for any OutputPrefix that a person would write.
LONGEST_DERIVED_BYTES = 200

Delivery = Callable[[Callable[[], object]], None]
"""Delivers an event: calls what it sets off."""


class BucketCloud(Cloud):
    """The cloud whose film is an object."""

    def __init__(
        self,
        endpoint_url: str,
        bucket: str,
        attempts: int | None = None,
        settings: AnalysisSettings = SETTINGS,
    ) -> None:
        super().__init__(Path("unused"), analyze=self._analyze)
        self.settings = settings
        self.client = s3_client(endpoint_url, attempts=attempts)
        self.bucket = bucket

    def upload_of(self, store: S3Store, key: str = KEY) -> Ingested:
        found = find_source(self.client, self.bucket, key)
        intake = Intake(store, self, self.settings, EXECUTION, Limits())
        return ingest(intake, found.source, found.order, lambda: S3Media(self.client, found.source))

    def _analyze(self, task: ChunkTask) -> bytes:
        return analyze_chunk(task, S3Media(self.client, task.source, 100_000))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = Movie(count=150, size=(160, 90), options={"g": "25"})
    return write_movie(tmp_path_factory.mktemp("films") / "film.mp4", movie)


@pytest.fixture
def cloud(s3: S3Server, bucket: str, film: Path) -> BucketCloud:
    cloud = BucketCloud(s3.endpoint_url, bucket)
    cloud.client.upload_file(str(film), bucket, KEY)
    return cloud


# Where no client repeats a call, an event comes again until all of its calls succeed: the fewer
# objects a run has, the sooner.
@pytest.mark.parametrize(("attempts", "settings"), [(ATTEMPTS, SETTINGS), (1, WITHOUT_EVIDENCE)])
@pytest.mark.parametrize("way", ["straight", "with losses"])
def test_one_failing_call_in_five_loses_and_doubles_nothing(
    s3: S3Server, cloud: BucketCloud, way: str, attempts: int, settings: AnalysisSettings
) -> None:
    tag = _tag if way == "straight" else _tag_with_losses
    calm = S3Store(cloud.client, cloud.bucket, "calm/")
    cloud.settings = settings
    keys = tag(cloud, calm, _once)
    with faulty_proxy(s3.port, now_and_then(0.2, seed=5)) as proxy:
        failing = BucketCloud(proxy.endpoint_url, cloud.bucket, attempts, settings)
        assert tag(failing, S3Store(failing.client, cloud.bucket, "failing/"), _until_it_works)
    assert len(proxy.met) > 5
    disturbed = S3Store(cloud.client, cloud.bucket, "failing/")
    assert published(disturbed) == published(calm)
    assert cataloged(disturbed) == cataloged(calm) == [(keys.run_id, "complete")]
    assert list(disturbed.list("open/")) == []
    # Those who are told once more are told of the same result.
    assert {_result(ready) for ready in failing.told} == {_result(ready) for ready in cloud.told}


def test_a_film_that_is_overwritten_becomes_a_failure_that_says_so(cloud: BucketCloud) -> None:
    store = S3Store(cloud.client, cloud.bucket, "tags/")
    keys = cloud.upload_of(store).keys
    cloud.client.put_object(Bucket=cloud.bucket, Key=KEY, Body=b"another content")
    cloud.work_all(store)
    cloud.complete(store, keys)
    assert cloud.told[0].status == "failed"
    assert "overwritten" in (cloud.told[0].reason or "")


def test_a_film_that_is_overwritten_after_a_chunk_keeps_what_was_analysed(
    cloud: BucketCloud,
) -> None:
    store = S3Store(cloud.client, cloud.bucket, "tags/")
    keys = cloud.upload_of(store).keys
    cloud.work(store)
    cloud.client.delete_object(Bucket=cloud.bucket, Key=KEY)
    cloud.work_all(store)
    cloud.complete(store, keys)
    analysis = read_motion(store.get(keys.motion)).analysis
    assert analysis.status == "partial"
    assert "gone" in analysis.gaps[0].reason


def test_an_old_version_is_read_though_a_newer_one_is_there(cloud: BucketCloud, film: Path) -> None:
    cloud.client.put_bucket_versioning(
        Bucket=cloud.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    cloud.client.upload_file(str(film), cloud.bucket, KEY)
    store = S3Store(cloud.client, cloud.bucket, "tags/")
    keys = cloud.upload_of(store).keys
    cloud.client.put_object(Bucket=cloud.bucket, Key=KEY, Body=b"another content")
    cloud.work_all(store)
    cloud.complete(store, keys)
    assert cloud.told[0].status == "complete"


@pytest.mark.parametrize("key", LONGEST_KEYS)
def test_the_longest_keys_are_as_long_as_s3_takes(key: str) -> None:
    assert len(key.encode()) == 1024


@pytest.mark.parametrize("key", ["a+b.mp4", "a%20b.mp4", "日本語.mp4", *LONGEST_KEYS])
def test_any_key_is_tagged(cloud: BucketCloud, film: Path, key: str) -> None:
    cloud.client.upload_file(str(film), cloud.bucket, key)
    store = S3Store(cloud.client, cloud.bucket, "tags/")
    keys = cloud.upload_of(store, key).keys
    cloud.work_all(store)
    cloud.complete(store, keys)
    assert read_motion(store.get(keys.motion)).video.uri == f"s3://{cloud.bucket}/{key}"
    (entry,) = read_catalog(store)
    assert (entry.key, entry.status) == (key, "complete")
    assert max(len(written.encode()) for written in store.list("")) < LONGEST_DERIVED_BYTES


def _tag(cloud: BucketCloud, store: S3Store, call: Delivery) -> RunKeys:
    """An upload, its chunks, its completion."""
    found: list[RunKeys] = []
    call(lambda: found.append(cloud.upload_of(store).keys))
    while cloud.queue:
        call(lambda: cloud.work(store))
    call(lambda: cloud.complete(store, found[-1]))
    return found[-1]


def _tag_with_losses(cloud: BucketCloud, store: S3Store, call: Delivery) -> RunKeys:
    """One where messages vanish, a chunk ends as a dead letter, and somebody redrives it."""
    found: list[RunKeys] = []
    call(lambda: found.append(cloud.upload_of(store).keys))
    keys = found[-1]
    call(lambda: cloud.work(store))
    cloud.queue.clear()

    def reconcile() -> None:
        findings = cloud.reconcile(store)
        if not cloud.queue:
            # What it could not read now it looks at when the schedule comes round again.
            raise StorageError(str(findings))

    def redrive() -> None:
        redispatch(store, read_plan(store, keys), cloud, by_hand=True)

    call(reconcile)
    lost = cloud.queue[0]
    call(lambda: record_failure(store, lost, "chunk_lost", "no worker finished it"))
    cloud.queue = [task for task in cloud.queue if task.index != lost.index]
    while cloud.queue:
        call(lambda: cloud.work(store))
    call(lambda: cloud.complete(store, keys))
    call(redrive)
    while cloud.queue:
        call(lambda: cloud.work(store))
    call(lambda: cloud.complete(store, keys))
    call(lambda: compact(store))
    return keys


def _result(ready: Ready) -> tuple[str, str, str]:
    """By which repeated events are told from new ones."""
    return ready.run_id, ready.status, ready.etag


def _once(call: Callable[[], object]) -> None:
    call()


def _until_it_works(call: Callable[[], object]) -> None:
    """An event that fails is delivered again."""
    for _ in range(_GOES):
        with contextlib.suppress(StorageError):
            call()
            return
    raise AssertionError("it never worked")
