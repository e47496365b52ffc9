"""The page of a video: playing, keys, marks, export, and links that restore a view."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser import films
from tests.browser.chromium import wait_until
from tests.browser.conftest import Results
from tests.browser.serving import static_site, viewing
from tests.functional.command import read_json
from tests.rendering import Clip, RenderedClip
from tests.rendering.moves import CameraMove

_TIMECODE = re.compile(r"\d\d:\d\d:\d\d:\d\d")


@pytest.fixture
def reel(page: Page, address: str, results: Results) -> Page:
    """The page of the reel, ready to play."""
    return _opened(page, address, results, "reel")


def _opened(page: Page, address: str, results: Results, name: str, query: str = "") -> Page:
    page.goto(f"{address}#/video/{results.videos[name]}{query}")
    page.locator("main[data-playable][data-curves=dense]").wait_for()
    return page


def _clock(page: Page) -> str:
    return page.get_by_label("Timecode").inner_text()


def _seconds(page: Page) -> float:
    value: float = page.evaluate("document.querySelector('video').currentTime")
    return value


def _saved(page: Page, name: str) -> Download:
    with page.expect_download() as saving:
        page.get_by_role("button", name=name).click()
    return saving.value


def _text(download: Download) -> str:
    return Path(download.path()).read_text(encoding="utf-8")


def test_vp9_is_played_by_the_browser(reel: Page) -> None:
    reel.keyboard.press("l")
    # What is heard runs ahead of what is shown, and to stop goes back to what is shown.
    wait_until(reel, "document.querySelector('video').currentTime > 0.8")
    reel.keyboard.press("k")

    assert _seconds(reel) > 0.4
    assert reel.evaluate("document.querySelector('video').paused")
    expect(reel.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_l_again_doubles_and_j_plays_backwards(reel: Page) -> None:
    speed = reel.get_by_role("status", name="Speed")
    reel.keyboard.press("l")
    reel.keyboard.press("l")
    expect(speed).to_contain_text("▸ 2")
    reel.keyboard.press("l")
    expect(speed).to_contain_text("▸ 4")
    assert reel.evaluate("document.querySelector('video').playbackRate") == 4
    wait_until(reel, "document.querySelector('video').currentTime > 2")

    reel.keyboard.press("j")
    expect(speed).to_contain_text("◂ 1")
    before = _clock(reel)
    wait_until(reel, f"document.querySelector('.clock').textContent < '{before}'")


def test_a_frame_on_and_back_is_a_frame(reel: Page) -> None:
    for _ in range(3):
        reel.keyboard.press(".")
    expect(reel.get_by_label("Timecode")).to_have_text("00:00:00:03")
    reel.keyboard.press(",")
    expect(reel.get_by_label("Timecode")).to_have_text("00:00:00:02")
    # The middle of the third frame of 25 a second.
    wait_until(reel, "Math.abs(document.querySelector('video').currentTime - 0.1) < 1e-3")


def test_up_and_down_go_from_segment_to_segment(reel: Page, results: Results) -> None:
    segments = read_json(results.motion("reel"))["segments"]
    reel.keyboard.press("ArrowDown")
    reel.keyboard.press("ArrowDown")
    expect(reel.get_by_label("Timecode")).to_have_text(segments[2]["start"]["timecode"])
    reel.keyboard.press("ArrowUp")

    expect(reel.get_by_label("Timecode")).to_have_text(segments[1]["start"]["timecode"])
    expect(reel.get_by_role("heading", name="Segment 1")).to_be_visible()


def test_a_segment_that_is_clicked_plays_to_its_end(reel: Page, results: Results) -> None:
    segment = read_json(results.motion("reel"))["segments"][1]
    reel.get_by_role("option").nth(1).click()
    wait_until(
        reel, f"document.querySelector('video').currentTime > {segment['start']['seconds'] + 0.2}"
    )
    expect(reel.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=15_000)

    assert abs(_seconds(reel) - segment["end"]["seconds"]) < 0.1


def test_in_to_out_is_looped(reel: Page) -> None:
    reel.keyboard.press("Shift+ArrowRight")
    reel.keyboard.press("i")
    for _ in range(11):
        reel.keyboard.press(".")
    reel.keyboard.press("o")
    reel.keyboard.press("p")
    expect(reel.get_by_text("in 00:00:01:00 · out 00:00:01:12")).to_be_visible()
    reel.evaluate(
        """() => { window.places = [];
           const video = document.querySelector("video");
           setInterval(() => window.places.push(video.currentTime), 20); }"""
    )
    reel.keyboard.press("l")
    # It went back at least once, without leaving the span.
    wait_until(reel, "window.places.some((place, i) => place < window.places[i - 1] - 0.2)")

    assert max(reel.evaluate("window.places")) < 1.48 + 0.15


def test_the_timeline_is_clicked_zoomed_and_scrubbed(reel: Page, results: Results) -> None:
    segments = read_json(results.motion("reel"))["segments"]
    lanes = reel.get_by_role("slider", name="Playhead")
    box = lanes.bounding_box()
    assert box is not None
    middle = (segments[4]["start"]["seconds"] + segments[4]["end"]["seconds"]) / 2
    duration = float(str(lanes.get_attribute("aria-valuemax")))
    x = 78 + middle / duration * (box["width"] - 78)

    lanes.click(position={"x": x, "y": 150})
    expect(reel.get_by_role("heading", name="Segment 4")).to_be_visible()
    reel.keyboard.press("k")
    lanes.click(position={"x": x, "y": 60})
    assert abs(float(str(lanes.get_attribute("aria-valuenow"))) - middle) < 0.05
    reel.mouse.move(box["x"] + x, box["y"] + 60)
    reel.mouse.wheel(0, -600)
    reel.wait_for_url(re.compile(r"[?&]from=[\d.]+&to=[\d.]+"))


def test_hovering_shows_the_still_of_the_moment(reel: Page) -> None:
    lanes = reel.get_by_role("slider", name="Playhead")
    lanes.hover(position={"x": 700, "y": 60})

    picture = reel.locator(".preview img")
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    assert reel.evaluate("document.querySelector('.preview img').naturalWidth") > 100
    expect(reel.locator(".preview-text b")).to_have_text(_TIMECODE)


def test_marked_segments_are_exported_by_the_page_itself(
    page: Page, results: Results, tmp_path: Path
) -> None:
    segments = read_json(results.motion("reel"))["segments"]
    copy = tmp_path / "results"
    shutil.copytree(results.folder, copy)
    with static_site(copy) as site:
        _opened(page, site, results, "reel")
        for key in ("ArrowDown", "m", "ArrowDown", "ArrowDown", "m"):
            page.keyboard.press(key)
        page.get_by_role("button", name="Export 2 marked").click()

        edl = _text(_saved(page, "EDL")).split("\n")
        rows = list(csv.DictReader(io.StringIO(_text(_saved(page, "CSV")))))
        written = json.loads(_text(_saved(page, "JSON")))

    assert edl[1].strip() == "FCM: NON-DROP FRAME"
    events = [line.split() for line in edl if " V     C " in line]
    assert [event[4] for event in events] == [segments[i]["start"]["timecode"] for i in (1, 3)]
    lengths = [int(found) for found in re.findall(r"\|D:(\d+)", "\n".join(edl))]
    assert lengths == [segments[i]["end"]["frame"] - segments[i]["start"]["frame"] for i in (1, 3)]
    assert [row["start"] for row in rows] == [event[4] for event in events]
    assert written["segments"] == [segments[1], segments[3]]
    expect(page.get_by_text("--where 'index in (1, 3)'")).to_be_visible()


def test_a_link_restores_the_exact_view(
    reel: Page, page: Page, address: str, results: Results
) -> None:
    query = "?t=7.48&from=5&to=12&in=6&out=9&loop=1&marks=1,5,7-9&overlay=wheel"
    query += "&where=level%20%3E%3D%20medium"
    page.goto("about:blank")
    _opened(page, address, results, "reel", query)

    expect(page.get_by_label("Timecode")).to_have_text("00:00:07:12")
    expect(page.get_by_role("button", name="Export 5 marked")).to_be_visible()
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("radio", name="Colour wheel")).to_be_checked()
    expect(page.get_by_label("Filter segments")).to_have_value("level >= medium")
    expect(page.get_by_text("in 00:00:06:00 · out 00:00:09:00")).to_be_visible()
    page.wait_for_url(re.compile("run="))
    kept = dict(part.split("=") for part in page.url.split("?")[1].split("&"))
    assert kept | {"run": ""} == dict(part.split("=") for part in query[1:].split("&")) | {
        "run": ""
    }


def test_marks_are_there_again_after_a_visit_elsewhere(
    reel: Page, address: str, results: Results
) -> None:
    reel.keyboard.press("ArrowDown")
    reel.keyboard.press("m")
    reel.get_by_role("link", name="Back to the library").click()
    reel.get_by_role("link", name=re.compile("reel-")).click()

    expect(reel.get_by_role("button", name="Export 1 marked")).to_be_visible()


def test_segments_are_filtered_beside_the_timeline(reel: Page, results: Results) -> None:
    segments = read_json(results.motion("reel"))["segments"]
    wanted = [s["index"] for s in segments if "zoom_out" in s["camera"]["labels"]]
    reel.keyboard.press("/")
    reel.keyboard.type("camera has zoom_out")

    expect(reel.get_by_text(f"{len(wanted)} of {len(segments)} segments")).to_be_visible()
    expect(reel.get_by_role("option")).to_have_count(len(wanted))


def _colours(page: Page) -> list[int]:
    """Red, green, blue and alpha in the middle of the overlay, off the picture's own centre."""
    found: list[int] = page.evaluate(
        """() => { const canvas = document.querySelector('canvas.flow');
           const [x, y] = [canvas.width * 0.4, canvas.height * 0.4];
           return [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]; }"""
    )
    return found


def test_the_overlay_shows_where_the_picture_moves(
    page: Page, address: str, results: Results
) -> None:
    # The camera pans left: its picture moves to the right, which the wheel shows as red.
    _opened(page, address, results, "pan-left", "?t=1&overlay=wheel")
    page.locator("canvas.flow").wait_for()
    wait_until(
        page,
        "document.querySelector('canvas.flow').getContext('2d').getImageData(99, 99, 1, 1).data[3]",
    )

    red, green, blue, alpha = _colours(page)

    assert red > 180 > 100 > max(green, blue)
    assert alpha > 100
    expect(page.get_by_text(re.compile("still .* flow .* confidence"))).to_be_visible()


def test_arrows_and_the_confidence_map_are_drawn(
    page: Page, address: str, results: Results
) -> None:
    _opened(page, address, results, "pan-left", "?t=1")
    drawn: list[Any] = []
    for overlay in ("Arrows", "Confidence"):
        page.get_by_role("radio", name=overlay).click()
        page.locator("canvas.flow").wait_for()
        page.wait_for_timeout(100)
        drawn.append(page.evaluate("document.querySelector('canvas.flow').toDataURL()"))

    assert len(set(drawn)) == 2
    # Bright: the map is sure of a picture that moves as one.
    assert _colours(page)[0] > 200


def test_stills_follow_the_playhead_where_the_browser_cannot_play(
    page: Page, address: str, results: Results
) -> None:
    _opened(page, address, results, "master")
    expect(page.get_by_text("stills follow the playhead")).to_be_visible()
    still = page.locator("img.still")
    expect(still).to_have_attribute("src", re.compile("^blob:"))
    first = still.get_attribute("src")

    page.keyboard.press("l")
    wait_until(page, "document.querySelector('.clock').textContent >= '00:00:01:00'")

    expect(still).not_to_have_attribute("src", str(first))
    page.keyboard.press("k")
    assert "00:00:01" <= _clock(page) <= "00:00:02:00"


def test_help_tells_the_keys(reel: Page) -> None:
    reel.keyboard.press("?")
    expect(reel.get_by_role("dialog", name="Keys")).to_contain_text("play; again: twice as fast")
    reel.keyboard.press("Escape")

    expect(reel.get_by_role("dialog")).to_have_count(0)


def test_a_proxy_beside_the_result_is_played_in_place_of_a_master(
    page: Page, results: Results, tmp_path: Path, rendered: Callable[[Clip], RenderedClip]
) -> None:
    copy = tmp_path / "results"
    shutil.copytree(results.folder, copy)
    (run,) = (path.parent for path in copy.glob(f"{results.videos['master']}/*/motion.json"))
    playable = rendered(films.plain("proxy", CameraMove(zoom=0.2)))
    shutil.copy(playable.path, run / "proxy.mp4")

    with viewing(copy) as address:
        _opened(page, address, results, "master")
        page.keyboard.press("l")
        wait_until(page, "document.querySelector('video').currentTime > 0.2")
        page.keyboard.press("k")

        expect(page.locator("img.still")).to_be_hidden()


@pytest.mark.parametrize("width", [820, 1024, 1180, 1440])
def test_no_control_lies_outside_its_bar(reel: Page, width: int) -> None:
    reel.set_viewport_size({"width": width, "height": 800})
    cut_off = reel.evaluate(
        """() => {
          const bar = document.querySelector('.transport').getBoundingClientRect();
          return [...document.querySelectorAll('.transport *')]
            .filter((each) => each.getBoundingClientRect().right > bar.right + 0.5)
            .map((each) => each.textContent);
        }"""
    )
    assert cut_off == []
