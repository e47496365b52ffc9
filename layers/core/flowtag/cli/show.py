"""``flowtag show``: results for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtag.cli.where import where_option
from flowtag.wording import count, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from flowtag.contracts.metadata import (
        Camera,
        MotionMetadata,
        Refining,
        Segment,
        Subject,
    )
    from flowtag.filtering import Filter

_SPARKLINE_WIDTH = 72
_RATES = {
    "pan": ("pan", "w/s"),
    "tilt": ("tilt", "h/s"),
    "zoom": ("zoom", "/s"),
    "roll": ("roll", "°/s"),
}


@click.command()
@click.argument("paths", metavar="DIR|motion.json...", nargs=-1, required=True, type=Path)
@where_option
def show(paths: tuple[Path, ...], where: Filter | None) -> None:
    """Prints segments and a sparkline of motion for each video.

    DIR may be an output folder, a video's folder, or a run's folder; of a video with several runs
    the latest is shown. Rates are per second: pan in picture widths, tilt in heights. With --where
    the table has only the segments that match, and videos without one are left out. After tagging
    with --refine it says how often the model was asked, for how many pairs each reason held, and of
    each segment whose flow counts: dis (cheap), the model (refined), or both (mixed).
    """
    from flowtag.cli.finding import find_motion
    from flowtag.cli.reporting import plain_console

    console = plain_console(stderr=False)
    shown = [_show_video(console, motion, where) for path in paths for motion in find_motion(path)]
    if not any(shown):
        click.echo("no segment matches --where", err=True)


def _show_video(console: Console, motion: Path, where: Filter | None) -> bool:
    """Prints a video, unless a filter finds nothing in it; says whether it did."""
    from flowtag.cli.sparkline import samples_of, sparkline
    from flowtag.errors import StorageError
    from flowtag.runs import read_motion

    try:
        metadata = read_motion(motion.read_bytes())
    except OSError as error:
        raise StorageError(f"{motion}: {error.strerror or error}") from error
    segments = metadata.segments if where is None else where.select(metadata.segments)
    if where is not None and not segments:
        return False
    console.print(heading(metadata))
    width = min(_SPARKLINE_WIDTH, console.width)
    seconds = metadata.video.duration_seconds or 0.0
    console.print(sparkline(samples_of(motion, metadata), seconds, width))
    console.print(segment_table(segments))
    return True


def heading(metadata: MotionMetadata) -> str:
    """One line on the video, and one each on what a costlier model did and what is missing."""
    video, analysis = metadata.video, metadata.analysis
    parts = [
        printable(Path(video.uri).name),
        f"{video.width} x {video.height}",
        count(len(metadata.shots), "shot"),
        count(len(metadata.segments), "segment"),
    ]
    if analysis.status != "complete":
        parts.append(analysis.status)
    missing = [f"{gap.start.timecode} to {gap.end.timecode}: {gap.reason}" for gap in analysis.gaps]
    said = [analysis.reason] if analysis.reason else []
    if analysis.refining is not None:
        said.append(_refined(analysis.refining))
    return "\n  ".join([", ".join(parts), *map(printable, [*said, *missing])])


def _refined(refining: Refining) -> str:
    """What a costlier model did, and for how many pairs each reason held, most frequent first."""
    reasons = sorted(refining.reasons.items(), key=lambda reason: -reason[1])
    counted = ", ".join(f"{name} {pairs}" for name, pairs in reasons if pairs)
    return (
        f"{refining.name} was asked about {refining.asked} of {count(refining.pairs, 'pair')}"
        f" and explained {refining.refined} better" + (f" ({counted})" if counted else "")
    )


def segment_table(segments: Sequence[Segment]) -> Table:
    """A row a segment; where a costlier model may refine, with its gate."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, pad_edge=False)
    gated = any(segment.gate is not None for segment in segments)
    for name in ("#", "start", "end", "level", "camera", "subject", "confidence", "flags"):
        table.add_column(name, justify="right" if name in ("#", "confidence") else "left")
    if gated:
        table.add_column("gate")
    for segment in segments:
        cells = [str(segment.index), segment.start.timecode, segment.end.timecode]
        cells += [segment.motion.level or "unknown", camera_text(segment.camera)]
        cells += [subject_text(segment.subject), _confidence(segment), " ".join(segment.flags)]
        if gated:
            cells.append("unknown" if segment.gate is None else segment.gate.path)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def camera_text(camera: Camera) -> str:
    """Labels, and the rates that earned them: ``pan_right (pan +0.31 w/s) smooth``."""
    labels = " ".join(camera.labels) or "unknown"
    rates = [
        f"{word} {value:+.2f} {unit}"
        for name, (word, unit) in _RATES.items()
        if any(label.startswith(name) for label in camera.labels)
        and (value := getattr(camera, name)) is not None
    ]
    shown = f" ({', '.join(rates)})" if rates else ""
    held = camera.steadiness
    return f"{labels}{shown}" + (f" {held}" if held and held not in camera.labels else "")


def subject_text(subject: Subject) -> str:
    """Level and area: ``low, 6%``."""
    if subject.level is None:
        return "unknown"
    area = f", {subject.area:.0%}" if subject.area else ""
    return f"{subject.level}{area}"


def _confidence(segment: Segment) -> str:
    return f"{segment.confidence.mean:.0%}"
