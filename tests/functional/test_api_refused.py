"""What the API refuses: made-up paths, ids and queries, and links that were changed."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.functional.shelf import Ask, Shelf, answered, fetched, problem


def made_up_cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"level": "furious"},
        {"camera": "truck_left"},
        {"status": "lost"},
        {"text": "x" * 201},
        {"text": ""},
        {"cursor": "not a cursor"},
        {"cursor": "e30"},
        {"cursor": "A" * 4000},
        {"cursor": made_up_cursor({"source": {"modified_at": "2026-03-01"}, "video_id": "a"})},
        {"cursor": made_up_cursor({"source": {"modified_at": 7}, "video_id": "a", "more": 1})},
    ],
)
def test_a_query_that_will_not_do_is_refused(ask: Ask, query: dict[str, str]) -> None:
    response = ask("GET", "/videos", query)

    assert problem(response)["status"] == 422


def test_a_refusal_says_where_and_hands_nothing_back(ask: Ask) -> None:
    response = ask("GET", "/videos", {"limit": "<script>"})

    (field,) = problem(response)["fields"]
    assert field == {"location": ["query", "limit"], "kind": "int_parsing"}
    assert "script" not in response["body"]


def test_a_mistake_in_a_filter_is_pointed_at(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov")

    response = ask("GET", f"/videos/{keys.video_id}/segments", {"where": "index in (0, one)"})

    told = problem(response)
    assert (response["statusCode"], told["status"]) == (400, 400)
    assert told["detail"] == "column 14: 'one' is not a number for 'index'"
    assert told["fields"] == [{"location": ["query", "where", 14], "kind": "bad_filter"}]


@pytest.mark.parametrize("where", ["", "(" * 900, "x" * 1001, "level = high\x00", "level = hïgh"])
def test_what_is_no_filter_is_refused(ask: Ask, shelf: Shelf, where: str) -> None:
    keys = shelf.put("rushes/a.mov")

    response = ask("GET", f"/videos/{keys.video_id}/segments", {"where": where})

    assert problem(response)["status"] == 400


@pytest.mark.parametrize(
    "video_id",
    [
        "..",
        "%2e%2e",
        "..%2f..%2fcatalog",
        "a" * 65,
        "a" * 100_000,
        "TAKE",
        "take_2",
        "-a",
        "take\n",
        "take\x00",
        "é",
        "*",
    ],
)
@pytest.mark.parametrize("below", ["", "/motion", "/links", "/segments", "/chunks"])
def test_an_id_that_could_lead_elsewhere_is_refused(ask: Ask, video_id: str, below: str) -> None:
    response = ask("GET", f"/videos/{video_id}{below}")

    assert problem(response)["status"] in (404, 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/videos/"),
        ("GET", "/videos/../uploads"),
        ("GET", "/videos/a/b/c"),
        ("GET", "/openapi.json"),
        ("GET", "//videos"),
        ("DELETE", "/videos/take-2-3f9a1c2b77d0"),
        ("GET", "/uploads"),
    ],
)
def test_there_is_nothing_else(ask: Ask, method: str, path: str) -> None:
    assert problem(ask(method, path))["status"] == 404


@pytest.mark.parametrize("part", ["X-Amz-Signature", "X-Amz-Expires", "X-Amz-Date"])
def test_a_link_that_was_changed_is_refused(ask: Ask, shelf: Shelf, part: str) -> None:
    keys = shelf.put("rushes/a.mov")
    link = answered(ask("GET", f"/videos/{keys.video_id}"))["thumbnail_url"]
    value = parse_qs(urlsplit(link).query)[part][0]
    changed = value[:-1] + ("1" if value[-1] != "1" else "2")

    assert fetched(link.replace(f"{part}={value}", f"{part}={changed}"))[0] in (400, 403)
