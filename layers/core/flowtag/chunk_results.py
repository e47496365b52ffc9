"""How far the chunks of a run are, and what they hold: a result always beats a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from zlib import crc32

from flowtag.contracts.messages import Plan
from flowtag.errors import ObjectNotFoundError
from flowtag.run_keys import RunKeys
from flowtag.storage import ObjectStore

ChunkState = Literal["done", "failed", "missing"]


def chunk_names(store: ObjectStore, plan: Plan) -> tuple[ChunkState, ...]:
    """How far each chunk seems to be by the names of objects alone: one listing, nothing read."""
    return _states(store, plan, lambda index: True)


def chunk_states(store: ObjectStore, plan: Plan) -> tuple[ChunkState, ...]:
    """How far each chunk is.

    A chunk is done by a file that answers this very task: one of another task, or a damaged one,
    counts for nothing. Done beats failed.
    """
    return _states(store, plan, lambda index: _read_chunk(store, plan, index) is not None)


def _states(
    store: ObjectStore, plan: Plan, counts: Callable[[int], bool]
) -> tuple[ChunkState, ...]:
    keys = RunKeys.of(plan)
    present = set(store.list(keys.chunks))

    def state(index: int) -> ChunkState:
        if keys.chunk(index) in present and counts(index):
            return "done"
        return "failed" if keys.failed(index) in present else "missing"

    return tuple(state(index) for index in range(len(plan.chunks)))


def chunk_loader(
    store: ObjectStore, plan: Plan, fetch: Callable[[int], bytes | None] | None = None
) -> Callable[[int], bytes | None]:
    """Reads, by index: the features of a chunk, else why it has none, else None.

    Args:
        store: where the run is.
        plan: of the run.
        fetch: gets what stands in a chunk's place, as :func:`chunk_fetcher` does.
    """
    keys = RunKeys.of(plan)
    fetch = fetch or chunk_fetcher(store, plan)
    # A chunk is asked for several times over, and to read it whole each time costs most.
    answering: dict[int, int] = {}

    def load(index: int) -> bytes | None:
        data = fetch(index)
        if data is not None and answering.get(index) == crc32(data):
            return data
        chunk = _answering(plan, index, data)
        if chunk is None:
            return _get_or_none(store, keys.failed(index))
        answering[index] = crc32(chunk)
        return chunk

    return load


def chunk_fetcher(store: ObjectStore, plan: Plan) -> Callable[[int], bytes | None]:
    """Gets, by index, what stands in a chunk's place, unread; None if nothing does.

    It parses nothing, so any number of threads may call it: ``ast``, by which numpy reads the
    headers of arrays, fails in threads before Python 3.11.9 (cpython issue 106905).
    """
    keys = RunKeys.of(plan)
    return lambda index: _get_or_none(store, keys.chunk(index))


def _read_chunk(store: ObjectStore, plan: Plan, index: int) -> bytes | None:
    return _answering(plan, index, _get_or_none(store, RunKeys.of(plan).chunk(index)))


def _answering(plan: Plan, index: int, data: bytes | None) -> bytes | None:
    # Brings numpy along, which a function that only looks at names does without.
    from flowtag.contracts.chunkfile import read_task_digest

    if data is None or read_task_digest(data) != plan.task(index).digest():
        return None
    return data


def _get_or_none(store: ObjectStore, key: str) -> bytes | None:
    try:
        return store.get(key)
    except ObjectNotFoundError:
        return None
