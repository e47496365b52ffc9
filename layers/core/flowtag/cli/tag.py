"""``flowtag tag``: the main job."""

from __future__ import annotations

import os
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtag.cli.moments import Range, checked_range, moment
from flowtag.cli.wording import printable

if TYPE_CHECKING:
    from flowtag.local.inputs import Inputs
    from flowtag.local.outcomes import Outcome
    from flowtag.local.video_run import Host
    from flowtag.settings import Preset

_SIGNAL_EXIT = 128

_EPILOG = """\b
Examples:
  flowtag tag clip.mov --out tags
  flowtag tag /media/card more/*.mxf --out tags --jobs 4
  flowtag tag rushes.mov --out tags --range 00:01:30 end
  flowtag tag /media/card --out tags --json | jq .status

The same command again continues where it was stopped, retries chunks that failed, and leaves
alone what is complete.

\b
Exit status:
  0    every input is tagged; a partial result, with gaps, counts as tagged
  1    some input is not; the table says why
  2    the command cannot be carried out: bad options, no input, no place for results
  130  stopped by Ctrl-C (143: by kill); the same command continues
"""


@click.command(epilog=_EPILOG)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=Path)
@click.option("--out", required=True, type=Path, metavar="DIR", help="Where results go.")
@click.option("--quiet", is_flag=True, help="Say nothing on stderr but what failed.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each input.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Chunks analysed at a time, a process each. Default: one per core.",
)
@click.option(
    "--preset",
    type=click.Choice(["fast", "balanced", "best"]),
    default="balanced",
    show_default=True,
    help="How much work goes into each frame.",
)
@click.option(
    "--chunk-seconds",
    type=click.FloatRange(0.1, 86400),
    default=60,
    show_default=True,
    help="Length of a unit of work; results do not depend on it.",
)
@click.option(
    "--range",
    "moments",
    nargs=2,
    type=moment,
    metavar="START END",
    help="Analyse a part: seconds or HH:MM:SS[.mmm] since the first frame; END may be 'end'.",
)
@click.option("--force", is_flag=True, help="Do over what is done.")
@click.pass_context
def tag(
    ctx: click.Context,
    inputs: tuple[Path, ...],
    out: Path,
    quiet: bool,
    as_json: bool,
    jobs: int | None,
    preset: Preset,
    chunk_seconds: float,
    moments: tuple[Fraction | None, Fraction | None] | None,
    force: bool,
) -> None:
    """Tags videos with motion.

    INPUT is a video, or a folder whose videos are meant. The path of each motion.json goes to
    stdout; progress, and a table of what happened to each input, go to stderr.
    """
    from flowtag.cli.reporting import Reporter
    from flowtag.local.runner import tag_files

    span = checked_range(moments)
    found = _found(inputs, out)
    _require_writable(out)
    host = _host(out, preset, span, chunk_seconds, jobs or _cores(), force)
    refused = [_unreadable(path, reason) for path, reason in found.unreadable]
    with Reporter(quiet=quiet, as_json=as_json, debug=bool(ctx.obj)) as reporter:
        for outcome in refused:
            reporter.settled(outcome)
        report = tag_files(found.files, host, reporter)
    outcomes = (*report.outcomes, *refused)
    reporter.conclude(outcomes, stopped=report.stopped_by is not None)
    if report.stopped_by is not None:
        ctx.exit(_SIGNAL_EXIT + report.stopped_by)
    ctx.exit(0 if all(outcome.is_tagged for outcome in outcomes) else 1)


def _found(named: tuple[Path, ...], out: Path) -> Inputs:
    from flowtag.local.inputs import find_inputs

    missing = [path for path in named if not os.path.lexists(path)]
    if len(missing) == len(named):
        raise click.UsageError(f"There is no {printable(missing[0])}.")
    found = find_inputs(named, out)
    if not found.files and not found.unreadable:
        raise click.UsageError(f"No video found in {printable(named[0])}.")
    return found


def _require_writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(f"{printable(out)}: {reason}", param_hint="--out") from error


def _host(
    out: Path, preset: Preset, span: Range | None, chunk_seconds: float, jobs: int, force: bool
) -> Host:
    from flowtag.local.video_run import Host
    from flowtag.settings import AnalysisSettings, ExecutionSettings
    from flowtag.storage import FolderStore

    settings = AnalysisSettings.for_preset(preset, span)
    execution = ExecutionSettings(chunk_seconds=Fraction(str(chunk_seconds)), jobs=jobs)
    return Host(FolderStore(out), settings, execution, force)


def _unreadable(path: Path, reason: str) -> Outcome:
    from flowtag.local.outcomes import Outcome

    return Outcome(path, "failed", code="not_found", reason=f"cannot be listed: {reason}")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
