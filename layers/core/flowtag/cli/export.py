"""``flowtag export``: segments as what editing programs, players and tables take."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowtag.cli.where import where_option
from flowtag.errors import FlowtagError
from flowtag.wording import printable

if TYPE_CHECKING:
    from flowtag.cli.one_run import OneRun
    from flowtag.export import Handles
    from flowtag.export.formats import ExportOptions, Format
    from flowtag.export.sound import Sound
    from flowtag.filtering import Filter

_TIMEOUT_SECONDS = 120.0
EXPORT_FORMATS = ("otio", "edl", "fcp7xml", "fcpxml", "csv", "vtt", "ffmetadata", "jsonl")
_HANDLES = re.compile(r"^(\d+)f$|^(\d+(?:\.\d+)?)s$")
_EPILOG = """\b
Formats:
  otio        OpenTimelineIO: Resolve, and what has an adapter for it
  edl         CMX 3600: markers for Resolve, or locators for Avid (--flavor avid)
  fcp7xml     XML of Final Cut Pro 7: Premiere
  fcpxml      Final Cut Pro: a clip with markers and keyword ranges
  csv, jsonl  every figure of every segment: spreadsheets, programs
  vtt         cues for a player; with --thumbnails, pictures for its scrub bar
  ffmetadata  chapters: ffmpeg -i a.mov -i a.txt -map_chapters 1 -codec copy b.mov

\b
Examples:
  flowtag export tags --format edl -o take2.edl
  flowtag export tags/take-2-3f9a1c2b77d0 --format fcpxml --where 'camera has pan' -o pans.fcpxml
  flowtag export tags --format otio --shape selects --handles 12f -o selects.otio
  flowtag export s3://tags/take-2-3f9a1c2b77d0/ --format fcp7xml --media /Volumes/rushes/a.mov
  flowtag export tags --format vtt --thumbnails -o player/thumbs.vtt

How each program imports them: docs/formats/export.md.

\b
Exit status:
  0    the file is written; warnings, if any, are on stderr
  1    there is nothing to write, or no result to read
  2    the command cannot be carried out: bad options, several videos
"""


def read_handles(text: str) -> Handles:
    """Reads ``12f`` or ``0.5s``.

    Raises:
        click.BadParameter: it is neither.
    """
    from flowtag.export import Handles

    match = _HANDLES.match(text.strip().lower())
    if match is None:
        raise click.BadParameter(f"{text!r} is neither frames, such as 12f, nor seconds, 0.5s")
    return Handles(int(match[1])) if match[1] else Handles(None, Fraction(match[2]))


@click.command(epilog=_EPILOG)
@click.argument("run")
@click.option(
    "--format", "kind", required=True, type=click.Choice(EXPORT_FORMATS), help="What is written."
)
@where_option
@click.option(
    "--shape",
    type=click.Choice(["markers", "selects"]),
    default="markers",
    show_default=True,
    help="Markers on the source, or a timeline of the segments end to end.",
)
@click.option(
    "--handles",
    type=read_handles,
    metavar="FRAMES|SECONDS",
    help="Before and after each select: 12f, or 0.5s.",
)
@click.option(
    "--flavor",
    type=click.Choice(["resolve", "avid"]),
    default="resolve",
    show_default=True,
    help="Whose EDL.",
)
@click.option(
    "--media",
    metavar="PATH|URL",
    help="The video as the editing program will find it. Default: where it was tagged.",
)
@click.option(
    "--audio-channels",
    type=click.IntRange(0, 64),
    help="Of the video's sound. Default: as the file says, where it is on this machine.",
)
@click.option("--thumbnails", is_flag=True, help="With vtt: a sprite sheet of thumbnails.")
@click.option(
    "-o",
    "--output",
    type=Path,
    metavar="FILE",
    help="Where to; a sprite sheet goes beside it. Default: stdout.",
)
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Of s3://: another server than AWS that speaks S3. Also AWS_ENDPOINT_URL_S3.",
)
@click.option("--region", help="Of s3://. Default: as the environment or the profile says.")
def export(
    run: str,
    kind: Format,
    where: Filter | None,
    thumbnails: bool,
    output: Path | None,
    endpoint_url: str | None,
    region: str | None,
    **chosen: Any,
) -> None:
    """Writes the segments of RUN for an editing program, a player or a table.

    RUN is a motion.json, a run's folder, a video's folder or an output folder with one video, on
    this machine or at s3://; of a video with several runs the latest is taken.
    """
    from flowtag.cli.one_run import open_run
    from flowtag.export.formats import TIMELINES
    from flowtag.export.formats import export as write

    options = _options(kind, where, thumbnails, chosen)
    if thumbnails and (kind != "vtt" or output is None):
        raise click.UsageError("--thumbnails goes with --format vtt and -o: it writes two files")
    found = open_run(run, endpoint_url, region)
    if thumbnails and output is not None:
        _write_thumbnails(found, options, output)
        return
    if kind in TIMELINES:
        options = replace(options, sound=_sound(found, options, chosen["audio_channels"]))
    exported = write(found.metadata, kind, options)
    _warn(exported.warnings)
    if output is None:
        click.echo(exported.data, nl=False)
    else:
        _write(output, exported.data)


def _sound(found: OneRun, options: ExportOptions, channels: int | None) -> Sound | None:
    """The sound that the video has: as was said, else as its file says."""
    from flowtag.export.sound import Sound, sound_of
    from flowtag.local.workers import run_apart

    if channels is not None:
        return Sound(channels) if channels else None
    path = Path(options.media or found.metadata.video.uri)
    reason = "it is not on this machine"
    if path.is_file():
        try:
            # A broken header may crash the reader, so it is read by a process that may crash.
            return run_apart(sound_of, path, timeout_seconds=_TIMEOUT_SECONDS)
        except (FlowtagError, ModuleNotFoundError) as error:
            reason = str(error)
    if options.shape == "selects":
        _warn((f"selects have no sound: {path.name}: {reason}; say --audio-channels 2",))
    return None


def _options(
    kind: Format, where: Filter | None, thumbnails: bool, chosen: dict[str, Any]
) -> ExportOptions:
    from flowtag.export import TIMELINES, ExportOptions, Handles

    selects = chosen["shape"] == "selects"
    if selects and (thumbnails or kind not in TIMELINES):
        raise click.UsageError(f"--shape selects is for {', '.join(TIMELINES)}")
    if chosen["handles"] is not None and not selects:
        raise click.UsageError("--handles goes with --shape selects")
    handles = chosen["handles"] or Handles()
    return ExportOptions(where, chosen["shape"], handles, chosen["flavor"], chosen["media"])


def _write_thumbnails(found: OneRun, options: ExportOptions, output: Path) -> None:
    from flowtag.export import export_thumbnails

    sheet = output.with_suffix(".jpg")
    track = export_thumbnails(found.metadata, options.where, found.read, sheet.name)
    _warn(track.warnings)
    # The sheet first: who sees the track may ask for it at once.
    _write(sheet, track.sheet)
    _write(output, track.cues)


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        click.echo(f"warning: {printable(warning)}", err=True)


def _write(path: Path, data: bytes) -> None:
    from flowtag.errors import StorageError
    from flowtag.whole_files import write_whole

    try:
        write_whole(path, data)
    except StorageError as error:
        raise click.BadParameter(printable(str(error)), param_hint="-o") from error
    click.echo(os.fsencode(path))
