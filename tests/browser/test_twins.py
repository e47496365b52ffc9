"""What is written twice, in Python and for the browser, says the same."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from flowtag.timing import drops_frames, format_timecode

CASES = Path(__file__).parents[1] / "filter_cases.json"
SEGMENTS = Path(__file__).parents[1] / "filter_segments.json"
RATES = ("24000/1001", "24/1", "25/1", "30000/1001", "30/1", "50/1", "60000/1001", "60/1", "120/1")
COUNTS = [
    (rate, drop)
    for rate in RATES
    for drop in (False, True)
    if not drop or drops_frames(Fraction(rate))
]

_FILTER = """async ([cases, segments]) => {
  const { parseFilter, compileFilter, FilterError } = await import('./filter.js');
  return cases.map(({ where }) => {
    try {
      const matches = compileFilter(parseFilter(where));
      return { matches: segments.filter(matches).map((segment) => segment.index) };
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      return { error_at: error.column };
    }
  });
}"""

_FACETS = """async ([cases]) => {
  const { parseFilter } = await import('./filter.js');
  const { facetsOf, textOf } = await import('./facets.js');
  return cases.map(({ where }) => textOf(facetsOf(parseFilter(where))));
}"""

_TIMECODE = """async ([frames, base, drop]) => {
  const { formatTimecode, parseTimecode } = await import('./timecode.js');
  return frames.map((frame) => {
    const text = formatTimecode(frame, base, drop);
    return [text, parseTimecode(text, base, drop)];
  });
}"""


@pytest.fixture
def modules(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def _cases() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    if not (CASES.is_file() and SEGMENTS.is_file()):
        pytest.skip("there are no shared cases of the filter language here")
    return json.loads(CASES.read_text()), json.loads(SEGMENTS.read_text())


def test_filters_match_and_fail_as_in_python(modules: Page) -> None:
    cases, segments = _cases()

    answers = modules.evaluate(_FILTER, [cases, segments])

    wrong = [
        (case, answer)
        for case, answer in zip(cases, answers, strict=True)
        if case != {"where": case["where"], **answer}
    ]
    assert wrong == []


def test_a_filter_as_choices_means_what_it_meant_as_text(modules: Page) -> None:
    cases, segments = _cases()
    readable = [case for case in cases if "matches" in case]

    again = [{"where": text} for text in modules.evaluate(_FACETS, [readable])]
    answers = modules.evaluate(_FILTER, [again, segments])

    assert [answer["matches"] for answer in answers] == [case["matches"] for case in readable]


@pytest.mark.parametrize(("rate", "drop"), COUNTS)
def test_timecode_is_counted_as_in_python(modules: Page, rate: str, drop: bool) -> None:
    frame_rate = Fraction(rate)
    base = round(frame_rate)
    minutes = [base * 60 * n + extra for n in (1, 2, 9, 10, 11, 60) for extra in range(-9, 9)]
    frames = [0, 1, base - 1, base, *minutes, base * 3600 * 23]

    counted = modules.evaluate(_TIMECODE, [frames, base, drop])

    assert counted == [[format_timecode(f, frame_rate, drop), f] for f in frames]
