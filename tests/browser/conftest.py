"""Fixtures of the tests in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import films
from tests.browser.chromium import REQUIRED, Watched, chromium, chromium_path, is_required, opened
from tests.browser.serving import viewing
from tests.functional.command import run_flowtag
from tests.rendering import Clip, RenderedClip
from tests.rendering.moves import CameraMove


@dataclass(frozen=True)
class Results:
    """Tagged clips.

    Attributes:
        folder: the output folder.
        videos: ids of the videos by the names of their clips.
    """

    folder: Path
    videos: dict[str, str]

    def motion(self, name: str) -> Path:
        """The motion.json of a clip."""
        (path,) = self.folder.glob(f"{self.videos[name]}/*/motion.json")
        return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    path = chromium_path()
    if path is None:
        missing = "there is no Chromium: apt-get install chromium"
        (pytest.fail if is_required() else pytest.skip)(f"{missing} ({REQUIRED}=1 makes this fail)")
    with chromium(path) as started:
        yield started


@pytest.fixture(scope="session")
def results(
    browser: Browser,
    rendered: Callable[[Clip], RenderedClip],
    tmp_path_factory: pytest.TempPathFactory,
) -> Results:
    """Three clips, rendered and tagged by the command; the last one in a codec for masters."""
    folder = tmp_path_factory.mktemp("results")
    clips = [
        rendered(films.reel()),
        rendered(films.plain("pan-left", CameraMove(pan=-0.4))),
        rendered(films.plain("master", CameraMove(zoom=0.2), codec="prores")),
    ]
    ran = run_flowtag("tag", *(c.path for c in clips), "--out", folder, "--chunk-seconds", "8")
    assert ran.status == 0, ran.err
    motions = map(Path, ran.lines)
    names = {path.parents[1].name for path in motions}
    videos = {
        clip.clip.name: next(each for each in names if each.startswith(clip.path.stem))
        for clip in clips
    }
    return Results(folder, videos)


@pytest.fixture(scope="session")
def address(results: Results) -> Iterator[str]:
    """Where ``flowtag view`` serves the clips."""
    with viewing(results.folder) as served:
        yield served


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A fresh page; what it complains of fails the test."""
    with opened(browser) as each:
        yield each
        assert each.errors == []


@pytest.fixture
def page(watched: Watched) -> Page:
    """A fresh page."""
    return watched.page
