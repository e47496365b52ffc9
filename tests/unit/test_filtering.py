"""The cases that hold for every reader of the filter language, and what is Python's alone."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.generate import ROOT
from flowtag.contracts.metadata import Segment
from flowtag.errors import FilterError
from flowtag.filtering import parse_filter
from flowtag.filtering.fields import FIELDS, FLAGS
from flowtag.filtering.parsing import MAX_LENGTH

TESTS = Path(__file__).parents[1]
PAGE = (ROOT / "docs/formats/filter.md").read_text(encoding="utf-8")


def read(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((TESTS / name).read_text(encoding="utf-8"))
    return cases


SEGMENTS = [Segment.model_validate(entry) for entry in read("filter_segments.json")]
CASES = read("filter_cases.json")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["where"] or "nothing")
def test_the_shared_cases(case: dict[str, Any]) -> None:
    if "error_at" in case:
        with pytest.raises(FilterError) as caught:
            parse_filter(case["where"])
        assert caught.value.column == case["error_at"], caught.value
    else:
        found = parse_filter(case["where"]).select(SEGMENTS)
        assert [segment.index for segment in found] == case["matches"]


def test_the_shared_cases_ask_for_every_field_and_every_word() -> None:
    asked = " ".join(case["where"] for case in CASES if "matches" in case)

    assert [name for name in FIELDS if not re.search(rf"\b{name}\b", asked)] == []


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("leval>=high", "column 1: there is no field 'leval'; did you mean 'level'?"),
        ("level>=hihg", "did you mean 'high'?"),
        ("camera has pan_lft", "did you mean 'pan_left'?"),
        ("level = high adn speed > 1", "expected 'and', 'or' or the end, not 'adn'; did you mean"),
        ("camera = pan", "expected 'has', as in 'camera has static', or 'is', not '='"),
        ("length > soon", "'soon' is not a duration, such as 2s or 1m30s, for 'length'"),
        ("level >=", "expected a word for 'level': static, low, medium, high, extreme"),
    ],
)
def test_a_mistake_is_explained(where: str, said: str) -> None:
    with pytest.raises(FilterError, match=re.escape(said)):
        parse_filter(where)


def test_a_list_that_is_null_is_unknown() -> None:
    camera = SEGMENTS[0].camera.model_copy(update={"labels": None})
    segment = SEGMENTS[0].model_copy(update={"camera": camera})

    assert not parse_filter("camera has static").matches(segment)
    assert not parse_filter("not camera has static").matches(segment)
    assert parse_filter("camera is unknown").matches(segment)


@pytest.mark.parametrize("where", ["(" * 1000, "not " * 200 + "level = high", "x" * 2000])
def test_a_filter_that_would_exhaust_its_reader_is_refused(where: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(where)


@given(st.text(max_size=MAX_LENGTH + 5))
def test_whatever_is_no_filter_is_a_pointed_error(where: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(where)
    assert 1 <= caught.value.column <= len(where) + 1


_WORDS = ["level", "high", ">=", "and", "or", "not", "(", ")", "camera", "has", "pan", "is"]
_WORDS += ["unknown", "in", ",", "length", "2s", "speed", "0.5", "direction", "left", "=", "zzz"]


@given(st.lists(st.sampled_from(_WORDS), max_size=12))
def test_any_run_of_words_is_read_or_refused(words: list[str]) -> None:
    where = " ".join(words)
    try:
        parse_filter(where).select(SEGMENTS)
    except FilterError as error:
        assert 1 <= error.column <= len(where) + 1


def test_the_page_tells_of_every_field_and_every_flag() -> None:
    motion = (ROOT / "docs/formats/motion-json.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|", motion.partition("## Flags")[2], re.MULTILINE)
    flags = [flag for row in rows for flag in re.findall(r"`(\w+)`", row)]

    assert [name for name in FIELDS if f"`{name}`" not in PAGE] == []
    assert tuple(flags) == FLAGS


def test_a_mistake_keeps_its_place_on_the_way_between_processes() -> None:
    with pytest.raises(FilterError) as raised:
        parse_filter("speed > fast")

    travelled = pickle.loads(pickle.dumps(raised.value))

    assert str(travelled) == str(raised.value)
    assert (travelled.column, travelled.text) == (9, "speed > fast")
