"""The API as users meet it: its real handler, over a real S3 server, by API Gateway's events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.catalog import compact
from flowtag.runs import read_plan
from functions.api import app as api
from local_cloud.s3_server import S3Server
from tests.functional.shelf import JPEG, Ask, Shelf, answered, fetched, problem

OPENAPI = Path(__file__).parents[2] / "docs/formats/openapi.json"


def names(response: dict[str, Any]) -> list[str]:
    assert response["statusCode"] == 200, response["body"]
    return [video["name"] for video in answered(response)["videos"]]


def test_videos_are_listed_newest_first(ask: Ask, shelf: Shelf) -> None:
    for minute, name in ((2, "b"), (3, "c"), (1, "a")):
        shelf.put(f"rushes/{name}.mov", minute)

    assert names(ask("GET", "/videos")) == ["c.mov", "b.mov", "a.mov"]


def test_a_list_reads_the_same_before_and_after_compaction(ask: Ask, shelf: Shelf) -> None:
    shelf.put("rushes/a.mov", 1)
    shelf.put("rushes/b.mov", 2, failed=(1,))
    before = names(ask("GET", "/videos"))
    compact(shelf.store)
    shelf.put("rushes/c.mov", 3)

    assert before == ["b.mov", "a.mov"]
    assert names(ask("GET", "/videos")) == ["c.mov", "b.mov", "a.mov"]


def test_no_videos_are_an_empty_list(ask: Ask) -> None:
    told = answered(ask("GET", "/videos"))

    assert (told["videos"], told["cursor"]) == ([], None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"level": "static"}, ["still.mov"]),
        ({"camera": "zoom_in"}, ["still.mov", "run, fast.mov"]),
        ({"status": "partial"}, ["broken.mov"]),
        ({"text": "RUN"}, ["run, fast.mov"]),
        ({"text": "run, fast"}, ["run, fast.mov"]),
        ({"text": "rushes/"}, ["broken.mov", "still.mov", "run, fast.mov"]),
        ({"text": "s3://"}, []),
        ({"camera": "zoom_in", "level": "high"}, ["run, fast.mov"]),
        ({"text": "r" * 200}, []),
    ],
)
def test_filters(ask: Ask, shelf: Shelf, query: dict[str, str], expected: list[str]) -> None:
    shelf.put("rushes/run, fast.mov", 1, camera="zoom_in")
    shelf.put("rushes/still.mov", 2, camera="zoom_in", level="static")
    shelf.put("rushes/broken.mov", 3, failed=(0,))

    assert names(ask("GET", "/videos", query)) == expected


def test_pages_hold_while_videos_come(ask: Ask, shelf: Shelf) -> None:
    for minute in range(5):
        shelf.put(f"rushes/{minute}.mov", minute)
    first = ask("GET", "/videos", {"limit": "2"})
    shelf.put("rushes/new.mov", 9)
    second = ask("GET", "/videos", {"limit": "2", "cursor": answered(first)["cursor"]})
    third = ask("GET", "/videos", {"limit": "2", "cursor": answered(second)["cursor"]})

    assert [names(page) for page in (first, second, third)] == [
        ["4.mov", "3.mov"],
        ["2.mov", "1.mov"],
        ["0.mov"],
    ]
    assert answered(third)["cursor"] is None


@pytest.mark.parametrize("folders", ["", "Füße + 100% 走る/" * 47 + "x" * 12 + "/"])
def test_one_video_with_links_that_work(ask: Ask, shelf: Shelf, s3: S3Server, folders: str) -> None:
    key = f"rushes/{folders}Take 2 + é %.mov"
    keys = shelf.put(key)
    s3_client(s3.endpoint_url).put_object(Bucket=shelf.uploads, Key=key, Body=b"film")

    video = answered(ask("GET", f"/videos/{keys.video_id}"))

    assert (video["name"], video["status"]) == ("Take 2 + é %.mov", "complete")
    assert fetched(video["source_url"]) == (200, b"film")
    assert fetched(video["thumbnail_url"]) == (200, JPEG + b"0")
    assert video["expires_in"] == 60


def test_a_link_leads_to_the_version_that_was_analysed(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov", version_id="3sL4kqtJlcpXroDTDmJ")

    video = answered(ask("GET", f"/videos/{keys.video_id}"))

    query = parse_qs(urlsplit(video["source_url"]).query)
    assert query["versionId"] == ["3sL4kqtJlcpXroDTDmJ"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


@pytest.mark.parametrize(("origin", "key"), [("archive", "rushes/a.mov"), (None, "private/a.mov")])
def test_no_link_is_given_to_what_the_api_may_not_read(
    ask: Ask, shelf: Shelf, origin: str | None, key: str
) -> None:
    keys = shelf.put(key, bucket=origin)

    assert answered(ask("GET", f"/videos/{keys.video_id}"))["source_url"] is None


def test_the_metadata_of_a_video_is_its_motion_json(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov")

    response = ask("GET", f"/videos/{keys.video_id}/motion")

    assert response["headers"]["Content-Type"] == "application/json"
    assert response["body"].encode() == shelf.store.get(keys.motion)


def test_metadata_too_long_for_an_answer_is_linked_to(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/long.mov")
    metadata = json.loads(shelf.store.get(keys.motion))
    metadata["segments"] *= 8000
    shelf.store.put(keys.motion, json.dumps(metadata).encode())

    response = ask("GET", f"/videos/{keys.video_id}/motion")

    assert response["statusCode"] == 307
    assert len(json.dumps(response)) < 10_000
    status, body = fetched(response["headers"]["Location"])
    assert (status, json.loads(body)) == (200, metadata)


def test_links_to_the_pictures_come_in_pages(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov", segments=5)
    path = f"/videos/{keys.video_id}/links"

    first = answered(ask("GET", path, {"limit": "3"}))
    second = answered(ask("GET", path, {"limit": "3", "first": str(first["next"])}))

    assert [link["segment"] for link in first["thumbnails"]] == [0, 1, 2]
    assert [link["segment"] for link in second["thumbnails"]] == [3, 4]
    assert (first["next"], second["next"]) == (3, None)
    assert fetched(second["thumbnails"][1]["url"]) == (200, JPEG + b"4")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (None, [0, 1, 2, 3, 4]),
        ("level>=high and camera has pan", [0, 1, 2, 3, 4]),
        ("index in (0, 2, 3) and length > 2s", [0, 2, 3]),
        ("level is unknown", []),
    ],
)
def test_segments_are_found_by_a_filter(
    ask: Ask, shelf: Shelf, where: str | None, found: list[int]
) -> None:
    keys = shelf.put("rushes/a.mov", segments=5)

    answer = answered(
        ask("GET", f"/videos/{keys.video_id}/segments", {"where": where} if where else {})
    )

    assert [segment["index"] for segment in answer["segments"]] == found
    assert (answer["run_id"], answer["next"]) == (keys.run_id, None)


def test_segments_come_in_pages_as_motion_json_has_them(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov", segments=5)
    written = json.loads(shelf.store.get(keys.motion))["segments"]
    path, query = f"/videos/{keys.video_id}/segments", {"where": "index != 1", "limit": "2"}

    first = answered(ask("GET", path, query))
    second = answered(ask("GET", path, query | {"first": str(first["next"])}))

    assert first["segments"] == [written[0], written[2]]
    assert second["segments"] == [written[3], written[4]]
    assert (first["next"], second["next"]) == (3, None)


def test_links_to_stills_and_flow_come_in_pages(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov")
    shelf.store.put(keys.chunk(2), b"stills and grids")
    path = f"/videos/{keys.video_id}/chunks"

    first = answered(ask("GET", path, {"limit": "2"}))
    second = answered(ask("GET", path, {"limit": "2", "first": str(first["next"])}))

    plan = read_plan(shelf.store, keys)
    given = [*first["chunks"], *second["chunks"]]
    assert [each["chunk"] for each in given] == [0, 1, 2]
    assert [each["end_pts"] for each in given] == [each.end_pts for each in plan.chunks]
    assert (first["next"], second["next"]) == (2, None)
    assert fetched(given[2]["url"]) == (200, b"stills and grids")


def test_metadata_and_table_of_frames_are_linked_to(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov")
    shelf.store.put(keys.frames, b"PAR1")

    links = answered(ask("GET", f"/videos/{keys.video_id}/links"))

    assert fetched(links["motion_url"]) == (200, shelf.store.get(keys.motion))
    assert fetched(links["frames_url"]) == (200, b"PAR1")


@pytest.mark.parametrize("below", ["", "/motion", "/links", "/segments", "/chunks"])
def test_an_unknown_video_is_not_found(ask: Ask, below: str) -> None:
    assert problem(ask("GET", f"/videos/take-2-3f9a1c2b77d0{below}"))["status"] == 404


@pytest.mark.parametrize("below", ["/motion", "/links", "/segments"])
def test_a_result_that_is_gone_is_not_found(ask: Ask, shelf: Shelf, below: str) -> None:
    keys = shelf.put("rushes/a.mov")
    shelf.store.delete(keys.motion)

    assert problem(ask("GET", f"/videos/{keys.video_id}{below}"))["status"] == 404


def test_a_store_that_fails_is_told_from_a_video_that_is_not_there(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_BUCKET", "no-such-bucket")
    api._library.cache_clear()

    assert problem(ask("GET", "/videos"))["status"] == 503


def test_a_damaged_catalog_is_our_fault_and_tells_nothing(ask: Ask, shelf: Shelf) -> None:
    shelf.store.put("catalog/catalog.json", b"{")

    assert problem(ask("GET", "/videos"))["detail"] == "the fault is not yours"


def test_an_answer_that_is_not_as_described_is_our_fault(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api._library(), "videos", lambda *_: {"videos": "none"})

    assert problem(ask("GET", "/videos"))["status"] == 500


def test_nothing_is_kept_on_the_way(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov")

    for path in ("", "/motion", "/links", "/segments", "/chunks"):
        response = ask("GET", f"/videos/{keys.video_id}{path}")
        assert response["headers"]["Cache-Control"] == "private, no-store"


def test_runs_are_never_scanned(ask: Ask, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = shelf.put("rushes/a.mov")
    listed: set[str] = set()
    listing = S3Store.list

    def noted(store: S3Store, prefix: str) -> Iterator[str]:
        listed.add(prefix)
        return listing(store, prefix)

    monkeypatch.setattr(S3Store, "list", noted)
    for path in ("/videos", f"/videos/{keys.video_id}", f"/videos/{keys.video_id}/links"):
        assert ask("GET", path)["statusCode"] == 200

    assert listed == {"catalog/changes/"}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/videos", "VideoList"),
        ("/videos/{id}", "VideoDetails"),
        ("/videos/{id}/motion", "MotionMetadata"),
        ("/videos/{id}/links", "VideoLinks"),
        ("/videos/{id}/segments", "VideoSegments"),
        ("/videos/{id}/chunks", "ChunkLinks"),
        ("/videos/..", "Problem"),
    ],
)
def test_answers_are_as_the_published_description_says(
    ask: Ask, shelf: Shelf, path: str, model: str
) -> None:
    keys = shelf.put("rushes/a.mov", failed=(1,))
    described = json.loads(OPENAPI.read_text(encoding="utf-8"))

    answer = answered(ask("GET", path.replace("{id}", keys.video_id)))

    jsonschema.validate(answer, described | {"$ref": f"#/components/schemas/{model}"})
