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
    """Reads ahead while it is asked for one after the other, in order, however many times over.

    Ten thousand chunks at 20 ms each are more than three minutes one by one. The last one is kept;
    a jump reads nothing ahead.

    Args:
        load: reads by index; may be called by several threads.
        count: indices lie below this.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        ahead = _ReadAhead(load, count, threads)
        try:
            yield ahead.take
        finally:
            ahead.cancel()


class _ReadAhead:
    """What was asked for last, and what will be if it goes on so."""

    def __init__(self, load: Load, count: int, threads: ThreadPoolExecutor) -> None:
        self._load = load
        self._count = count
        self._threads = threads
        self._under_way: dict[int, Future[bytes | None]] = {}
        self._last: tuple[int, bytes | None] | None = None

    def take(self, index: int) -> bytes | None:
        if self._last is not None and self._last[0] == index:
            return self._last[1]
        goes_on = index == 0 or (self._last is not None and index == self._last[0] + 1)
        for other in range(index, min(index + AHEAD, self._count) if goes_on else index + 1):
            if other not in self._under_way:
                self._under_way[other] = self._threads.submit(self._load, other)
        for passed in [other for other in self._under_way if not index <= other < index + AHEAD]:
            self._under_way.pop(passed).cancel()
        self._last = (index, self._under_way.pop(index).result())
        return self._last[1]

    def cancel(self) -> None:
        for future in self._under_way.values():
            future.cancel()
