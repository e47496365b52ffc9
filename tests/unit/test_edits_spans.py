"""Spans of frames, asked for by bisection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowtag.edits.spans import Spans

FRAME = st.integers(0, 30)
SPAN = st.tuples(FRAME, FRAME).map(lambda ends: (min(ends), max(ends)))


@given(st.lists(SPAN, max_size=12), FRAME, FRAME)
def test_they_meet_what_any_of_them_meets(
    spans: list[tuple[int, int]], first: int, last: int
) -> None:
    expected = any(start < last and end > first for start, end in spans)

    assert Spans(spans).meet(first, last) == expected


def test_a_short_one_does_not_hide_a_long_one_that_began_before() -> None:
    assert Spans([(0, 100), (10, 12)]).meet(50, 60)
