"""The catalog is the same however it came about, and nothing is lost on the way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtag.catalog import CHANGES, add_to_catalog, compact, parse_catalog, read_catalog
from flowtag.catalog_entry import CATALOG_KEY, CatalogEntry
from flowtag.catalog_reader import CatalogReader
from flowtag.contracts.messages import Plan
from flowtag.contracts.metadata import MotionMetadata
from flowtag.errors import ContractError
from flowtag.latest import SourceOrder, update_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import put_motion, put_plan, read_motion
from flowtag.storage import FolderStore
from tests.unit.dying_store import Died, DyingStore
from tests.unit.run_objects import CHUNK_PTS, make_metadata, make_plan, make_source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHUNKS = 4

# A result: which video, which content of it, which of its chunks failed. The later content came
# later to its place.
Result = tuple[str, int, tuple[int, ...]]
RESULTS: tuple[Result, ...] = tuple(
    (name, content, failed)
    for name in ("a.mov", "b.mov")
    for content in (1, 2)
    for failed in ((), (1,), (2,), (1, 2))
)


class Events:
    """Adds results to a store's catalog."""

    def __init__(self, store: FolderStore) -> None:
        self.store = store

    def add(self, result: Result) -> None:
        plan, metadata = described(result)
        add_to_catalog(self.store, metadata, RunKeys.of(plan), order_of(result))


def described(result: Result) -> tuple[Plan, MotionMetadata]:
    name, content, failed = result
    plan = make_plan(CHUNKS, make_source(name, f"content {content}"))
    metadata = make_metadata(plan, failed)
    decoded = CHUNK_PTS * (CHUNKS - len(failed))
    frames = metadata.analysis.frames.model_copy(update={"decoded": decoded})
    analysis = metadata.analysis.model_copy(update={"frames": frames})
    return plan, metadata.model_copy(update={"analysis": analysis})


def order_of(result: Result) -> SourceOrder:
    return SourceOrder(modified_at=NOON + timedelta(minutes=result[1]), sequence=str(result[1]))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return planned(FolderStore(tmp_path / "store"))


def planned(store: FolderStore) -> FolderStore:
    for result in RESULTS:
        put_plan(store, described(result)[0])
    return store


def seen(entries: Sequence[CatalogEntry]) -> list[tuple[str, str, str, int]]:
    return [
        (entry.name, entry.source.sequence, entry.status, entry.analysed_frames)
        for entry in entries
    ]


def test_a_result_is_seen_at_once_and_after_compaction(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, ()))
    before = read_catalog(store)
    compact(store)

    assert seen(before) == [("a.mov", "1", "complete", 400)]
    assert read_catalog(store) == before == parse_catalog(store.get(CATALOG_KEY))
    assert list(store.list(CHANGES)) == []


def test_an_entry_says_what_motion_json_says(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, (1,)))
    plan, _ = described(("a.mov", 1, ()))

    (entry,) = read_catalog(store)

    assert (entry.video_id, entry.run_id) == (plan.video_id, plan.run_id)
    assert (entry.uri, entry.name) == ("/media/a.mov", "a.mov")
    assert entry.duration_seconds == 16.0
    assert entry.level_seconds == {"high": 16.0}
    assert entry.camera == ["pan_right"]
    assert entry.peak is not None
    assert (entry.peak.seconds, entry.peak.speed, entry.peak.thumbnail) == (2.0, 0.6, None)
    assert entry.motion == RunKeys.of(plan).motion
    assert entry.reason == "00:00:04:00 to 00:00:08:00: chunk_failed: no reason"
    assert entry.gap_seconds == 4.0
    assert entry.planned_at == store.written_at(RunKeys.of(plan).plan)


@pytest.mark.parametrize(
    ("pictured", "named"),
    [((), ()), ((2, 5), (2, 5)), (tuple(range(10)), (1, 3, 5, 7, 9))],
)
def test_an_entry_names_pictures_that_exist_spread_over_the_video(
    store: FolderStore, pictured: tuple[int, ...], named: tuple[int, ...]
) -> None:
    plan, metadata = described(RESULTS[0])
    (template,) = metadata.segments[:1]
    segments = [
        template.model_copy(
            update={"index": n, "thumbnail": f"thumbnails/{n}.jpg" if n in pictured else None}
        )
        for n in range(10)
    ]
    add_to_catalog(
        store,
        metadata.model_copy(update={"segments": segments}),
        RunKeys.of(plan),
        order_of(RESULTS[0]),
    )

    (entry,) = read_catalog(store)

    assert entry.thumbnails == [f"thumbnails/{n}.jpg" for n in named]


def test_the_same_event_twice_writes_one_object(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, ()))
    Events(store).add(("a.mov", 1, ()))

    assert len(list(store.list(CHANGES))) == 1


def test_newest_first(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, ()))
    Events(store).add(("b.mov", 2, ()))

    assert [entry.name for entry in read_catalog(store)] == ["b.mov", "a.mov"]


def test_a_complete_result_takes_the_place_of_a_partial_one(store: FolderStore) -> None:
    for failed in ((), (1,)):
        Events(store).add(("a.mov", 1, failed))
        compact(store)

    assert seen(read_catalog(store)) == [("a.mov", "1", "complete", 400)]


def test_an_older_content_never_takes_the_place_of_a_newer_one(store: FolderStore) -> None:
    Events(store).add(("a.mov", 2, (1, 2)))
    compact(store)
    Events(store).add(("a.mov", 1, ()))

    assert seen(read_catalog(store)) == [("a.mov", "2", "partial", 200)]


def test_the_catalog_and_latest_json_agree(store: FolderStore) -> None:
    for result in (("a.mov", 2, ()), ("a.mov", 1, ())):
        plan, metadata = described(result)
        put_motion(store, plan, metadata)
        Events(store).add(result)
        update_latest(store, RunKeys.of(plan), order_of(result))

    (entry,) = read_catalog(store)
    latest = json.loads(store.get(RunKeys(entry.video_id, entry.run_id).latest))

    assert entry.motion == latest["motion"]
    assert read_motion(store.get(entry.motion)).video.id == entry.video_id


def test_a_video_that_could_not_be_planned_is_listed_with_its_reason(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    plan = make_plan(source=make_source("broken.mov"))
    metadata = make_metadata(plan, status="failed")
    failed = metadata.analysis.model_copy(update={"reason": "nothing can be decoded"})
    metadata = metadata.model_copy(update={"analysis": failed, "segments": [], "shots": []})
    put_motion(store, plan, metadata)

    add_to_catalog(store, metadata, RunKeys.of(plan), SourceOrder(modified_at=NOON))

    (entry,) = read_catalog(store)
    assert (entry.status, entry.reason, entry.peak) == ("failed", "nothing can be decoded", None)


results = st.sampled_from(RESULTS)
COMPACT = "compact"


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sets(results, min_size=1).flatmap(lambda chosen: st.tuples(*[scrambled(chosen)] * 2)))
def test_any_order_repetition_and_compaction_give_the_same_catalog(
    histories: tuple[list[Result | str], list[Result | str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = planned(FolderStore(Path(folder, "store")))
        catalogs = [after(store, history) for history in histories]

    assert catalogs[0] == catalogs[1]


def scrambled(chosen: set[Result]) -> st.SearchStrategy[list[Result | str]]:
    """Each chosen result at least once, in any order, with repetitions and compactions between."""
    once: list[Result | str] = [*sorted(chosen)]
    more = st.lists(st.sampled_from([*once, COMPACT]), max_size=8)
    return more.flatmap(lambda extra: st.permutations([*once, *extra]))


def after(store: FolderStore, history: list[Result | str]) -> tuple[bytes, list[CatalogEntry]]:
    for key in list(store.list("catalog/")):
        store.delete(key)
    for event in history:
        if isinstance(event, str):
            compact(store)
        else:
            Events(store).add(event)
    before = read_catalog(store)
    compact(store)
    assert read_catalog(store) == before
    return store.get(CATALOG_KEY), before


@pytest.mark.parametrize("dies_after", range(1, 5))
def test_a_compaction_may_die_after_any_of_its_writes(tmp_path: Path, dies_after: int) -> None:
    store = planned(FolderStore(tmp_path / "store"))
    for result in (("a.mov", 1, ()), ("a.mov", 2, ()), ("b.mov", 1, ())):
        Events(store).add(result)
    expected = read_catalog(store)

    with pytest.raises(Died):
        compact(DyingStore(store, dies_after))

    assert read_catalog(store) == expected
    compact(store)
    assert parse_catalog(store.get(CATALOG_KEY)) == expected
    assert list(store.list(CHANGES)) == []


def test_compactions_that_race_lose_nothing(store: FolderStore) -> None:
    def act(index: int) -> None:
        if index % 3 == 0:
            compact(store)
        else:
            Events(store).add(RESULTS[index % len(RESULTS)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(96)))
    compact(store)

    assert seen(parse_catalog(store.get(CATALOG_KEY))) == [
        ("b.mov", "2", "complete", 400),
        ("a.mov", "2", "complete", 400),
    ]


class CompactedBetween(FolderStore):
    """Another compacts just after the changes were listed, and then after they were read."""

    def __init__(self, root: Path, after_list: bool) -> None:
        super().__init__(root)
        self._after_list = after_list

    def list(self, prefix: str) -> Iterator[str]:
        keys = [*super().list(prefix)]
        if self._after_list:
            compact(FolderStore(self.root))
        return iter(keys)

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        if key == CATALOG_KEY:
            compact(FolderStore(self.root))
        return super().get_with_etag(key)


@pytest.mark.parametrize("after_list", [True, False])
@pytest.mark.parametrize("read", [read_catalog, lambda store: CatalogReader(store).read()])
def test_a_reader_misses_nothing_while_another_compacts(
    store: FolderStore,
    after_list: bool,
    read: Callable[[FolderStore], list[CatalogEntry]],
) -> None:
    Events(store).add(("a.mov", 1, ()))

    entries = read(CompactedBetween(store.root, after_list))

    assert seen(entries) == [("a.mov", "1", "complete", 400)]


def test_a_damaged_change_blocks_no_other(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, ()))
    store.put(f"{CHANGES}b/b-complete-000.json", b"{")

    compaction = compact(store)

    assert (compaction.merged, compaction.unreadable) == (1, (f"{CHANGES}b/b-complete-000.json",))
    assert len(read_catalog(store)) == 1
    assert store.get(f"{CHANGES}b/b-complete-000.json") == b"{"


def test_a_damaged_catalog_is_not_written_over(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, ()))
    store.put(CATALOG_KEY, b"{}")

    with pytest.raises(ContractError):
        compact(store)

    assert store.get(CATALOG_KEY) == b"{}"
    assert len(list(store.list(CHANGES))) == 1


class CountingStore(FolderStore):
    """Counts what is read whole."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[str] = []

    def get(self, key: str) -> bytes:
        self.read.append(key)
        return super().get(key)

    def get_if_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        found = FolderStore(self.root).get_if_changed(key, etag)
        self.read += [key] if found else []
        return found


def test_a_reader_reads_nothing_twice(store: FolderStore) -> None:
    Events(store).add(("a.mov", 1, ()))
    compact(store)
    Events(store).add(("b.mov", 1, ()))
    counting = CountingStore(store.root)
    reader = CatalogReader(counting)

    assert reader.read() == reader.read() == read_catalog(store)
    assert len(counting.read) == 2


def test_a_reader_sees_what_came_and_what_was_compacted(store: FolderStore) -> None:
    reader = CatalogReader(store)
    assert reader.read() == []
    Events(store).add(("a.mov", 1, (1,)))
    assert seen(reader.read()) == [("a.mov", "1", "partial", 300)]
    compact(store)
    assert seen(reader.read()) == [("a.mov", "1", "partial", 300)]
    Events(store).add(("a.mov", 1, ()))
    assert seen(reader.read()) == [("a.mov", "1", "complete", 400)]
    for key in list(store.list("catalog/")):
        store.delete(key)
    assert reader.read() == []
