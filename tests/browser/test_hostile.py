"""Metadata is data: nothing that stands in it is run, fetched or taken for a path."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watched
from tests.browser.serving import static_site
from tests.browser.synthetic import (
    VIDEO_ID,
    catalog_entry,
    instant,
    motion,
    write_catalog,
    write_run,
)

SCRIPT = "<img src=x onerror=\"window.ran='yes'\"><script>window.ran='yes'</script>"
AWAY = "javascript:window.ran='yes'"


def _hostile() -> dict[str, Any]:
    metadata = motion(uri=f"s3://bucket/{SCRIPT}.mov", codec=SCRIPT, timecode=SCRIPT)
    metadata["analysis"] |= {
        "status": "partial",
        "reason": SCRIPT,
        "warnings": [SCRIPT],
        "gaps": [{"start": instant(1), "end": instant(2), "reason": SCRIPT}],
    }
    for segment, thumbnail in zip(
        metadata["segments"],
        ("https://elsewhere.example/a.jpg", "../../../../etc/passwd", AWAY),
        strict=True,
    ):
        segment["thumbnail"] = thumbnail
        segment["flags"] = [SCRIPT, AWAY]
        segment["camera"]["labels"] = [SCRIPT, "constructor", "__proto__"]
        segment["camera"]["steadiness"] = SCRIPT
        segment["start"]["timecode"] = SCRIPT
    metadata["segments"][1]["motion"]["level"] = SCRIPT
    return metadata


def _assert_nothing_ran(watched: Watched, site: str) -> None:
    assert watched.page.evaluate("window.ran") is None
    assert watched.page.locator("img[src=x], script:not([src])").count() == 0
    asked = {urlsplit(url).netloc for url in watched.requests if url.startswith("http")}
    assert asked == {urlsplit(site).netloc}
    assert not [url for url in watched.requests if "passwd" in url or "elsewhere" in url]


def test_a_hostile_catalog_is_shown_as_text(watched: Watched, tmp_path: Path) -> None:
    metadata = _hostile()
    write_run(tmp_path, metadata, name=SCRIPT, reason=SCRIPT, camera=[SCRIPT, "constructor"])

    with static_site(tmp_path) as site:
        watched.page.goto(site)
        expect(watched.page.locator(".video-link")).to_have_text(SCRIPT)
        watched.page.get_by_label("Search videos").fill("<script>")
        expect(watched.page.locator(".video-link")).to_have_count(1)

        _assert_nothing_ran(watched, site)


def test_a_hostile_motion_json_is_shown_as_text(watched: Watched, tmp_path: Path) -> None:
    write_run(tmp_path, _hostile())
    page = watched.page

    with static_site(tmp_path) as site:
        page.goto(f"{site}#/video/{VIDEO_ID}")
        expect(page.get_by_role("option")).to_have_count(3)
        page.get_by_text("3 warnings").click()
        expect(page.get_by_role("listitem").first).to_have_text(SCRIPT)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("m")
        page.get_by_role("slider", name="Playhead").hover(position={"x": 600, "y": 150})
        page.keyboard.press("e")
        with page.expect_download() as saving:
            page.get_by_role("button", name="EDL").click()
        written = Path(saving.value.path()).read_text(encoding="utf-8")

        _assert_nothing_ran(watched, site)
    # Whatever stands in a name, an event stays on its line.
    assert len(written.splitlines()) == 5


@pytest.mark.parametrize(
    "damage",
    [
        {"video_id": None},
        {"level_seconds": None},
        {"level_seconds": {"high": "long"}},
        {"camera": None},
        {"camera": [{}]},
        {"segments": None},
        {"duration_seconds": "3"},
        {"peak": 1},
        None,
    ],
)
def test_a_damaged_entry_of_the_catalog_hides_no_other(
    watched: Watched, tmp_path: Path, damage: dict[str, Any] | None
) -> None:
    sound = catalog_entry(motion(uri="/rushes/take 2.mov"), 2)
    damaged = None if damage is None else catalog_entry(motion(), 1) | damage
    write_catalog(tmp_path, [damaged, sound])

    with static_site(tmp_path) as site:
        watched.page.goto(f"{site}#/?sort=motion")

        expect(watched.page.locator(".video-link")).to_have_text(["take 2.mov"])
        expect(watched.page.get_by_text("1 left out: damaged in the catalog")).to_be_visible()


def test_ids_that_lead_elsewhere_are_not_followed(watched: Watched, tmp_path: Path) -> None:
    metadata = motion()
    write_run(tmp_path, metadata, video_id="../../secret", run_id=AWAY)

    with static_site(tmp_path) as site:
        watched.page.goto(site)
        expect(watched.page.get_by_text("No videos yet")).to_be_visible()
        watched.page.goto(f"{site}#/video/{VIDEO_ID}?run=..%2F..%2Fsecret")
        expect(watched.page.get_by_role("alert")).to_contain_text("no such video")

        assert not [url for url in watched.requests if "secret" in urlsplit(url).path]


def test_metadata_with_parts_missing_is_refused_in_words(watched: Watched, tmp_path: Path) -> None:
    metadata = copy.deepcopy(motion())
    del metadata["analysis"]
    write_run(tmp_path, metadata)

    with static_site(tmp_path) as site:
        watched.page.goto(f"{site}#/video/{VIDEO_ID}")

        expect(watched.page.get_by_role("alert")).to_contain_text("not a readable motion.json")
