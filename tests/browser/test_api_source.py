"""The viewer before the API: the real function and a real S3 server, with a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from flowtag.catalog import add_to_catalog
from flowtag.latest import read_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion
from local_cloud.s3_server import S3Server
from tests.browser.conftest import Results
from tests.browser.serving import static_site
from tests.functional.conftest import api_environment, ask, shelf
from tests.functional.shelf import Ask, Shelf

__all__ = ["api_environment", "ask", "shelf"]

API = "https://api.example/"
TOKEN = "a-token"


@pytest.fixture
def published(results: Results, shelf: Shelf) -> str:
    """The reel's run in the bucket, as a deployed application leaves it; returns the video's id."""
    video_id = results.videos["reel"]
    folder = results.folder / video_id
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            shelf.store.put(path.relative_to(results.folder).as_posix(), path.read_bytes())
    latest = read_latest((folder / "latest.json").read_bytes())
    metadata = read_motion(results.motion("reel").read_bytes())
    keys = RunKeys(video_id, latest.run_id)
    add_to_catalog(shelf.store, metadata, keys, latest.source)
    return video_id


@pytest.fixture
def site(page: Page, ask: Ask, published: str, s3: S3Server, tmp_path: Path) -> Iterator[str]:
    """The page's address; what it asks of the API goes to the function."""

    def answer(route: Route) -> None:
        request = route.request
        allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        if request.method == "OPTIONS":
            route.fulfill(status=204, headers=allowed)
        elif request.headers.get("authorization") != f"Bearer {TOKEN}":
            route.fulfill(status=401, headers=allowed, json={"message": "Unauthorized"})
        else:
            parts = urlsplit(request.url)
            response = ask("GET", parts.path, dict(parse_qsl(parts.query)))
            headers = {**response["headers"], **allowed}
            route.fulfill(status=response["statusCode"], headers=headers, body=response["body"])

    def shared(route: Route) -> None:
        # As CorsOrigins of the stack has S3 allow it.
        exposed = {"Access-Control-Expose-Headers": "ETag, Content-Range"}
        allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        if route.request.method == "OPTIONS":
            route.fulfill(status=204, headers=allowed)
        else:
            reply = route.fetch()
            route.fulfill(response=reply, headers={**reply.headers, **allowed, **exposed})

    page.route(f"{API}**", answer)
    page.route(f"{s3.endpoint_url}/**", shared)
    with static_site(tmp_path) as address:
        yield f"{address}?api={API}"
        # Pictures may still be on their way.
        page.unroute_all(behavior="ignoreErrors")


def _sign_in(page: Page, token: str = TOKEN) -> None:
    dialog = page.get_by_role("dialog", name="Sign in to api.example")
    dialog.get_by_label("Bearer token").fill(token)
    dialog.get_by_role("button", name="Sign in").click()


def test_the_library_is_read_with_the_token_that_was_given(page: Page, site: str) -> None:
    page.goto(site)
    _sign_in(page)

    expect(page.get_by_role("link", name=re.compile("reel-"))).to_be_visible()
    expect(page.locator(".pictures img").first).to_be_visible()
    assert TOKEN not in page.url


def test_a_token_that_is_refused_is_asked_for_again(page: Page, site: str) -> None:
    page.goto(site)
    _sign_in(page, "another")
    expect(page.get_by_text("refused access (401)")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    _sign_in(page)

    expect(page.get_by_role("link", name=re.compile("reel-"))).to_be_visible()


def test_a_link_to_an_older_run_brings_no_marks_into_the_latest(
    page: Page, site: str, published: str
) -> None:
    page.goto(f"{site}#/video/{published}?run=older-0123456789ab&marks=1,2&segment=3&t=1")
    _sign_in(page)

    expect(page.get_by_role("status").filter(has_text="not served here. This")).to_be_visible()
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_visible()
    expect(page.get_by_label("Timecode")).to_have_text("00:00:01:00")
    page.get_by_text("1 warning").click()
    expect(page.get_by_role("listitem").first).to_contain_text("This is the latest one")


def test_a_link_to_the_latest_run_keeps_its_marks(
    page: Page, site: str, published: str, results: Results
) -> None:
    run = results.motion("reel").parent.name
    page.goto(f"{site}#/video/{published}?run={run}&marks=1,2")
    _sign_in(page)

    expect(page.get_by_role("button", name="Export 2 marked")).to_be_visible()


def test_curves_stills_and_flow_come_by_links(page: Page, site: str, published: str) -> None:
    page.goto(f"{site}#/video/{published}?t=1&overlay=wheel")
    _sign_in(page)

    # The film itself lies outside of the bucket of uploads, so that there is no link to it.
    expect(page.get_by_text("not served here")).to_be_visible()
    page.locator("main[data-curves=dense]").wait_for()
    expect(page.locator("img.still")).to_have_attribute("src", re.compile("^blob:"))
    expect(page.locator("canvas.flow")).to_be_visible()
    expect(page.locator(".segment img").first).to_be_visible()
