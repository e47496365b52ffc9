"""A run in the cloud, on disk and in S3: what each step writes, whatever is lost or doubled."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from flowtag.catalog import read_catalog
from flowtag.completing import complete
from flowtag.contracts.messages import Plan
from flowtag.errors import BrokenMediaError, StorageError
from flowtag.ingest_limits import Limits
from flowtag.reconciliation import LONGEST_WAIT, MOST_DISPATCHES
from flowtag.redriving import redrive
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion
from flowtag.settings import ExecutionSettings
from flowtag.storage import FolderStore, ObjectStore
from tests.functional.cloud_run import LATER, Cloud
from tests.functional.store_places import Place
from tests.media.damaged import join
from tests.media.movies import Movie, write_movie
from tests.unit.dying_store import Died, DyingStore

CHUNKS = 3
# They tell when things happened, and how often; nothing else may.
MAY_DIFFER = ("run.json", "latest.json", "dispatch/", "catalog/")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = Movie(count=150, size=(160, 90), options={"g": "25"})
    return write_movie(tmp_path_factory.mktemp("films") / "film.mp4", movie)


@pytest.fixture
def store(place: Place) -> ObjectStore:
    return place.store("out")


@pytest.fixture(scope="module")
def undisturbed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """All that a run leaves that nothing happened to."""
    store, cloud = FolderStore(tmp_path_factory.mktemp("undisturbed")), Cloud(film)
    keys = cloud.upload(store).keys
    cloud.work_all(store)
    cloud.complete(store, keys)
    return published(store)


def published(store: ObjectStore) -> dict[str, bytes]:
    """What readers see, and the results that it stands on."""
    keys = [key for key in store.list("") if not any(part in key for part in MAY_DIFFER)]
    return {key: store.get(key) for key in keys}


def cataloged(store: ObjectStore) -> list[tuple[str, str]]:
    """The runs that the catalog names, and how they ended."""
    return [(entry.run_id, entry.status) for entry in read_catalog(store)]


def test_a_run_ends_with_a_result_an_event_and_nothing_open(film: Path, store: ObjectStore) -> None:
    cloud = Cloud(film)
    ingested = cloud.upload(store)
    assert (ingested.outcome, ingested.chunks, len(cloud.queue)) == ("dispatched", CHUNKS, CHUNKS)
    cloud.work_all(store)
    assert cloud.complete(store, ingested.keys).outcome == "published"
    motion = read_motion(store.get(ingested.keys.motion))
    assert motion.analysis.status == "complete"
    (ready,) = cloud.told
    assert ready.etag == store.get_with_etag(ingested.keys.motion)[1]
    assert json.loads(store.get(ready.latest))["run_id"] == ingested.keys.run_id
    assert list(store.list("open/")) == []


def test_a_run_with_chunks_missing_is_left_alone(film: Path, store: ObjectStore) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    cloud.work(store)
    completed = cloud.complete(store, keys)
    assert (completed.outcome, completed.missing) == ("unsettled", CHUNKS - 1)
    assert cloud.told == []


def test_the_event_of_an_upload_may_come_again_at_any_time(
    film: Path, store: ObjectStore, undisturbed: dict[str, bytes]
) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    assert cloud.upload(store).outcome == "under_way"
    cloud.work_all(store)
    assert cloud.upload(store).outcome == "under_way"
    cloud.complete(store, keys)
    assert cloud.upload(store).outcome == "finished"
    assert published(store) == undisturbed


def test_a_chunk_that_failed_becomes_a_gap(film: Path, store: ObjectStore) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    cloud.lose(store)
    cloud.work_all(store)
    cloud.complete(store, keys)
    analysis = read_motion(store.get(keys.motion)).analysis
    assert analysis.status == "partial"
    assert "no worker finished it" in (cloud.told[0].reason or "")


def test_a_chunk_that_comes_after_all_completes_a_partial_result(
    film: Path, store: ObjectStore, undisturbed: dict[str, bytes]
) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    lost = cloud.queue[0]
    cloud.lose(store)
    cloud.work_all(store)
    cloud.complete(store, keys)
    cloud.queue.append(lost)
    cloud.work(store)
    cloud.complete(store, keys)
    assert [ready.status for ready in cloud.told] == ["partial", "complete"]
    store.delete(keys.failed(lost.index))
    assert published(store) == undisturbed
    assert cataloged(store) == [(keys.run_id, "complete")]


def test_a_video_of_which_no_chunk_works_is_published_as_failed(
    film: Path, store: ObjectStore
) -> None:
    def fail(task: object) -> bytes:
        raise BrokenMediaError("nothing can be decoded")

    cloud = Cloud(film, analyze=fail)
    keys = cloud.upload(store).keys
    cloud.work_all(store)
    cloud.complete(store, keys)
    motion = read_motion(store.get(keys.motion))
    assert motion.analysis.status == "failed"
    assert "nothing can be decoded" in (motion.analysis.reason or "")
    assert motion.video.codec == "h264"


def test_what_is_no_video_gets_a_result_that_says_so(store: ObjectStore, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    cloud = Cloud(text)
    ingested = cloud.upload(store)
    assert ingested.outcome == "closed"
    motion = read_motion(store.get(ingested.keys.motion))
    assert (motion.analysis.status, motion.video.codec) == ("failed", None)
    assert cloud.complete(store, ingested.keys).outcome == "published"
    assert cloud.told[0].status == "failed"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(max_duration_seconds=5), "MaxDurationSeconds"),
        (Limits(max_cost_usd=1e-9, usd_per_cpu_second=1), "MaxCostPerVideo"),
    ],
)
def test_a_video_over_a_limit_is_skipped_and_says_which(
    film: Path, store: ObjectStore, limits: Limits, said: str
) -> None:
    cloud = Cloud(film)
    ingested = cloud.upload(store, limits)
    motion = read_motion(store.get(ingested.keys.motion))
    assert (motion.analysis.status, cloud.queue) == ("skipped", [])
    assert said in (motion.analysis.reason or "")
    assert motion.video.duration_seconds == 6


def test_a_film_with_one_key_frame_is_divided_so_that_its_chunks_are_done_in_time(
    place: Place, tmp_path: Path
) -> None:
    path = write_movie(
        tmp_path / "film.mp4", Movie(count=150, size=(160, 90), options={"g": "999"})
    )
    results = []
    for name, seconds in (("whole", 900), ("divided", 0.1)):
        store = place.store(name)
        cloud = Cloud(path, execution=ExecutionSettings(chunk_timeout_seconds=seconds))
        ingested = cloud.upload(store)
        cloud.work_all(store)
        cloud.complete(store, ingested.keys)
        results.append((ingested.chunk_count, store.get(ingested.keys.motion)))
    (one, whole), (several, divided) = results
    assert one == 1
    assert several is not None
    assert several > 1
    assert divided == whole


def test_what_cannot_be_divided_and_takes_far_too_long_is_skipped(
    store: ObjectStore, tmp_path: Path
) -> None:
    plain = write_movie(tmp_path / "a.ts", Movie(count=75, size=(160, 90)))
    path = join(tmp_path / "film.ts", plain, plain)
    cloud = Cloud(path, execution=ExecutionSettings(chunk_timeout_seconds=0.05))
    ingested = cloud.upload(store)
    motion = read_motion(store.get(ingested.keys.motion))
    assert (motion.analysis.status, cloud.queue) == ("skipped", [])
    assert "timestamps cannot be trusted" in (motion.analysis.reason or "")
    # The end of a limit that it keeps, by an estimate that may be wrong by half.
    assert Cloud(path).upload(FolderStore(tmp_path / "in time")).outcome == "dispatched"


def _steps(cloud: Cloud) -> list[Callable[[ObjectStore], object]]:
    """What the events of one upload set off, in order; each may be carried out again."""

    def completed(store: ObjectStore) -> object:
        return cloud.complete(store, cloud.upload(store).keys)

    return [cloud.upload, *[cloud.work] * CHUNKS, completed]


@pytest.fixture(scope="module")
def write_count(film: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    store, cloud = DyingStore(FolderStore(tmp_path_factory.mktemp("counted"))), Cloud(film)
    for step in _steps(cloud):
        step(store)
    return store.writes


def test_a_function_may_die_after_any_of_its_writes(
    film: Path, place: Place, undisturbed: dict[str, bytes], write_count: int
) -> None:
    assert write_count > 12
    for dies_after in range(1, write_count + 1):
        root, cloud = place.store(str(dies_after)), Cloud(film)
        store: ObjectStore = DyingStore(root, dies_after)
        for step in _steps(cloud):
            try:
                step(store)
            except Died:
                # Its event is delivered again, to a process that knows nothing.
                store = root
                step(store)
        assert published(store) == undisturbed, f"died after write {dies_after}"
        assert cloud.told
        assert cloud.told[-1].status == "complete"
        assert [status for _, status in cataloged(store)] == ["complete"]


def test_what_died_and_was_never_called_again_is_found_by_the_schedule(
    film: Path, place: Place, undisturbed: dict[str, bytes], write_count: int
) -> None:
    for dies_after in range(1, write_count + 1):
        root, cloud = place.store(str(dies_after)), Cloud(film)
        store: ObjectStore = DyingStore(root, dies_after)
        for step in _steps(cloud):
            try:
                step(store)
            except Died:
                break
        store = root
        if not any(key.endswith("plan.json") for key in store.list("")):
            # Lambda keeps the event of the upload; else the video would end as failed.
            cloud.upload(store)
        _reconcile_until_done(cloud, store)
        assert published(store) == undisturbed, f"died after write {dies_after}"


def _reconcile_until_done(cloud: Cloud, store: ObjectStore) -> None:
    for _ in range(4):
        cloud.reconcile(store)
        cloud.work_all(store)
        for keys in cloud.asked:
            cloud.complete(store, keys)
        cloud.asked.clear()


def test_a_run_that_is_in_time_is_not_redriven(film: Path, store: ObjectStore) -> None:
    cloud = Cloud(film)
    cloud.upload(store)
    assert [found.finding for found in cloud.reconcile(store, timedelta(minutes=5))] == ["in_time"]
    assert len(cloud.queue) == CHUNKS


def test_chunks_that_never_come_are_given_up_in_the_end(film: Path, store: ObjectStore) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    cloud.work(store)
    for _ in range(MOST_DISPATCHES - 1):
        cloud.queue.clear()
        assert cloud.reconcile(store)[0].finding == "redriven"
    assert cloud.reconcile(store)[0].finding == "given_up"
    cloud.complete(store, keys)
    assert cloud.told[-1].status == "partial"


def test_chunks_that_wait_for_a_worker_are_not_given_up(film: Path, store: ObjectStore) -> None:
    cloud = Cloud(film, backlog=True)
    cloud.upload(store)
    for _ in range(MOST_DISPATCHES + 1):
        assert cloud.reconcile(store)[0].finding == "in_time"
    assert len(cloud.queue) == CHUNKS


def test_chunks_that_no_queue_can_hold_any_more_are_handed_out_again(
    film: Path, store: ObjectStore
) -> None:
    cloud = Cloud(film, backlog=True)
    cloud.upload(store)
    assert cloud.reconcile(store, LONGEST_WAIT)[0].finding == "redriven"


def test_a_run_whose_chunks_are_all_there_is_completed_whatever_waits(
    film: Path, store: ObjectStore
) -> None:
    cloud = Cloud(film, backlog=True)
    cloud.upload(store)
    cloud.work_all(store)
    assert cloud.reconcile(store)[0].finding == "to_complete"


def test_chunks_that_were_not_all_handed_out_wait_for_nothing(
    film: Path, store: ObjectStore
) -> None:
    class Away(Cloud):
        def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
            raise StorageError("the queue is away")

    with pytest.raises(StorageError):
        Away(film).upload(store)
    assert Cloud(film, backlog=True).reconcile(store)[0].finding == "redriven"


def test_redriving_by_hand_takes_no_go_from_the_schedule(film: Path, store: FolderStore) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    for _ in range(MOST_DISPATCHES):
        redrive(store, keys, cloud)
    findings = [cloud.reconcile(store)[0].finding for _ in range(MOST_DISPATCHES)]
    assert findings == ["redriven"] * (MOST_DISPATCHES - 1) + ["given_up"]


def test_a_damaged_plan_does_not_keep_others_from_being_found(
    film: Path, store: ObjectStore
) -> None:
    cloud = Cloud(film)
    cloud.upload(store)
    broken = RunKeys("a-0", "a-1")
    store.put(broken.open, b"{}")
    store.put(broken.plan, b"{")
    findings = {found.keys.video_id: found.finding for found in cloud.reconcile(store)}
    assert findings.pop("a-0") == "unreadable"
    assert list(findings.values()) == ["redriven"]


def test_a_video_that_nobody_could_plan_ends_as_failed(film: Path, store: ObjectStore) -> None:
    class Dying(Cloud):
        def media(self) -> Path:
            raise Died

    cloud = Dying(film)
    for _ in range(3):
        with pytest.raises(Died):
            cloud.upload(store)
    assert cloud.reconcile(store, timedelta(minutes=20))[0].finding == "in_time"
    assert cloud.reconcile(store)[0].finding == "closed"
    cloud.complete(store, cloud.asked[0])
    (ready,) = cloud.told
    assert ready.status == "failed"
    assert "could not be planned" in (ready.reason or "")
    assert cataloged(store) == [(ready.run_id, "failed")]
    assert list(store.list("open/")) == []


def test_a_mark_that_tells_nothing_of_its_run_goes_in_the_end(store: ObjectStore) -> None:
    store.put(RunKeys("a-0", "a-1").open, b"{}")
    cloud = Cloud(Path("nowhere"))
    assert cloud.reconcile(store, LATER)[0].finding == "unplanned"
    cloud.reconcile(store, timedelta(days=2))
    assert list(store.list("open/")) == []


def test_a_result_that_nobody_could_be_told_of_is_told_later(
    film: Path, store: ObjectStore
) -> None:
    cloud = Cloud(film)
    keys = cloud.upload(store).keys
    cloud.work_all(store)

    def away(ready: object) -> None:
        raise StorageError("the bus is away")

    with pytest.raises(StorageError):
        complete(store, keys, away)
    assert [found.finding for found in cloud.reconcile(store)] == ["to_complete"]
    cloud.complete(store, cloud.asked[0])
    assert len(cloud.told) == 1
