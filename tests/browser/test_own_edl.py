"""The EDL that the page writes by itself, where no server of ``flowtag view`` is."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.serving import static_site
from tests.browser.synthetic import VIDEO_ID, instant, motion, write_run


def _open_export(page: Page, site: str) -> None:
    page.goto(f"{site}#/video/{VIDEO_ID}")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("e")


def test_marks_on_one_frame_become_one_as_long_as_the_longest(page: Page, tmp_path: Path) -> None:
    metadata = motion(3)
    levels = ("low", "extreme", "medium")
    for segment, level, end in zip(metadata["segments"], levels, (1, 3, 2), strict=True):
        segment |= {"start": instant(0), "end": instant(end)}
        segment["motion"]["level"] = level
    write_run(tmp_path, metadata)

    with static_site(tmp_path) as site:
        _open_export(page, site)
        with page.expect_download() as saving:
            page.get_by_role("button", name="EDL").click()
        written = Path(saving.value.path()).read_text(encoding="utf-8")

    assert re.findall(r"\|D:(\d+)", written) == ["75"]
    assert re.findall(r"\|C:(\w+)", written) == ["ResolveColorRed"]


def test_more_marks_than_an_edl_can_number_are_refused(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path, motion(1000))

    with static_site(tmp_path) as site:
        _open_export(page, site)
        page.get_by_role("button", name="EDL").click()

        expect(page.get_by_text("Not exported: an EDL numbers 999 events at most")).to_be_visible()


def test_an_export_of_a_varying_frame_rate_says_how_frames_are_counted(
    page: Page, tmp_path: Path
) -> None:
    write_run(tmp_path, motion(3, variable_frame_rate=True, frame_rate="30000/1001"))

    with static_site(tmp_path) as site:
        _open_export(page, site)

        expect(page.get_by_role("dialog")).to_contain_text("frames are counted at 29.97 per second")
