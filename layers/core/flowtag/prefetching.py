"""Reading many objects of a store ahead of who takes them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

Load = Callable[[int], bytes | None]

THREADS = 16
AHEAD = 32
"""So many are held at most: at 100 KB each, a few MB."""


@contextmanager
def prefetched(load: Load, count: int) -> Iterator[Load]:
    """Reads ahead, while it is asked for one after the other, in order, however many times over.

    Ten thousand chunks at 20 ms each are more than three minutes one by one.

    Args:
        load: reads by index; may be called by several threads.
        count: indices lie below this.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        under_way: dict[int, Future[bytes | None]] = {}

        def load_ahead(index: int) -> bytes | None:
            for other in range(index, min(index + AHEAD, count)):
                if other not in under_way:
                    under_way[other] = threads.submit(load, other)
            for passed in [other for other in under_way if not index <= other < index + AHEAD]:
                under_way.pop(passed).cancel()
            return under_way.pop(index).result()

        try:
            yield load_ahead
        finally:
            for future in under_way.values():
                future.cancel()
