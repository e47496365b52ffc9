"""Measure how soon the viewer shows something, and whether it stays smooth.

    python -m benchmarks.viewer

Opens made-up results in Chromium: a video of 10,000 segments, one of two hours with its table of
frames, and a library of 3,000 videos. Writes `benchmarks/viewer.md`. A long task holds up the page
for more than 50 ms, during which nothing that is clicked or scrolled answers.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Browser, Page

from benchmarks.measuring import machine
from tests.browser.chromium import chromium, chromium_path, opened
from tests.browser.serving import static_site, viewing
from tests.browser.synthetic import VIDEO_ID, catalog_entry, motion, write_catalog, write_run

DOCUMENT = Path(__file__).parent / "viewer.md"
REPEATS = 5
SEGMENTS, VIDEOS, HOURS = 10_000, 3_000, 2
ASKED_TASK_MS = 100.0
_FRAME_RATE = 25
_GROUP_SECONDS = 60
_STEPS = 60
_ROUTE = f"#/video/{VIDEO_ID}"
_STEP_MS = 40

_OBSERVE = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.longTasks.push(each.duration);
}).observe({ type: 'longtask', buffered: true });
"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Finding:
    """Medians over some visits.

    Attributes:
        name: what was opened.
        first_paint_ms: until anything is seen.
        ready_ms: until it can be worked with.
        loading_task_ms: the longest task until then.
        moving_task_ms: the longest task while it is scrolled, zoomed and panned; 0 if none is long.
    """

    name: str
    first_paint_ms: float
    ready_ms: float
    loading_task_ms: float
    moving_task_ms: float


@dataclass(frozen=True)
class Visit:
    """What is opened, when it is ready, and how it is moved about."""

    name: str
    route: str
    ready: str
    move: Callable[[Page], None]


def many_segments(root: Path) -> None:
    """A video of very many segments."""
    write_run(root, motion(SEGMENTS))


def two_hours(root: Path) -> None:
    """A video of two hours with the table of its frames, as large as a real one."""
    run = write_run(root, motion(HOURS * 3600))
    rng = np.random.default_rng(1)
    rows = _GROUP_SECONDS * _FRAME_RATE
    names = ("pan", "tilt", "zoom", "roll", "speed", "subject_speed", "subject_area")
    others = ("luma", "contrast", "detail", "difference", "match", "shift", "coverage", "texture")
    writer = None
    for group in range(HOURS * 3600 // _GROUP_SECONDS):
        seconds = group * _GROUP_SECONDS + np.arange(rows) / _FRAME_RATE
        odd = np.arange(rows) % 2 == 1
        columns: dict[str, Any] = {"seconds": pa.array(seconds)}
        for name in (*names, *others, "flow_confidence"):
            values = np.abs(rng.normal(0.1, 0.05, rows)).astype(np.float32)
            columns[name] = pa.array(values, mask=None if name in others else odd)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(
            run / "frames.parquet", table.schema, compression="zstd"
        )
        writer.write_table(table)
    assert writer is not None
    writer.close()


def many_videos(root: Path) -> None:
    """A library of very many videos."""
    made = (motion(uri=f"/rushes/day {n % 30}/take {n}.mov") for n in range(1, VIDEOS + 1))
    write_catalog(root, [catalog_entry(each, n) for n, each in enumerate(made, 1)])


def scroll_and_zoom(page: Page) -> None:
    """Scrolls the list of segments, and zooms and pans the timeline."""
    _wheel(page, ".segment", 0, 400)
    _wheel(page, ".timeline-slider", 0, -60)
    _wheel(page, ".timeline-slider", 120, 0)


def scroll_library(page: Page) -> None:
    """Scrolls the library."""
    _wheel(page, ".library-row:not(.head)", 0, 700)


def _wheel(page: Page, over: str, right: int, down: int) -> None:
    page.locator(over).nth(2 if over.startswith((".segment", ".lib")) else 0).hover()
    for _ in range(_STEPS):
        page.mouse.wheel(right, down)
        page.wait_for_timeout(_STEP_MS)


def measure(browser: Browser, address: str, visit: Visit) -> Finding:
    """Opens a page some times, each in a browser's context of its own."""
    found = [_visited(browser, address, visit) for _ in range(REPEATS)]
    return Finding(visit.name, *(statistics.median(column) for column in zip(*found, strict=True)))


def _visited(browser: Browser, address: str, visit: Visit) -> tuple[float, float, float, float]:
    with opened(browser) as watched:
        page = watched.page
        page.add_init_script(_OBSERVE)
        page.goto(address + visit.route)
        page.locator(visit.ready).first.wait_for()
        ready = float(page.evaluate("performance.now()"))
        loading = _longest_task(page)
        visit.move(page)
        return float(page.evaluate(_FIRST_PAINT)), ready, loading, _longest_task(page)


def _longest_task(page: Page) -> float:
    page.wait_for_timeout(100)
    return max(page.evaluate("window.longTasks.splice(0)"), default=0.0)


VISITS = (
    (
        many_segments,
        Visit(f"a video of {SEGMENTS:,} segments", _ROUTE, ".segment", scroll_and_zoom),
    ),
    (
        two_hours,
        Visit(
            f"a video of {HOURS} hours with its table of frames",
            _ROUTE,
            "main[data-curves=dense]",
            scroll_and_zoom,
        ),
    ),
    (many_videos, Visit(f"a library of {VIDEOS:,} videos", "", ".video-link", scroll_library)),
)  # fmt: skip


def report(findings: list[Finding]) -> str:
    """The document."""
    worst = max(finding.moving_task_ms for finding in findings)
    verdict = "met" if worst <= ASKED_TASK_MS else "missed"
    rows = [
        f"| {f.name} | {f.first_paint_ms:.0f} | {f.ready_ms:.0f} | {f.loading_task_ms:.0f} "
        f"| {f.moving_task_ms:.0f} |"
        for f in findings
    ]
    return "\n".join(
        [
            "# The viewer",
            "",
            f"Written by `python -m benchmarks.viewer` on {datetime.now(UTC).date()}. {machine()}.",
            f"Chromium without a GPU; medians of {REPEATS} visits, in ms. Load average meanwhile: "
            f"{os.getloadavg()[1]:.1f}.",
            "",
            f"**Asked: no task over {ASKED_TASK_MS:.0f} ms while scrolling, zooming and panning. "
            f"Measured: {worst:.0f} ms: {verdict}.**",
            "",
            "| opened | first paint | ready | longest task until then | longest task in motion |",
            "|---|--:|--:|--:|--:|",
            *rows,
            "",
            "A task counts from 50 ms on; 0: there was none. Ready: the list is there, and of the",
            "two hours the curve of every pair of frames too. The longest task of loading is the",
            "parsing of `motion.json`, which is about 1.1 kB a segment.",
            "",
        ]
    )


def main() -> None:
    """Measures, and writes the document."""
    path = chromium_path()
    if path is None:
        raise SystemExit("there is no Chromium: apt-get install chromium")
    findings = []
    with chromium(path) as browser:
        for make, visit in VISITS:
            with tempfile.TemporaryDirectory() as folder:
                make(Path(folder))
                serve = static_site if make is many_videos else viewing
                with serve(Path(folder)) as address:
                    findings.append(measure(browser, address, visit))
                    print(findings[-1])
    DOCUMENT.write_text(report(findings), encoding="utf-8")


if __name__ == "__main__":
    main()
