"""Draws the viewer's pages as pictures for the documentation, in Chromium.

    python -m docs.screenshots

Renders a reel of known motion, tags it by the command, and opens the result as a user would.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium, chromium_path, opened
from tests.browser.films import reel
from tests.browser.serving import viewing
from tests.rendering import render_clip
from tests.rendering.clips import Edit

IMAGES = Path(__file__).parent / "images"
_SIZE, _SMALL, _SHOT_SECONDS = (960, 540), (480, 270), 4.0
_QUALITY = 88
_FILMS = Path(tempfile.gettempdir(), "rushes", "day 1")
_EXCERPTS = {
    "A001_C004 cat": (4, 0, 4),
    "A001_C005 coffee": (0, 7),
    "A001_C006 launch": (2, 5, 6, 2),
    "A002_C001 gravel": (6, 8),
    "A002_C002 coins": (7,),
    "A002_C003 portrait": (3, 4, 3, 1, 7),
    "A002_C004 workshop": (1, 0, 1),
    "B001_C001 sky": (5,),
    "B001_C002 meadow": (8, 2, 8, 6),
}


def _films(folder: Path) -> None:
    """Renders what is shown, under names as a camera card has them."""
    whole = reel(_SIZE, _SHOT_SECONDS)
    made = {"A001_C003 reel.webm": whole}
    for name, numbers in _EXCERPTS.items():
        shots = tuple(whole.shots[number] for number in numbers)
        cuts = tuple(Edit() for _ in shots[1:])
        made[f"{name}.webm"] = replace(whole, name="excerpt", shots=shots, edits=cuts, size=_SMALL)
    with tempfile.TemporaryDirectory() as rendered:
        for name, clip in made.items():
            shutil.move(render_clip(clip, Path(rendered)).path, folder / name)


def _tag(films: Path, results: Path) -> None:
    command = [sys.executable, "-m", "flowtag.cli", "tag", str(films), "--out", str(results)]
    subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def _picture(page: Page, name: str) -> None:
    pixels = np.frombuffer(page.screenshot(animations="disabled"), np.uint8)
    image = cv2.imdecode(pixels, cv2.IMREAD_COLOR)
    assert image is not None
    cv2.imwrite(str(IMAGES / f"{name}.webp"), image, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])


def _draw(browser: Browser, address: str, theme: str) -> None:
    with opened(browser, color_scheme=theme, device_scale_factor=1.5) as watched:
        page = watched.page
        page.goto(f"{address}#/?sort=name")
        page.locator(".library-row img").last.wait_for()
        page.wait_for_timeout(1000)
        _picture(page, f"viewer-library-{theme}")
        page.get_by_role("link", name="A001_C003 reel").click()
        page.locator("main[data-playable][data-curves=dense]").wait_for()
        overlay = "arrows" if theme == "dark" else "none"
        page.goto(f"{page.url.split('?')[0]}?t=21&marks=1,5,7,9&in=12&out=22&overlay={overlay}")
        page.locator("main[data-playable][data-curves=dense]").wait_for()
        page.get_by_role("slider", name="Playhead").hover(position={"x": 380, "y": 60})
        page.locator(".preview img").wait_for()
        page.wait_for_timeout(500)
        _picture(page, f"viewer-video-{theme}")


def main() -> None:
    """Draws all pictures, in both themes."""
    path = chromium_path()
    if path is None:
        raise SystemExit("there is no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "tags")
        # Its name is in the pictures, so it is always the same.
        _FILMS.mkdir(parents=True)
        try:
            _films(_FILMS)
            _tag(_FILMS, results)
            with viewing(results) as address, chromium(path) as browser:
                for theme in ("dark", "light"):
                    _draw(browser, address, theme)
        finally:
            shutil.rmtree(_FILMS.parent)


if __name__ == "__main__":
    main()
