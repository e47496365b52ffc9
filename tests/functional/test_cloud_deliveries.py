"""Events of many uploads, each delivered several times, in any order, by several at a time."""

from __future__ import annotations

import multiprocessing
import random
import re
import secrets
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtag.assembly.assemble import Assembly
from flowtag.completing import complete
from flowtag.completion import publish
from flowtag.errors import ObjectNotFoundError
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion, read_plan
from flowtag.storage import FolderStore, ObjectStore
from tests.functional.cloud_run import Cloud
from tests.functional.store_places import Place, copied
from tests.functional.test_cloud_run import CHUNKS, cataloged, published
from tests.media.movies import Movie, write_movie

RACES = 100
_BESIDE = re.compile("/(thumbnails|evidence)/")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = Movie(count=150, size=(160, 90), options={"g": "25"})
    return write_movie(tmp_path_factory.mktemp("films") / "film.mp4", movie)


@pytest.fixture(scope="module")
def undisturbed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    store, cloud = FolderStore(tmp_path_factory.mktemp("undisturbed")), Cloud(film)
    keys = cloud.upload(store).keys
    cloud.work_all(store)
    cloud.complete(store, keys)
    return published(store)


def two_processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


def complete_in(place: Place, name: str, keys: RunKeys) -> str:
    return complete(place.store(name), keys, lambda ready: None).outcome


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    uploads=st.integers(1, 5),
    chunk_deliveries=st.integers(1, 5),
    seed=st.randoms(use_true_random=False),
)
def test_however_often_and_in_whatever_order_events_come(
    film: Path,
    place: Place,
    undisturbed: dict[str, bytes],
    uploads: int,
    chunk_deliveries: int,
    seed: random.Random,
) -> None:
    store, cloud = place.store(secrets.token_hex(8)), Cloud(film)
    keys = cloud.upload(store).keys
    tasks = [task for task in cloud.queue for _ in range(chunk_deliveries)]
    cloud.queue.clear()
    events: list[object] = [*["upload"] * (uploads - 1), *tasks]
    seed.shuffle(events)
    for event in events:
        if event == "upload":
            cloud.upload(store)
        else:
            cloud.queue[:0] = [event]  # type: ignore[list-item]
            cloud.work(store)
            # S3's event of the chunk's object, as often as it likes.
            for _ in range(seed.randint(1, 3)):
                cloud.complete(store, keys)
    cloud.work_all(store)
    assert published(store) == undisturbed
    assert cataloged(store) == [(keys.run_id, "complete")]
    assert {ready.etag for ready in cloud.told} == {store.get_with_etag(keys.motion)[1]}


def test_two_completions_at_a_time_publish_one_result(
    film: Path, place: Place, undisturbed: dict[str, bytes]
) -> None:
    analysed, cloud = place.store("analysed"), Cloud(film)
    keys = cloud.upload(analysed).keys
    cloud.work_all(analysed)
    with two_processes() as processes:
        for race in range(RACES):
            store = copied(analysed, place.store(f"race-{race}"))
            both = [processes.submit(complete_in, place, f"race-{race}", keys) for _ in range(2)]
            assert [one.result() for one in both] == ["published", "published"]
            assert published(store) == undisturbed
            assert cataloged(store) == [(keys.run_id, "complete")]


def test_a_completion_that_saw_a_failure_never_beats_one_that_saw_the_result(
    film: Path, place: Place, undisturbed: dict[str, bytes]
) -> None:
    with two_processes() as processes:
        for race in range(20):
            name = f"race-{race}"
            store, cloud = place.store(name), Cloud(film)
            keys = cloud.upload(store).keys
            late = cloud.queue[race % CHUNKS]
            cloud.queue.remove(late)
            cloud.work_all(store)
            cloud.queue.append(late)
            cloud.lose(store)
            partial = processes.submit(complete_in, place, name, keys)
            cloud.queue.append(late)
            cloud.work(store)
            whole = processes.submit(complete_in, place, name, keys)
            assert {partial.result(), whole.result()} == {"published"}
            _assert_whole(store, keys, late.index, undisturbed)


def test_a_partial_result_published_in_between_takes_nothing_away(
    film: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    store, cloud = FolderStore(tmp_path), Cloud(film)
    keys = cloud.upload(store).keys
    late = cloud.queue.pop(1)
    cloud.work_all(store)
    cloud.queue.append(late)
    cloud.lose(store)
    cloud.queue.append(late)
    cloud.work(store)
    plan = read_plan(store, keys)
    before = _Before(store.root, keys.chunk(late.index))

    def publish_partial(assembly: Assembly) -> None:
        assert publish(before, plan, lambda _: None).metadata.analysis.status == "partial"

    # When thumbnails and evidence of the whole one are in place, and it is about to be published.
    publish(store, plan, publish_partial)

    assert read_motion(store.get(keys.motion)).analysis.status == "complete"
    beside = {key: data for key, data in published(store).items() if _BESIDE.search(key)}
    assert beside.items() <= undisturbed.items()
    assert len(beside) == sum(bool(_BESIDE.search(key)) for key in undisturbed)
    assert any("evidence/" in key for key in beside)


class _Before(FolderStore):
    """A store as it was before an object came."""

    def __init__(self, root: Path, hidden: str) -> None:
        super().__init__(root)
        self._hidden = hidden

    def get(self, key: str) -> bytes:
        if key == self._hidden:
            raise ObjectNotFoundError(key)
        return super().get(key)


def _assert_whole(
    store: ObjectStore, keys: RunKeys, index: int, undisturbed: dict[str, bytes]
) -> None:
    assert read_motion(store.get(keys.motion)).analysis.status == "complete"
    store.delete(keys.failed(index))
    assert published(store) == undisturbed
