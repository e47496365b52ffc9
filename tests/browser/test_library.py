"""The library: what is listed, found, filtered and reached by keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import Watched
from tests.browser.conftest import Results
from tests.browser.serving import viewing
from tests.browser.synthetic import motion, write_run
from tests.unit.test_export_lists import jpeg


@pytest.fixture
def library(page: Page, address: str) -> Page:
    page.goto(address)
    expect(_links(page)).to_have_count(3)
    return page


def _links(page: Page) -> Locator:
    return page.locator(".video-link")


def test_every_video_is_listed_with_pictures_length_and_motion(library: Page) -> None:
    row = library.get_by_role("row").filter(has_text="reel-")

    expect(row.locator(".pictures img").first).to_be_visible()
    expect(row.get_by_role("cell").last).to_contain_text("19 s")
    expect(row.get_by_role("img", name=re.compile(r"Motion: .*high \d+%"))).to_be_visible()
    expect(row).to_contain_text(re.compile(r"\d+ segments"))


def test_only_pictures_that_exist_are_asked_for(watched: Watched, tmp_path: Path) -> None:
    metadata = motion(6)
    names = ["thumbnails/0001.jpg", "thumbnails/0004.jpg"]
    metadata["segments"][1]["thumbnail"], metadata["segments"][4]["thumbnail"] = names
    run = write_run(tmp_path, metadata)
    (run / "thumbnails").mkdir()
    for name in names:
        (run / name).write_bytes(jpeg(grey=50))

    with viewing(run.parent) as address:
        watched.page.goto(f"{address}#/?sort=name")
        expect(watched.page.locator(".pictures img")).to_have_count(2)
        watched.page.wait_for_load_state("networkidle")

    asked = [url for url in watched.requests if "/thumbnails/" in url]
    assert [url.partition(f"{run.name}/")[2] for url in asked] == names


def test_a_search_finds_names_whatever_their_case(library: Page) -> None:
    library.keyboard.press("/")
    library.keyboard.type("PAN-LEFT")

    expect(_links(library)).to_have_count(1)
    expect(library.get_by_role("status").filter(has_text="1 of 3 videos")).to_be_visible()


def test_choices_are_combined_within_one_segment(library: Page) -> None:
    # The reel has segments of high level and segments with a zoom, but none with both.
    library.get_by_role("group", name="Motion").get_by_role("button", name="high").click()
    expect(_links(library).filter(has_text="reel-")).to_have_count(1)
    library.get_by_role("button", name="zoom out").click()

    expect(library.get_by_text("Nothing matches")).to_be_visible()
    expect(library.get_by_label("Filter segments")).to_have_value(
        "level = high and camera has zoom_out"
    )


def test_the_direction_steadiness_length_and_confidence_of_segments_are_filtered_by(
    library: Page,
) -> None:
    # The camera pans left, so what it sees moves right.
    library.get_by_role("group", name="Direction").get_by_role("button", name="right").click()
    library.get_by_role("button", name="smooth").click()
    library.get_by_label("at most").fill("3")
    library.get_by_label("sure").fill("50")
    library.get_by_label("sure").press("Enter")

    expect(library.get_by_label("Filter segments")).to_have_value(
        "direction = right and steadiness = smooth and length <= 3s and confidence >= 50%"
    )
    expect(_links(library)).to_have_count(2)
    expect(_links(library).filter(has_text="master")).to_have_count(0)
    assert "where=direction" in library.url


def test_a_mistake_in_the_filter_says_where_and_what_was_meant(library: Page) -> None:
    library.get_by_label("Filter segments").fill("levl >= high")

    expect(library.get_by_text("at column 1")).to_be_visible()
    expect(library.get_by_text('did you mean "level"?')).to_be_visible()
    expect(_links(library)).to_have_count(3)


def test_videos_are_sorted(library: Page) -> None:
    library.get_by_label("Sort by").select_option("length")
    expect(_links(library).first).to_contain_text("reel-")

    library.get_by_label("Sort by").select_option("name")
    expect(_links(library).first).to_contain_text("master-")


def test_a_video_is_reached_by_keys_alone(library: Page, results: Results) -> None:
    library.get_by_label("Sort by").select_option("name")
    library.keyboard.press("/")
    library.keyboard.press("Enter")
    library.keyboard.press("ArrowDown")
    library.keyboard.press("ArrowDown")
    library.keyboard.press("Enter")

    library.wait_for_url(re.compile(f"#/video/{results.videos['reel']}"))
    expect(library.get_by_role("heading", level=1)).to_contain_text("reel-")


def test_the_way_back_leads_to_the_same_search(library: Page) -> None:
    library.get_by_label("Search videos").fill("reel")
    expect(_links(library)).to_have_count(1)
    _links(library).first.click()
    expect(library.get_by_role("heading", level=1)).to_contain_text("reel-")
    library.get_by_role("link", name="Back to the library").click()

    expect(library.get_by_label("Search videos")).to_have_value("reel")
    expect(_links(library)).to_have_count(1)
