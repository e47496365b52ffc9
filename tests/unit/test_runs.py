"""The replacement rules, one test each and one for each way around them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowtag.chunk_results import chunk_loader, chunk_states
from flowtag.contracts.chunkfile import failed_chunk, read_failed_chunk
from flowtag.contracts.metadata import MotionMetadata
from flowtag.errors import ContractError, ObjectNotFoundError
from flowtag.latest import Latest, SourceOrder, read_latest, update_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import (
    analysed_chunks,
    put_motion,
    put_plan,
    read_motion,
    read_plan,
    readable_json,
    would_change,
)
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import FolderStore
from tests.unit.run_objects import CHUNK_PTS, make_chunk, make_gap, make_metadata, make_plan

_EARLY = SourceOrder(modified_at=datetime(2026, 1, 1, tzinfo=UTC))
_LATE = SourceOrder(modified_at=datetime(2026, 1, 2, tzinfo=UTC))


class RacingStore(FolderStore):
    """Lets another writer act once, between a read and the write that follows from it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.rival: Callable[[FolderStore], object] | None = None

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        try:
            return super().get_with_etag(key)
        finally:
            if self.rival is not None:
                rival, self.rival = self.rival, None
                rival(FolderStore(self.root))


@pytest.fixture
def store(tmp_path: Path) -> RacingStore:
    return RacingStore(tmp_path)


def _motion(store: FolderStore) -> MotionMetadata:
    return read_motion(store.get(RunKeys.of(make_plan()).motion))


def test_keys_are_those_of_the_contract() -> None:
    keys = RunKeys("take-2-aaa", "take-2-bbb")
    assert keys.plan == "take-2-aaa/take-2-bbb/plan.json"
    assert keys.chunk(42) == "take-2-aaa/take-2-bbb/chunks/00042.npz"
    assert keys.failed(42) == "take-2-aaa/take-2-bbb/chunks/00042.failed.json"
    assert keys.frames == "take-2-aaa/take-2-bbb/frames.parquet"
    assert keys.beside("thumbnails/0000.jpg") == "take-2-aaa/take-2-bbb/thumbnails/0000.jpg"
    assert keys.run == "take-2-aaa/take-2-bbb/run.json"
    assert keys.motion == "take-2-aaa/take-2-bbb/motion.json"
    assert keys.latest == "take-2-aaa/latest.json"


def test_a_plan_is_read_back_as_it_was(store: FolderStore) -> None:
    plan = make_plan()
    assert put_plan(store, plan) == plan
    assert read_plan(store, RunKeys.of(plan)) == plan


def test_the_first_plan_wins(store: FolderStore) -> None:
    first = make_plan(chunks=3)
    second = make_plan(chunks=5, execution=ExecutionSettings(jobs=7))
    assert RunKeys.of(first) == RunKeys.of(second)
    put_plan(store, first)
    assert put_plan(store, second) == first
    assert read_plan(store, RunKeys.of(first)) == first


def test_a_plan_of_another_version_is_not_taken_for_one(store: FolderStore) -> None:
    plan = make_plan()
    with pytest.raises(ObjectNotFoundError):
        read_plan(store, RunKeys.of(plan))
    store.put(RunKeys.of(plan).plan, b'{"schema_name": "flowtag.plan/9"}')
    with pytest.raises(ContractError, match="another version"):
        put_plan(store, plan)


@pytest.mark.parametrize(
    "key",
    [
        "open/take-2-3f9a1c2b77d0/take-2-51380ca2b3bf.json",
        "take-2-3f9a1c2b77d0/take-2-51380ca2b3bf/chunks/00003.npz",
        "take-2-3f9a1c2b77d0/take-2-51380ca2b3bf/",
    ],
)
def test_an_object_tells_which_run_it_belongs_to(key: str) -> None:
    assert RunKeys.of_key(key) == RunKeys("take-2-3f9a1c2b77d0", "take-2-51380ca2b3bf")


@pytest.mark.parametrize("key", ["take-2-3f9a1c2b77d0/latest.json", "take 2/a/b", "../x/y", "a"])
def test_what_belongs_to_a_video_or_to_nothing_is_of_no_run(key: str) -> None:
    assert RunKeys.of_key(key) is None


def test_chunks_are_done_failed_or_missing(store: FolderStore) -> None:
    plan = make_plan()
    keys = RunKeys.of(plan)
    store.put(keys.chunk(0), make_chunk(plan.task(0)))
    store.put(keys.failed(1), failed_chunk(plan.task(1), "chunk_timeout", "slow"))
    assert chunk_states(store, plan) == ("done", "failed", "missing")


def test_a_result_beats_a_failure(store: FolderStore) -> None:
    plan = make_plan()
    keys = RunKeys.of(plan)
    store.put(keys.chunk(0), make_chunk(plan.task(0)))
    store.put(keys.failed(0), failed_chunk(plan.task(0), "chunk_timeout", "slow"))
    assert chunk_states(store, plan)[0] == "done"
    assert chunk_loader(store, plan)(0) == store.get(keys.chunk(0))


def test_the_result_of_another_task_counts_for_nothing(store: FolderStore) -> None:
    plan = make_plan()
    keys = RunKeys.of(plan)
    store.put(keys.chunk(0), make_chunk(plan.task(1)))
    store.put(keys.chunk(1), b"no chunk file at all")
    store.put(keys.failed(1), failed_chunk(plan.task(1), "chunk_timeout", "slow"))
    assert chunk_states(store, plan) == ("missing", "failed", "missing")
    load = chunk_loader(store, plan)
    assert load(0) is None
    failed = load(1)
    assert failed is not None
    assert read_failed_chunk(failed).code == "chunk_timeout"
    assert load(2) is None


def test_a_chunk_that_changes_between_two_looks_is_looked_at_again(store: FolderStore) -> None:
    plan = make_plan()
    keys = RunKeys.of(plan)
    store.put(keys.chunk(0), make_chunk(plan.task(0)))
    load = chunk_loader(store, plan)
    assert load(0) == store.get(keys.chunk(0))
    store.put(keys.chunk(0), make_chunk(plan.task(1)))
    assert load(0) is None


def test_a_first_result_is_written_and_read_back(store: FolderStore) -> None:
    plan = make_plan()
    metadata = make_metadata(plan, failed=[1])
    assert would_change(store, plan, metadata)
    assert put_motion(store, plan, metadata) == "written"
    assert _motion(store) == metadata


def test_complete_is_final(store: FolderStore) -> None:
    plan = make_plan()
    put_motion(store, plan, make_metadata(plan))
    other = make_metadata(plan, name="other.mov")
    assert not would_change(store, plan, other)
    assert put_motion(store, plan, other) == "kept"
    assert _motion(store) == make_metadata(plan)


def test_what_was_skipped_stays_skipped(store: FolderStore) -> None:
    plan = make_plan()
    standing = make_metadata(plan, failed=[0, 1, 2], status="skipped")
    put_motion(store, plan, standing)
    assert put_motion(store, plan, make_metadata(plan)) == "kept"
    assert _motion(store) == standing


def test_one_analysed_chunk_replaces_a_run_that_failed_whole(store: FolderStore) -> None:
    plan = make_plan()
    put_motion(store, plan, make_metadata(plan, failed=[0, 1, 2], status="failed"))
    assert put_motion(store, plan, make_metadata(plan, failed=[0, 2])) == "replaced"
    assert _motion(store).analysis.status == "partial"


def test_more_chunks_replace_a_partial_result(store: FolderStore) -> None:
    plan = make_plan()
    put_motion(store, plan, make_metadata(plan, failed=[0, 1]))
    assert put_motion(store, plan, make_metadata(plan, failed=[1])) == "replaced"
    assert put_motion(store, plan, make_metadata(plan)) == "replaced"
    assert _motion(store).analysis.status == "complete"


@pytest.mark.parametrize("failed", [[0, 1], [1], [2], [0]])
def test_as_many_fewer_or_other_chunks_replace_nothing(
    store: FolderStore, failed: list[int]
) -> None:
    plan = make_plan()
    standing = make_metadata(plan, failed=[1])
    put_motion(store, plan, standing)
    assert put_motion(store, plan, make_metadata(plan, failed=failed, name="x")) == "kept"
    assert _motion(store) == standing


def test_a_lost_reply_is_no_failure(store: FolderStore) -> None:
    plan = make_plan()
    for metadata in (make_metadata(plan, failed=[1]), make_metadata(plan)):
        put_motion(store, plan, metadata)
        assert put_motion(store, plan, metadata) == "unchanged"


def test_the_loser_of_the_first_write_reads_again(store: RacingStore) -> None:
    plan = make_plan()
    store.rival = lambda other: put_motion(other, plan, make_metadata(plan, failed=[0, 1]))
    assert put_motion(store, plan, make_metadata(plan, failed=[1])) == "replaced"


def test_the_loser_of_a_replacement_reads_again(store: RacingStore) -> None:
    plan = make_plan()
    put_motion(store, plan, make_metadata(plan, failed=[0, 1, 2]))
    store.rival = lambda other: put_motion(other, plan, make_metadata(plan))
    assert put_motion(store, plan, make_metadata(plan, failed=[1])) == "kept"
    assert _motion(store) == make_metadata(plan)


def test_a_damaged_result_is_reported_not_replaced(store: FolderStore) -> None:
    plan = make_plan()
    store.put(RunKeys.of(plan).motion, b'{"schema": "flowtag.motion/1"}')
    with pytest.raises(ContractError, match=r"motion\.json"):
        put_motion(store, plan, make_metadata(plan))


def test_a_result_of_a_later_version_is_read() -> None:
    data = readable_json(make_metadata(make_plan()))
    later = data.replace(b'"analysis": {', b'"gate": [], "analysis": {"new": 1,')
    assert read_motion(later) == make_metadata(make_plan())


@pytest.mark.parametrize("failed", [[], [0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]])
def test_the_analysed_chunks_are_read_from_the_gaps(failed: list[int]) -> None:
    plan = make_plan()
    expected = {0, 1, 2} - set(failed)
    assert analysed_chunks(plan, make_metadata(plan, failed=failed)) == expected


def test_gaps_of_neighbours_may_be_one_and_gaps_within_a_chunk_are_none() -> None:
    plan = make_plan(chunks=4)
    gaps = [make_gap(CHUNK_PTS, 3 * CHUNK_PTS), make_gap(10, 20), make_gap(310, 390)]
    assert analysed_chunks(plan, make_metadata(plan, gaps=gaps)) == {0, 3}


def test_a_number_that_is_none_is_not_written() -> None:
    metadata = make_metadata(make_plan())
    video = metadata.video.model_copy(update={"duration_seconds": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        readable_json(metadata.model_copy(update={"video": video}))


def _plan_run(store: FolderStore, preset: str, minutes: int) -> RunKeys:
    """A run that was planned so many minutes after a fixed time."""
    plan = make_plan(settings=AnalysisSettings(preset=preset))
    put_plan(store, plan)
    at = datetime(2026, 1, 3, tzinfo=UTC) + timedelta(minutes=minutes)
    keys = RunKeys.of(plan)
    os.utime(store.path(keys.plan), (at.timestamp(), at.timestamp()))
    return keys


def _latest(store: FolderStore, keys: RunKeys) -> Latest:
    return read_latest(store.get(keys.latest))


def test_the_first_run_is_the_latest(store: FolderStore) -> None:
    keys = _plan_run(store, "fast", 0)
    assert update_latest(store, keys, _EARLY)
    latest = _latest(store, keys)
    assert latest.run_id == keys.run_id
    assert latest.motion == keys.motion
    assert latest.planned_at == datetime(2026, 1, 3, tzinfo=UTC)


def test_a_later_content_is_the_latest_whenever_planned(store: FolderStore) -> None:
    old, new = _plan_run(store, "fast", 5), _plan_run(store, "best", 0)
    update_latest(store, old, _EARLY)
    assert update_latest(store, new, _LATE)
    assert not update_latest(store, old, _EARLY)
    assert _latest(store, new).run_id == new.run_id


def test_of_one_content_the_later_plan_is_the_latest(store: FolderStore) -> None:
    old, new = _plan_run(store, "fast", 0), _plan_run(store, "best", 5)
    update_latest(store, old, _EARLY)
    assert update_latest(store, new, _EARLY)
    assert _latest(store, new).run_id == new.run_id


def test_to_finish_later_is_not_to_be_newer(store: FolderStore) -> None:
    old, new = _plan_run(store, "fast", 0), _plan_run(store, "best", 5)
    update_latest(store, new, _EARLY)
    assert not update_latest(store, old, _EARLY)
    assert _latest(store, new).run_id == new.run_id


def test_within_one_second_the_sequence_decides(store: FolderStore) -> None:
    old, new = _plan_run(store, "fast", 5), _plan_run(store, "best", 0)
    update_latest(store, old, _EARLY.model_copy(update={"sequence": "0055AED6"}))
    assert update_latest(store, new, _EARLY.model_copy(update={"sequence": "0055AED7"}))


def test_the_loser_of_a_move_reads_again(store: RacingStore) -> None:
    old, new = _plan_run(store, "fast", 0), _plan_run(store, "best", 5)
    store.rival = lambda other: update_latest(other, new, _EARLY)
    assert not update_latest(store, old, _EARLY)
    store.rival = lambda other: update_latest(other, old, _LATE)
    assert update_latest(store, new, _LATE)
    assert _latest(store, new).run_id == new.run_id


def test_a_pointer_that_cannot_be_read_is_replaced(store: FolderStore) -> None:
    keys = _plan_run(store, "fast", 0)
    store.put(keys.latest, b"{")
    assert update_latest(store, keys, _EARLY)
    assert _latest(store, keys).run_id == keys.run_id
