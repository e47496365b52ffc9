from __future__ import annotations

import threading
from collections import Counter

from flowtag.prefetching import AHEAD, Load, prefetched

COUNT = 200


class Counted:
    """Objects that count how often each is read."""

    def __init__(self) -> None:
        self.reads: Counter[int] = Counter()
        self._lock = threading.Lock()

    def load(self, index: int) -> bytes | None:
        with self._lock:
            self.reads[index] += 1
        return None if index == 7 else str(index).encode()


def _taken(load: Load, indices: list[int]) -> list[bytes | None]:
    return [load(index) for index in indices]


def test_what_is_read_in_order_is_read_once_and_comes_in_order() -> None:
    counted = Counted()
    with prefetched(counted.load, COUNT) as load:
        taken = _taken(load, list(range(COUNT)))
    assert taken == [counted.load(index) for index in range(COUNT)]
    assert set(counted.reads.values()) == {2}


def test_it_may_be_read_again_from_the_start() -> None:
    counted = Counted()
    with prefetched(counted.load, COUNT) as load:
        assert _taken(load, list(range(COUNT))) == _taken(load, list(range(COUNT)))


def test_the_same_one_again_is_not_read_again() -> None:
    counted = Counted()
    with prefetched(counted.load, COUNT) as load:
        _taken(load, [50, 50, 50])
    assert counted.reads == {50: 1}


def test_a_jump_reads_nothing_ahead() -> None:
    counted = Counted()
    with prefetched(counted.load, COUNT) as load:
        _taken(load, [150, 90, 20, 160])
    assert counted.reads == {150: 1, 90: 1, 20: 1, 160: 1}


def test_no_more_is_held_than_a_bound() -> None:
    counted = Counted()
    with prefetched(counted.load, COUNT) as load:
        load(0)
    assert len(counted.reads) <= AHEAD
