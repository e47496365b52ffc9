"""Uploads by the API: what it grants, what it refuses, and what S3 makes of a form."""

from __future__ import annotations

import time
from typing import Any

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from functions.api import app as api
from local_cloud.s3_server import S3Server
from tests.functional.shelf import Ask, Shelf, answered, fetched, posted, problem


def granted(ask: Ask, **upload: Any) -> dict[str, Any]:
    asked = {"name": "film.mov", "size_bytes": 4, "content_type": "video/quicktime"}
    response = ask("POST", "/uploads", body=asked | upload)
    assert response["statusCode"] == 200, response["body"]
    told: dict[str, Any] = answered(response)
    return told


def stored(s3: S3Server, bucket: str) -> dict[str, bytes]:
    store = S3Store(s3_client(s3.endpoint_url), bucket)
    return {key: store.get(key) for key in store.list("")}


@pytest.mark.parametrize("name", ["film.mov", "Take 2 + pickup é %20 (1).MOV", "電影.mp4", "$.mov"])
def test_an_upload_by_a_form(ask: Ask, shelf: Shelf, s3: S3Server, name: str) -> None:
    form = granted(ask, name=name)

    assert posted(form["url"], form["fields"], b"film") == 204
    assert form["key"] == f"rushes/{name}"
    assert stored(s3, shelf.uploads) == {form["key"]: b"film"}
    head = s3_client(s3.endpoint_url).head_object(Bucket=shelf.uploads, Key=form["key"])
    assert head["ContentType"] == "video/quicktime"


@pytest.mark.parametrize("data", [b"film!", b"fil", b""])
def test_a_file_of_another_size_is_refused_by_s3(
    ask: Ask, shelf: Shelf, s3: S3Server, data: bytes
) -> None:
    form = granted(ask, size_bytes=4)

    assert posted(form["url"], form["fields"], data) in (400, 403)
    assert stored(s3, shelf.uploads) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"Content-Type": "text/html"},
        {"key": "rushes/another.mov"},
        {"key": "another.mov"},
        {"key": "rushes/${filename}"},
        {"policy": "e30="},
        {"x-amz-signature": "0" * 64},
    ],
)
def test_a_form_that_was_changed_is_refused_by_s3(
    ask: Ask, shelf: Shelf, s3: S3Server, change: dict[str, str]
) -> None:
    form = granted(ask)

    assert posted(form["url"], form["fields"] | change, b"film", "another.mov") in (400, 403)
    assert stored(s3, shelf.uploads) == {}


@pytest.mark.parametrize(
    "upload",
    [
        {"name": "../film.mov"},
        {"name": "/film.mov"},
        {"name": "a/film.mov"},
        {"name": "a\\film.mov"},
        {"name": ".film.mov"},
        {"name": "${filename}.mov"},
        {"name": "film\n.mov"},
        {"name": "film\x00.mov"},
        {"name": "film\u202e.mov"},
        {"name": "film\ud800.mov"},
        {"name": " film.mov"},
        {"name": "film.mov "},
        {"name": ""},
        {"name": "x" * 252 + ".mov"},
        {"name": "é" * 126 + ".mov"},
        {"name": "film.exe"},
        {"name": 7},
        {"size_bytes": 0},
        {"size_bytes": -1},
        {"size_bytes": "4"},
        {"size_bytes": 1001},
        {"content_type": "text/html"},
        {"content_type": "video/mp4\r\nX: y"},
        {"content_type": "video/*"},
        {"bucket": "another"},
    ],
)
def test_an_upload_that_will_not_do_is_refused(ask: Ask, upload: dict[str, Any]) -> None:
    asked = {"name": "film.mov", "size_bytes": 4, "content_type": "video/mp4"}

    assert problem(ask("POST", "/uploads", body=asked | upload))["status"] == 422


@pytest.mark.parametrize("body", ["{", "[" * 100_000])
def test_a_body_that_is_no_json_is_refused(ask: Ask, body: str) -> None:
    assert problem(ask("POST", "/uploads", body=body))["status"] == 400


@pytest.mark.parametrize("body", ["", "null", "7", "[]", '"film.mov"', "{}"])
def test_a_body_that_is_no_upload_is_refused(ask: Ask, body: str) -> None:
    assert problem(ask("POST", "/uploads", body=body))["status"] == 422


def test_a_body_of_another_type_is_refused(ask: Ask) -> None:
    response = ask("POST", "/uploads", body="<a/>", headers={"content-type": "text/xml"})

    assert problem(response)["status"] == 415


def test_links_end(ask: Ask, shelf: Shelf, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINK_SECONDS", "1")
    api._library.cache_clear()
    keys = shelf.put("rushes/a.mov")
    link = answered(ask("GET", f"/videos/{keys.video_id}"))["thumbnail_url"]
    form = granted(ask)
    time.sleep(2.5)

    assert fetched(link)[0] == 403
    assert posted(form["url"], form["fields"], b"film") == 403
    assert stored(s3, shelf.uploads) == {}
