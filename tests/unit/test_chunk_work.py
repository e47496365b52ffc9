from __future__ import annotations

from pathlib import Path

import pytest

from flowtag.chunk_work import carry_out, record_failure
from flowtag.contracts.chunkfile import read_failed_chunk
from flowtag.contracts.messages import ChunkTask
from flowtag.errors import BrokenMediaError, StorageError
from flowtag.run_keys import RunKeys
from flowtag.storage import FolderStore
from tests.unit.run_objects import make_chunk, make_plan

PLAN = make_plan(2)
KEYS = RunKeys.of(PLAN)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def analyze(task: ChunkTask) -> bytes:
    return make_chunk(task)


def fail_for_good(task: ChunkTask) -> bytes:
    raise BrokenMediaError("nothing can be decoded")


def fail_for_now(task: ChunkTask) -> bytes:
    raise StorageError("S3 is away")


def test_a_result_is_written(store: FolderStore) -> None:
    assert carry_out(store, PLAN.task(1), analyze) == "analysed"
    assert store.get(KEYS.chunk(1)) == make_chunk(PLAN.task(1))


def test_what_is_done_is_not_done_again(store: FolderStore) -> None:
    carry_out(store, PLAN.task(1), analyze)
    assert carry_out(store, PLAN.task(1), fail_for_good) == "already_done"


def test_the_result_of_another_task_is_replaced(store: FolderStore) -> None:
    store.put(KEYS.chunk(1), make_chunk(PLAN.task(0)))
    assert carry_out(store, PLAN.task(1), analyze) == "analysed"


def test_a_failure_for_good_is_recorded_with_its_task(store: FolderStore) -> None:
    assert carry_out(store, PLAN.task(1), fail_for_good) == "failed"
    failed = read_failed_chunk(store.get(KEYS.failed(1)))
    assert failed.task == PLAN.task(1)
    assert (failed.code, failed.message) == ("broken", "nothing can be decoded")


def test_a_failure_that_may_pass_writes_nothing(store: FolderStore) -> None:
    with pytest.raises(StorageError):
        carry_out(store, PLAN.task(1), fail_for_now)
    assert list(store.list("")) == []


def test_a_dead_letter_of_a_chunk_that_is_done_records_nothing(store: FolderStore) -> None:
    carry_out(store, PLAN.task(1), analyze)
    assert not record_failure(store, PLAN.task(1), "chunk_lost", "late")
    assert list(store.list(KEYS.chunks)) == [KEYS.chunk(1)]
