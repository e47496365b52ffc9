"""Very many segments, and very many videos: only what is in sight is in the page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.chromium import wait_until
from tests.browser.serving import static_site
from tests.browser.synthetic import VIDEO_ID, catalog_entry, motion, write_catalog, write_run

SEGMENTS = 10_000
VIDEOS = 3_000


def test_ten_thousand_segments_are_listed_filtered_and_reached(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path, motion(SEGMENTS))

    with static_site(tmp_path) as site:
        page.goto(f"{site}#/video/{VIDEO_ID}?where=level%20%3D%20extreme")
        expect(page.get_by_text("2,000 of 10,000 segments")).to_be_visible()
        page.get_by_role("listbox").evaluate("list => list.parentElement.scrollTop = 1e9")
        expect(page.get_by_role("option").last).to_have_attribute("id", "segment-9999")
        assert page.get_by_role("option").count() < 40

        page.keyboard.press("End")
        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("heading", name="Segment 9994")).to_be_visible()
        expect(page.get_by_role("option", selected=False).first).to_be_visible()


def test_thousands_of_videos_are_scrolled_and_searched(page: Page, tmp_path: Path) -> None:
    entries = [
        catalog_entry(motion(uri=f"/rushes/day {n % 30}/take {n}.mov"), n)
        for n in range(1, VIDEOS + 1)
    ]
    write_catalog(tmp_path, entries)

    with static_site(tmp_path) as site:
        page.goto(f"{site}#/?sort=name")
        expect(page.get_by_text("3,000 videos")).to_be_visible()
        page.locator(".library-table .virtual").evaluate("list => list.scrollTop = 1e9")
        expect(page.locator(".video-link").last).to_have_text("take 999.mov")
        assert page.locator(".video-link").count() < 40
        page.get_by_label("Search videos").fill("take 2999")

        expect(page.locator(".video-link")).to_have_text(["take 2999.mov"])


def test_marks_far_beyond_the_last_segment_are_none(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path, motion(4))
    marks = ",".join(["1-999999"] * 2_000)

    with static_site(tmp_path) as site:
        page.goto(f"{site}#/video/{VIDEO_ID}?marks={marks}")

        expect(page.get_by_role("button", name="Export 3 marked")).to_be_visible()


def test_a_video_that_claims_to_last_millions_of_years_is_shown(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path, motion(4, duration_seconds=1e15))

    with static_site(tmp_path) as site:
        page.goto(f"{site}#/video/{VIDEO_ID}")
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("ArrowDown")

        expect(page.get_by_role("heading", name="Segment 1")).to_be_visible()


def test_segments_narrower_than_a_pixel_are_drawn(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path, motion(SEGMENTS))

    with static_site(tmp_path) as site:
        page.goto(f"{site}#/video/{VIDEO_ID}")
        page.get_by_role("option").first.wait_for()

        # Every px column holds an extreme segment, drawn to the full height of its lane.
        wait_until(
            page,
            """(() => { const canvas = document.querySelector('.timeline canvas');
               const { data } = canvas.getContext('2d').getImageData(100, 135, 1000, 1);
               return data.every((value, i) => i % 4 !== 0 || value > 200); })()""",
        )
