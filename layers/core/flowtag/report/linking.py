"""Which video a report plays, and where it is from the report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flowtag.contracts.metadata import Video

_PROXY = "proxy.mp4"


@dataclass(frozen=True)
class Film:
    """A video to play.

    Attributes:
        url: relative to the report where both lie on one disk, so that they may move together.
        is_proxy: whether it is the small copy beside the result.
    """

    url: str
    is_proxy: bool

    def span(self, start_seconds: float, end_seconds: float) -> str:
        """The address of a part, as a browser plays it without a script (W3C Media Fragments)."""
        return f"{self.url}#t={start_seconds:.3f},{end_seconds:.3f}"


def film_of(motion: Path, video: Video, report: Path) -> Film | None:
    """The proxy beside a motion.json, else the video that it names; None if neither is there."""
    proxy = motion.with_name(_PROXY)
    if proxy.is_file():
        return Film(url_from(report.parent, proxy), is_proxy=True)
    source = Path(video.uri)
    # A motion.json may come from anywhere, and name anything.
    if source.is_absolute() and _is_file(source):
        return Film(url_from(report.parent, source), is_proxy=False)
    return None


def url_from(folder: Path, file: Path) -> str:
    """The address of a file for a page in a folder, percent-encoded."""
    target, base = Path(os.path.abspath(file)), Path(os.path.abspath(folder))  # noqa: PTH100
    if _disk(target) != _disk(base):
        return target.as_uri()
    steps = Path(os.path.relpath(target, base)).parts
    return "/".join(quote(os.fsencode(step), safe="") for step in steps)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _disk(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return path.stat().st_dev
