from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowtag.contracts.messages import Plan
from flowtag.dispatching import (
    dispatch,
    dispatch_count,
    goes_since_asked,
    read_dispatch,
    redispatch,
)
from flowtag.errors import ContractError, NotHandedOutError, StorageError
from flowtag.run_keys import RunKeys
from flowtag.storage import FolderStore
from tests.unit.run_objects import make_chunk, make_plan


class Handed:
    """Workers that only note what they were handed."""

    def __init__(
        self, *, may_repeat: bool = True, broken: bool = False, refusing: bool = False
    ) -> None:
        self.may_repeat = may_repeat
        self.broken = broken
        self.refusing = refusing
        self.chunks: list[int] = []

    def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        if self.broken:
            raise StorageError("the queue is away")
        if self.refusing:
            raise NotHandedOutError("the job's definition is not there")
        self.chunks += chunks

    def has_backlog(self) -> bool:
        return False


class ReadTogether(FolderStore):
    """A folder whose readers all have read before any of them writes."""

    def __init__(self, root: Path, read: threading.Barrier) -> None:
        super().__init__(root)
        self._read = read

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        found = super().get_with_etag(key)
        self._read.wait(10)
        return found


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_all_chunks_are_handed_out_at_first(store: FolderStore) -> None:
    workers = Handed()
    assert dispatch(store, make_plan(3), workers) == (0, 1, 2)
    assert workers.chunks == [0, 1, 2]


def test_what_has_a_result_is_not_handed_out(store: FolderStore) -> None:
    plan, workers = make_plan(3), Handed()
    store.put(RunKeys.of(plan).chunk(1), make_chunk(plan.task(1)))
    dispatch(store, plan, workers)
    assert workers.chunks == [0, 2]


def test_a_second_delivery_hands_out_nothing(store: FolderStore) -> None:
    plan, workers = make_plan(3), Handed()
    dispatch(store, plan, workers)
    assert dispatch(store, plan, workers) == ()
    assert workers.chunks == [0, 1, 2]


def test_a_queue_that_was_away_is_tried_again(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed()
    with pytest.raises(StorageError):
        dispatch(store, plan, Handed(broken=True))
    assert dispatch(store, plan, workers) == (0, 1)


def test_a_job_that_may_have_been_submitted_is_not_submitted_again(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed(may_repeat=False)
    with pytest.raises(StorageError):
        dispatch(store, plan, Handed(may_repeat=False, broken=True))
    assert dispatch(store, plan, workers) == ()


def test_a_job_that_was_refused_is_submitted_once_by_the_next_go(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed(may_repeat=False)
    with pytest.raises(NotHandedOutError):
        dispatch(store, plan, Handed(may_repeat=False, refusing=True))
    assert [dispatch(store, plan, workers) for _ in range(2)] == [(0, 1), ()]
    assert workers.chunks == [0, 1]
    assert dispatch_count(store, plan) == 1


def test_a_job_may_be_refused_again_and_again(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed(may_repeat=False)
    for _ in range(2):
        with pytest.raises(NotHandedOutError):
            dispatch(store, plan, Handed(may_repeat=False, refusing=True))
    assert dispatch(store, plan, workers) == (0, 1)


def test_a_refused_job_whose_next_reply_is_lost_is_not_submitted_again(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed(may_repeat=False)
    for fault in ({"refusing": True}, {"broken": True}):
        with pytest.raises(StorageError):
            dispatch(store, plan, Handed(may_repeat=False, **fault))
    assert dispatch(store, plan, workers) == ()


def test_a_refused_job_that_was_redriven_is_not_submitted_again(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed(may_repeat=False)
    with pytest.raises(NotHandedOutError):
        dispatch(store, plan, Handed(may_repeat=False, refusing=True))
    redispatch(store, plan, workers, by_hand=False)
    assert dispatch(store, plan, workers) == ()
    assert workers.chunks == [0, 1]


def test_of_two_goes_at_a_refused_job_one_submits_it(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed(may_repeat=False)
    with pytest.raises(NotHandedOutError):
        dispatch(store, plan, Handed(may_repeat=False, refusing=True))
    read = threading.Barrier(2)

    def go(_: int) -> tuple[int, ...]:
        return dispatch(ReadTogether(store.root, read), plan, workers)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(go, range(2))) == [(), (0, 1)]
    assert workers.chunks == [0, 1]


def test_a_redrive_takes_what_is_missing(store: FolderStore) -> None:
    plan, workers = make_plan(3), Handed()
    dispatch(store, plan, Handed())
    store.put(RunKeys.of(plan).chunk(0), make_chunk(plan.task(0)))
    store.put(RunKeys.of(plan).failed(1), b"{}")
    assert redispatch(store, plan, workers, by_hand=False) == (2,)
    assert dispatch_count(store, plan) == 2


def test_a_redrive_by_hand_takes_what_failed_too(store: FolderStore) -> None:
    plan, workers = make_plan(3), Handed()
    store.put(RunKeys.of(plan).chunk(0), make_chunk(plan.task(0)))
    store.put(RunKeys.of(plan).failed(1), b"{}")
    assert redispatch(store, plan, workers, by_hand=True) == (1, 2)


def test_goes_are_counted_anew_once_a_person_asks(store: FolderStore) -> None:
    plan, workers = make_plan(2), Handed()
    dispatch(store, plan, workers)
    for _ in range(3):
        redispatch(store, plan, workers, by_hand=False)
    assert goes_since_asked(store, plan) == 4
    redispatch(store, plan, workers, by_hand=True)
    assert goes_since_asked(store, plan) == 1
    redispatch(store, plan, workers, by_hand=False)
    assert (goes_since_asked(store, plan), dispatch_count(store, plan)) == (2, 6)


def test_a_record_says_what_was_handed_out(store: FolderStore) -> None:
    plan = make_plan(2)
    dispatch(store, plan, Handed())
    record = read_dispatch(store, RunKeys.of(plan).dispatch(1))
    assert record.chunks == (0, 1)
    assert record.sent


def test_a_damaged_record_is_an_error(store: FolderStore) -> None:
    plan = make_plan(2)
    store.put(RunKeys.of(plan).dispatch(1), b"{")
    with pytest.raises(ContractError, match="damaged"):
        dispatch(store, plan, Handed())
