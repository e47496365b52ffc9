"""A report as it lies on a disk, opened in a real browser without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import Watched, opened, wait_until
from tests.browser.conftest import Results
from tests.functional.command import read_json, run_flowtag


@pytest.fixture(scope="module")
def report(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the reel."""
    path = tmp_path_factory.mktemp("report") / "reel.html"
    ran = run_flowtag("report", results.motion("reel"), "-o", path)
    assert ran.status == 0, ran.err
    return path


@pytest.fixture
def reel(page: Page, report: Path) -> Page:
    """The report, with its video ready."""
    page.goto(report.as_uri())
    wait_until(page, "document.querySelector('video').readyState >= 1")
    return page


@pytest.fixture
def segments(results: Results) -> list[dict[str, Any]]:
    """What the report is of."""
    found: list[dict[str, Any]] = read_json(results.motion("reel"))["segments"]
    return found


def _seconds(page: Page) -> float:
    return float(page.evaluate("document.querySelector('video').currentTime"))


def _paused_after_playing(page: Page, segment: dict[str, Any]) -> None:
    inside = segment["start"]["seconds"] + 0.2
    wait_until(page, f"document.querySelector('video').currentTime > {inside}")
    wait_until(page, "document.querySelector('video').paused")


def test_a_segment_that_is_clicked_plays_to_its_end(
    reel: Page, segments: list[dict[str, Any]]
) -> None:
    row = reel.get_by_role("row").nth(2)
    row.get_by_role("img").click()
    expect(row).to_have_attribute("aria-current", "true")
    _paused_after_playing(reel, segments[1])

    assert abs(_seconds(reel) - segments[1]["end"]["seconds"]) < 0.1


def test_enter_plays_and_arrows_go_from_segment_to_segment(
    reel: Page, segments: list[dict[str, Any]]
) -> None:
    reel.get_by_role("link", name="Play segment 0,").focus()
    reel.keyboard.press("ArrowDown")
    reel.keyboard.press("ArrowDown")
    expect(reel.get_by_role("link", name="Play segment 2,")).to_be_focused()
    assert abs(_seconds(reel) - segments[2]["start"]["seconds"]) < 0.05
    reel.keyboard.press("ArrowUp")
    reel.keyboard.press("Enter")
    _paused_after_playing(reel, segments[1])

    expect(reel.get_by_role("row").nth(2)).to_have_attribute("aria-current", "true")


def test_the_timeline_plays_segments_and_shows_where_it_is(
    reel: Page, segments: list[dict[str, Any]]
) -> None:
    reel.locator(".bar rect").nth(4).click()
    _paused_after_playing(reel, segments[4])
    share = _seconds(reel) / float(str(reel.locator(".lanes").get_attribute("data-seconds")))
    place = str(reel.locator(".playhead line").get_attribute("x1"))

    assert float(place.rstrip("%")) == pytest.approx(share * 100, abs=0.5)
    expect(reel.locator(".bar.current")).to_have_count(1)


def test_levels_are_filtered(reel: Page, segments: list[dict[str, Any]]) -> None:
    level = segments[0]["motion"]["level"]
    wanted = sum(segment["motion"]["level"] == level for segment in segments)
    assert 0 < wanted < len(segments)
    chip = reel.get_by_role("button", name=level)
    chip.click()

    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(reel.get_by_role("row")).to_have_count(wanted + 1)
    expect(reel.get_by_text(f"{wanted} of {len(segments)} shown")).to_be_visible()
    chip.click()
    expect(reel.get_by_role("row")).to_have_count(len(segments) + 1)


def test_all_of_it_is_there_without_scripts(
    browser: Browser, report: Path, segments: list[dict[str, Any]]
) -> None:
    with opened(browser, java_script_enabled=False) as watched:
        watched.page.goto(report.as_uri())
        for segment in segments:
            row = watched.page.get_by_role("row").filter(
                has_text=f"to {segment['end']['timecode']}"
            )
            expect(row).to_contain_text(segment["start"]["timecode"])
        link = watched.page.get_by_role("link", name="Play segment 1,").get_attribute("href")
        expect(watched.page.get_by_role("button")).to_have_count(0)

    start, end = (f"{segments[1][edge]['seconds']:.3f}" for edge in ("start", "end"))
    assert str(link).endswith(f"#t={start},{end}")


def test_a_video_that_cannot_be_played_is_told(
    watched: Watched, results: Results, tmp_path: Path
) -> None:
    path = tmp_path / "master.html"
    assert run_flowtag("report", results.motion("master"), "-o", path).status == 0
    watched.page.goto(path.as_uri())

    expect(watched.page.get_by_text("This browser cannot play the video")).to_be_visible()


@pytest.fixture(
    params=[(1440, 900), (1280, 800), (820, 1180), (390, 844)],
    ids=["wide", "laptop", "tablet", "phone"],
)
def size(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """Width and height of a window."""
    yield request.param


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_and_it_fits(
    browser: Browser, report: Path, theme: str, size: tuple[int, int]
) -> None:
    width, height = size
    window = {"width": width, "height": height}
    # The policy would keep axe itself out.
    with opened(browser, color_scheme=theme, viewport=window, bypass_csp=True) as watched:
        watched.page.goto(report.as_uri())
        watched.page.get_by_role("link", name="Play segment 1,").focus()
        found = Axe().run(watched.page)
        needed = watched.page.evaluate("document.documentElement.scrollWidth")

    violations = [(each["id"], each["nodes"][0]["target"]) for each in found.response["violations"]]
    assert violations == []
    assert needed <= width
