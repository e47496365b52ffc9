"""Videos whose frames do not begin at multiples of the nominal frame: seeking, keys, segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import films
from tests.browser.chromium import wait_until
from tests.browser.serving import viewing
from tests.functional.command import read_json, run_flowtag
from tests.rendering import Clip, RenderedClip
from tests.rendering.clips import Cadence

NTSC_RATES = ("24000/1001", "30000/1001", "60000/1001")
CADENCE = Cadence(Fraction(30000, 1001))

_FRAMES_AT = """async ([rate, times]) => {
  const { FrameCount } = await import('./timecode.js');
  const frames = new FrameCount({ frame_rate: rate });
  return times.map((seconds) => frames.at(seconds));
}"""


@pytest.fixture(scope="module", params=["29.97", "variable"])
def folder(
    request: pytest.FixtureRequest,
    rendered: Callable[[Clip], RenderedClip],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The result of a reel in WebM, which counts milliseconds."""
    path = rendered(films.cuts("cuts", CADENCE)).path
    if request.param == "variable":
        path = _jittered(path, tmp_path_factory.mktemp("clips") / path.name)
    out = tmp_path_factory.mktemp("results")
    ran = run_flowtag("tag", path, "--out", out)
    assert ran.status == 0, ran.err
    return out


@pytest.fixture
def segments(folder: Path) -> list[dict[str, Any]]:
    (motion,) = folder.glob("*/*/motion.json")
    found: list[dict[str, Any]] = read_json(motion)["segments"]
    return found


@pytest.fixture
def film(page: Page, folder: Path) -> Iterator[Page]:
    """Its page, ready to play."""
    with viewing(folder) as address:
        page.goto(address)
        page.locator("main[data-playable=true][data-curves=dense]").wait_for()
        yield page


def _jittered(source: Path, target: Path) -> Path:
    """The same pictures at times that lie up to 12 ms beside those of the nominal rate."""
    jitter = np.random.default_rng(5)
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        (stream,) = read.streams.video
        copied = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.pts:
                packet.pts += int(jitter.integers(-12, 13))
                packet.dts = packet.pts
            if packet.pts is not None:
                packet.stream = copied
                written.mux(packet)
    return target


_ARRIVED = """async () => {
  const video = document.querySelector('video');
  // The page, which hears of the arrival a little later, may go on from there at once.
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return !video.seeking;
}"""


def _settled(page: Page) -> None:
    """Waits until the picture is there, and the page has heard of it."""
    wait_until(page, "!document.querySelector('video').seeking")
    wait_until(page, _ARRIVED)


@pytest.mark.parametrize("rate", NTSC_RATES)
def test_a_frame_is_found_at_its_time_in_milliseconds(page: Page, address: str, rate: str) -> None:
    page.goto(address)
    times = [round(float(frame / Fraction(rate)), 3) for frame in range(2000)]

    assert page.evaluate(_FRAMES_AT, [rate, times]) == list(range(2000))


def test_down_goes_through_all_segments(film: Page, segments: list[dict[str, Any]]) -> None:
    for segment in segments[1:]:
        film.keyboard.press("ArrowDown")
        _settled(film)

        expect(film.get_by_label("Timecode")).to_have_text(segment["start"]["timecode"])
        expect(film.get_by_role("heading", name=f"Segment {segment['index']}")).to_be_visible()


def test_up_goes_through_all_segments(film: Page, segments: list[dict[str, Any]]) -> None:
    for _ in segments[1:]:
        film.keyboard.press("ArrowDown")
    for segment in reversed(segments[:-1]):
        film.keyboard.press("ArrowUp")
        _settled(film)

        expect(film.get_by_role("heading", name=f"Segment {segment['index']}")).to_be_visible()


def test_up_from_the_end_goes_to_the_last_segments(
    film: Page, segments: list[dict[str, Any]]
) -> None:
    film.keyboard.press("End")
    _settled(film)
    film.keyboard.press("ArrowUp")
    _settled(film)

    # The last one, where the end lies beyond it; else the one before.
    heading = film.get_by_role("heading", name="Segment").inner_text()
    assert int(heading.split()[1]) >= len(segments) - 2


def test_shift_and_an_arrow_go_a_second_of_timecode(film: Page) -> None:
    film.keyboard.press("Shift+ArrowRight")
    _settled(film)
    assert film.get_by_label("Timecode").inner_text().replace(";", ":") == "00:00:01:00"

    film.keyboard.press("Shift+ArrowLeft")
    _settled(film)
    assert film.get_by_label("Timecode").inner_text().replace(";", ":") == "00:00:00:00"


def test_a_link_to_a_segment_opens_it(
    film: Page, folder: Path, segments: list[dict[str, Any]]
) -> None:
    wanted = segments[-2]
    (video,) = (path.parent.name for path in folder.glob("*/latest.json"))
    film.goto("about:blank")
    film.go_back()
    film.evaluate(f"location.hash = '#/video/{video}?segment={wanted['index']}'")
    film.locator("main[data-playable=true]").wait_for()
    _settled(film)

    expect(film.get_by_label("Timecode")).to_have_text(wanted["start"]["timecode"])
    expect(film.get_by_role("heading", name=f"Segment {wanted['index']}")).to_be_visible()


def test_a_segment_that_is_played_ends_at_its_last_frame(
    film: Page, segments: list[dict[str, Any]]
) -> None:
    film.get_by_role("option").nth(1).click()
    expect(film.get_by_role("button", name="Stop")).to_be_visible()
    expect(film.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=15_000)
    _settled(film)

    assert film.evaluate(_SHOWN_FRAME) == segments[1]["end"]["frame"] - 1
    expect(film.get_by_role("heading", name="Segment 1")).to_be_visible()


_SHOWN_FRAME = """async () => {
  const { FrameCount } = await import('./timecode.js');
  const config = await (await fetch('config.json')).json();
  const latest = await (await fetch(`data/${config.open}/latest.json`)).json();
  const motion = await (await fetch(`data/${latest.motion}`)).json();
  return new FrameCount(motion.video).at(document.querySelector('video').currentTime);
}"""
