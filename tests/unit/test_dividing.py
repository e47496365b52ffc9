"""Chunks that would run past their host's limit: made-up videos, an hour of one tick a second."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.dividing import ChunkWork, divide
from flowtag.effort import WorkRate
from flowtag.video.indexing import PacketIndex
from flowtag.video.rates import Cadence

HOUR = 3600
ALIKE = WorkRate(decoding=0.1, analysing=0.1)
WHOLE = ChunkRange(start_pts=None, end_pts=None)


def work_of(
    keys: Sequence[int] = (0,),
    rate: WorkRate = ALIKE,
    end: int | None = HOUR,
    clean: bool = True,
    source: Literal["scan", "none"] = "scan",
) -> ChunkWork:
    probe = VideoProbe(
        container="mov",
        codec="h264",
        stream_index=0,
        width=64,
        height=64,
        pixel_format="yuv420p",
        time_base=Fraction(1),
        frame_rate=Fraction(25),
        start_pts=0,
        end_pts=end,
    )
    index = PacketIndex(
        key_pts=np.array(keys, np.int64),
        frame_pts=None,
        end_pts=end,
        clean=clean,
        source=source,
        cadence=Cadence(Fraction(25), False),
        frame_count=None,
    )
    return ChunkWork(probe, index, rate)


def borders(chunks: Sequence[ChunkRange]) -> list[int | None]:
    assert all(one.end_pts == two.start_pts for one, two in pairwise(chunks))
    return [chunks[0].start_pts, *(chunk.end_pts for chunk in chunks)]


def test_what_comes_before_a_part_since_its_key_frame_is_decoded_too() -> None:
    work = work_of(keys=(0, 1000))
    part = ChunkRange(start_pts=1500, end_pts=1600)
    assert work.cpu_seconds(part) == pytest.approx(600 * 0.1 + 100 * 0.1)


def test_where_files_are_entered_by_time_nothing_comes_before() -> None:
    work = work_of(keys=(), source="none")
    part = ChunkRange(start_pts=1500, end_pts=1600)
    assert work.cpu_seconds(part) == pytest.approx(100 * 0.2)


def test_without_trusted_times_decoding_begins_at_the_start() -> None:
    work = work_of(keys=(0, 1000), clean=False)
    part = ChunkRange(start_pts=1500, end_pts=1600)
    assert work.cpu_seconds(part) == pytest.approx(1600 * 0.1 + 100 * 0.1)


def test_chunks_that_are_done_in_half_their_time_stay_whole() -> None:
    assert divide([WHOLE], work_of(), 1440) == (WHOLE,)


def test_a_chunk_without_key_frames_in_it_is_divided_by_time() -> None:
    # All of it takes 720 s. In halves the second takes 360 s to decode and 180 to analyse, in
    # thirds the last 360 and 120.
    assert borders(divide([WHOLE], work_of(), 1100)) == [None, 1800, None]
    assert borders(divide([WHOLE], work_of(), 1000)) == [None, 1200, 2400, None]


def test_a_chunk_that_half_its_time_can_never_hold_is_divided_for_all_of_it() -> None:
    # Decoding alone takes 360 s.
    assert borders(divide([WHOLE], work_of(), 600)) == [None, 1800, None]


def test_a_chunk_that_takes_too_long_to_decode_stays_whole() -> None:
    work = work_of()
    assert divide([WHOLE], work, 300) == (WHOLE,)
    estimate = work.estimate([WHOLE])
    assert estimate is not None
    assert estimate.longest_chunk_cpu_seconds == 720


def test_what_is_decoded_twice_counts_twice() -> None:
    work = work_of()
    estimate = work.estimate(divide([WHOLE], work, 1100))
    assert estimate is not None
    assert estimate.cpu_seconds == 720 + 180


def test_of_a_video_of_unknown_length_nothing_is_estimated() -> None:
    assert work_of(end=None, clean=False).estimate([WHOLE]) is None


@given(
    keys=st.lists(st.integers(0, HOUR - 1), unique=True, max_size=10).map(sorted),
    edges=st.lists(st.integers(1, HOUR - 1), unique=True, max_size=6).map(sorted),
    decoding=st.floats(1e-3, 10),
    analysing=st.floats(1e-3, 10),
    limit=st.floats(1, 1e4),
)
def test_divided_chunks_tile_and_none_takes_longer_than_before(
    keys: list[int], edges: list[int], decoding: float, analysing: float, limit: float
) -> None:
    work = work_of(keys, WorkRate(decoding, analysing))
    chunks = [ChunkRange(start_pts=a, end_pts=b) for a, b in pairwise([None, *edges, None])]
    divided = divide(chunks, work, limit)
    inner = borders(divided)[1:-1]
    assert set(edges) <= set(inner)
    assert inner == sorted(set(inner), key=lambda pts: pts or 0)
    before, after = work.estimate(chunks), work.estimate(divided)
    assert before is not None
    assert after is not None
    assert after.longest_chunk_cpu_seconds <= before.longest_chunk_cpu_seconds
    assert after.longest_chunk_cpu_seconds <= limit or any(chunk in divided for chunk in chunks)
