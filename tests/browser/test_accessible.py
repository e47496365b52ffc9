"""No violation that axe-core can find, on any page, in either theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import opened
from tests.browser.conftest import Results

Visit = Callable[[Page, str, Results], None]


def _library(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#/?where=level%20in%20(high,%20medium)")
    expect(page.locator(".video-link").first).to_be_visible()


def _mistaken(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#/?where=levl")
    expect(page.get_by_text("at column 1")).to_be_visible()


def _nothing(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#/?q=nowhere")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def _video(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#/video/{results.videos['reel']}?t=5&marks=1,3&in=2&out=8&overlay=arrows")
    page.locator("main[data-playable][data-curves=dense]").wait_for()
    page.locator("canvas.flow").wait_for()


def _filters(page: Page, address: str, results: Results) -> None:
    _video(page, address, results)
    page.get_by_text("Filters").click()


def _master(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#/video/{results.videos['master']}?overlay=heat")
    expect(page.get_by_text("stills follow the playhead")).to_be_visible()


def _help(page: Page, address: str, results: Results) -> None:
    _video(page, address, results)
    page.keyboard.press("?")


def _export(page: Page, address: str, results: Results) -> None:
    _video(page, address, results)
    page.keyboard.press("e")


def _gone(page: Page, address: str, results: Results) -> None:
    page.goto(f"{address}#/video/no-such-video")
    expect(page.get_by_role("alert")).to_be_visible()


VISITS: list[Visit] = [
    _library, _mistaken, _nothing, _video, _filters, _master, _help, _export, _gone,
]  # fmt: skip


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.__name__.strip("_"))
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(
    browser: Browser, address: str, results: Results, visit: Visit, theme: str
) -> None:
    with opened(browser, color_scheme=theme, reduced_motion="reduce", bypass_csp=True) as watched:
        visit(watched.page, address, results)
        found = Axe().run(watched.page)

    assert [_told(violation) for violation in found.response["violations"]] == []


def test_a_tablet_shows_all_of_it(browser: Browser, address: str, results: Results) -> None:
    with opened(browser, viewport={"width": 820, "height": 1180}, has_touch=True) as watched:
        _video(watched.page, address, results)
        wide = watched.page.evaluate("document.documentElement.scrollWidth")
        watched.page.get_by_role("option").nth(2).tap()
        expect(watched.page.get_by_role("heading", name="Segment 2")).to_be_visible()

    assert wide <= 820


def _told(violation: dict[str, Any]) -> str:
    targets = [node["target"] for node in violation["nodes"]]
    return f"{violation['id']}: {violation['help']} at {targets[:5]}"
