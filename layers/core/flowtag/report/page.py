"""Fills the page: words and pictures in, one HTML document out that needs no other file."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flowtag import __version__
from flowtag.contracts.metadata import MotionMetadata, Video
from flowtag.report.curves import displayed_size, read_samples
from flowtag.report.linking import film_of
from flowtag.report.rows import Row, rows_of
from flowtag.report.timeline import LANE_HEIGHT, MOVE_LANES, timeline_of
from flowtag.report.wording import (
    FLAGS,
    LEVELS,
    camera_sign,
    camera_words,
    clock,
    flag_words,
    frame_rate,
    percent,
    seconds_by_label,
    seconds_by_level,
    storage,
)
from flowtag.viewing.pages import viewer_folder
from flowtag.wording import count, printable

_HERE = Path(__file__).parent
# Where there are more segments their outlines would be all that is seen of them.
_MOST_OUTLINED = 120


@dataclass(frozen=True)
class Inlined:
    """A style or a script within the page, and what the page's policy knows it by."""

    text: str
    digest: str

    @classmethod
    def of(cls, text: str) -> Inlined:
        """Takes the text as it is to stand between the tags.

        It is a file of this package: nothing of a result is in it.
        """
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return cls(text, f"sha256-{digest}")


def page_of(motion: Path, metadata: MotionMetadata, report: Path) -> bytes:
    """The page for a result; the same bytes for the same result at the same place.

    Args:
        motion: the motion.json, beside which thumbnails, table and proxy are looked for.
        metadata: what stands in it.
        report: where the page is to lie, from where the video is linked.
    """
    film = film_of(motion, metadata.video, report)
    rows = rows_of(metadata, motion.parent, film)
    page = _environment().get_template("page.html.j2").render(
        metadata=metadata,
        name=_name(metadata.video),
        facts=_facts(metadata),
        levels=_levels(metadata),
        camera=[(camera_sign(k), camera_words(k), clock(v)) for k, v in _top_labels(metadata)],
        flags=_flags(rows),
        rows=rows,
        timeline=timeline_of(metadata, read_samples(motion, metadata)),
        film=film,
        has_moved=film is None and metadata.video.uri.startswith("/"),
        shape=displayed_size(metadata.video),
        style=_style(),
        script=_script(),
    )  # fmt: skip
    # JSON may hold halves of characters, which no encoding knows.
    return page.encode("utf-8", "backslashreplace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printed,
    )
    environment.globals |= {
        "LEVELS": LEVELS,
        "MOST_OUTLINED": _MOST_OUTLINED,
        "MOVE_LANES": MOVE_LANES,
        "LANE_HEIGHT": LANE_HEIGHT,
        "version": __version__,
    }
    environment.filters |= {
        "clock": clock,
        "count": count,
        "flag_words": flag_words,
        "percent": percent,
    }
    return environment


def _printed(value: Any) -> Any:
    # Of a file's name nothing may be obeyed: no line break, and no reversal of the direction.
    return printable(value) if type(value) is str and not value.isprintable() else value


@cache
def _style() -> Inlined:
    tokens = viewer_folder() / "styles/tokens.css"
    return Inlined.of("".join(_text(path) for path in (tokens, _HERE / "report.css")))


@cache
def _script() -> Inlined:
    return Inlined.of(_text(_HERE / "report.js"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(video: Video) -> str:
    return video.uri.rpartition("/")[2] or video.uri


def _facts(metadata: MotionMetadata) -> list[tuple[str, str]]:
    """What stands under the name; what is not known of the file is left out."""
    video = metadata.video
    rotated = video.rotation in (90, 270)
    width, height = (video.height, video.width) if rotated else (video.width, video.height)
    facts = [
        ("Duration", clock(video.duration_seconds) if video.duration_seconds else None),
        ("Starts at", video.timecode),
        ("Picture", f"{width} × {height}" if width and height else None),  # noqa: RUF001
        ("Rate", frame_rate(video)),
        ("Codec", video.codec),
        ("Size", storage(video.size_bytes)),
        ("Shots", str(len(metadata.shots))),
        ("Segments", str(len(metadata.segments))),
    ]
    return [(name, value) for name, value in facts if value is not None]


def _levels(metadata: MotionMetadata) -> list[tuple[str, str, str, int]]:
    """Level, how long, which share, and how many segments; as long as there are any."""
    seconds = seconds_by_level(metadata)
    whole = sum(seconds.values())
    counts = dict.fromkeys(LEVELS, 0)
    for segment in metadata.segments:
        counts[segment.motion.level or "unknown"] += 1
    return [(k, clock(v), f"{v / whole * 100:.3f}%", counts[k]) for k, v in seconds.items()]


def _top_labels(metadata: MotionMetadata) -> list[tuple[str, float]]:
    return list(seconds_by_label(metadata).items())


def _flags(rows: list[Row]) -> list[tuple[str, str]]:
    """The flags that occur, with what they mean."""
    found = {flag for row in rows for flag in row.flags}
    return [
        (flag_words(flag), FLAGS.get(flag, "not known to this version")) for flag in sorted(found)
    ]
