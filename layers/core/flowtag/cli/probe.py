"""``flowtag probe``: what a file says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtag.wording import clock, printable

if TYPE_CHECKING:
    from flowtag.contracts.messages import VideoProbe

_TIMEOUT_SECONDS = 120.0


@click.command()
@click.argument("file", type=Path)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def probe(file: Path, as_json: bool) -> None:
    """Prints what the container of FILE says; decodes no more than its first frame."""
    from flowtag.local.workers import run_apart

    # A broken header may crash the reader, so it is read by a process that may crash.
    found = run_apart(_probe, file, timeout_seconds=_TIMEOUT_SECONDS)
    if as_json:
        click.echo(json.dumps(found.model_dump(mode="json"), indent=2, ensure_ascii=False))
        return
    for name, value in describe(found).items():
        click.echo(f"{name:<12} {printable(value)}")


def describe(found: VideoProbe) -> dict[str, str]:
    """What people ask of a file, in their words."""
    rows = {
        "container": found.container,
        "codec": f"{found.codec}, {found.pixel_format}, {found.field_order}",
        "picture": _picture(found),
        "rate": _rate(found),
        "length": _length(found),
        "timecode": _timecode(found),
    }
    if found.color_transfer is not None:
        rows["transfer"] = found.color_transfer
    if found.warnings:
        rows["warnings"] = "; ".join(found.warnings)
    return rows


def _probe(path: Path) -> VideoProbe:
    from flowtag.video.probing import probe_video

    return probe_video(path)


def _picture(found: VideoProbe) -> str:
    text = f"{found.width} x {found.height}"
    width, height = found.display_size()
    if (width, height) != (found.width, found.height):
        text += f", shown as {width} x {height}"
    return f"{text}, rotated {found.rotation} degrees" if found.rotation else text


def _rate(found: VideoProbe) -> str:
    kind = ", variable" if found.variable_frame_rate else ""
    return f"{float(found.frame_rate):.6g} frames per second{kind}"


def _length(found: VideoProbe) -> str:
    if found.end_pts is None:
        return "unknown"
    seconds = float(found.timeline().seconds(found.end_pts))
    frames = "" if found.frames_expected is None else f", {found.frames_expected} frames"
    return f"{clock(seconds)} ({seconds:.3f} s){frames}"


def _timecode(found: VideoProbe) -> str:
    if found.timecode is None:
        return "none"
    return f"{found.timecode}{', drop-frame' if found.drop_frame else ''}"
