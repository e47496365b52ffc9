"""A file that is fetched by ranges reads as any file does, and fetches little."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.errors import StorageError
from flowtag.video.media import FIRST_READ_BYTES, RangedFile

CONTENT = random.Random(1).randbytes(2_000_000)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seek"), st.integers(0, len(CONTENT) + 10), st.just(io.SEEK_SET)),
        st.tuples(st.just("seek"), st.integers(-len(CONTENT), 10), st.just(io.SEEK_END)),
        st.tuples(st.just("read"), st.integers(-1, 700_000), st.just(0)),
    ),
    max_size=12,
)


def ranged(content: bytes, **options: int) -> RangedFile:
    return RangedFile(lambda start, end: content[start:end], len(content), **options)


@given(STEPS)
def test_it_reads_as_a_file_in_memory_does(steps: list[tuple[str, int, int]]) -> None:
    near, far = io.BytesIO(CONTENT), ranged(CONTENT, max_read_bytes=300_000)
    for step, number, whence in steps:
        if step == "seek":
            assert far.seek(number, whence) == near.seek(number, whence)
        else:
            assert far.read(number) == near.read(number)
        assert far.tell() == near.tell()


def test_a_fetch_that_gives_less_than_asked_loses_nothing() -> None:
    file = RangedFile(lambda start, end: CONTENT[start : min(end, start + 1000)], len(CONTENT))
    assert file.read(50_000) == CONTENT[:50_000]


def test_a_jump_fetches_little() -> None:
    file = ranged(CONTENT)
    file.seek(1_000_000)
    file.read(10)
    assert file.fetched_bytes == FIRST_READ_BYTES


def test_reading_on_takes_few_fetches_of_bounded_size() -> None:
    lengths: list[int] = []

    def fetch(start: int, end: int) -> bytes:
        lengths.append(end - start)
        return CONTENT[start:end]

    file = RangedFile(fetch, len(CONTENT), max_read_bytes=400_000)
    while file.read(32_768):
        pass
    assert sum(lengths) == len(CONTENT)
    assert max(lengths) == 400_000
    assert len(lengths) < 10


def test_stepping_back_and_forth_fetches_once() -> None:
    file = ranged(CONTENT)
    for _ in range(5):
        for position in (0, 1_500_000):
            file.seek(position)
            file.read(100)
    assert file.fetched_bytes == 2 * FIRST_READ_BYTES


def test_a_failure_is_raised_again_and_kept() -> None:
    def fail(start: int, end: int) -> bytes:
        raise StorageError("away")

    file = RangedFile(fail, 100)
    for _ in range(2):
        with pytest.raises(StorageError, match="away"):
            file.read(1)
    assert isinstance(file.failure, StorageError)


def test_no_position_lies_before_the_start() -> None:
    with pytest.raises(ValueError, match="-1"):
        ranged(CONTENT).seek(-1)
