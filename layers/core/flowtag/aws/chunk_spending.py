"""What a run's workers noted beside its chunks, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from flowtag.aws.s3_store import S3Store
from flowtag.contracts.messages import Plan
from flowtag.errors import StorageError
from flowtag.run_keys import RunKeys
from flowtag.spent import Spent, total

_CALLS_AT_A_TIME = 32


def spent_on(store: S3Store, plan: Plan, chunks: Sequence[int]) -> Spent:
    """What the results of chunks took; None where one of them does not tell.

    Work of which no result stands (a worker that died, a chunk that came twice) is not in it.
    """
    keys = RunKeys.of(plan)

    def of_chunk(index: int) -> Spent:
        try:
            return Spent.of_notes(store.notes(keys.chunk(index)))
        except StorageError:
            # A figure for people is no reason to hold back a result.
            return Spent()

    with ThreadPoolExecutor(_CALLS_AT_A_TIME) as threads:
        return total(threads.map(of_chunk, chunks))
