"""``flowtag tag``: the main job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowtag.cli.tagging import (
    TaggingOptions,
    carry_out,
    force_option,
    proxy_option,
    report_option,
    tagging_options,
    writable_folder,
)
from flowtag.wording import printable

if TYPE_CHECKING:
    from flowtag.local.inputs import Inputs
    from flowtag.local.outcomes import Outcome

_EPILOG = """\b
Examples:
  flowtag tag clip.mov --out tags
  flowtag tag /media/card more/*.mxf --out tags --jobs 4
  flowtag tag rushes.mov --out tags --range 00:01:30 end
  flowtag tag /media/card --out tags --json | jq .status
  flowtag tag masters --out tags --proxy --report

The same command again continues where it was stopped, retries chunks that failed, and leaves
alone what is complete.

\b
Exit status:
  0    every input is tagged; a partial result, with gaps, counts as tagged
  1    some input is not, or lacks a proxy or a report that was asked for; the table says why
  2    the command cannot be carried out: bad options, no input, no place for results
  130  stopped by Ctrl-C (143: by kill); the same command continues
"""


@click.command(epilog=_EPILOG)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=Path)
@click.option("--out", required=True, type=Path, metavar="DIR", help="Where results go.")
@tagging_options
@force_option
@proxy_option
@report_option
@click.pass_context
def tag(ctx: click.Context, /, inputs: tuple[Path, ...], out: Path, **chosen: Any) -> None:
    """Tags videos with motion.

    INPUT is a video, or a folder whose videos are meant. The path of each motion.json goes to
    stdout; progress, and a table of what happened to each input, go to stderr.
    """
    from flowtag.local.disk_places import FilePlace

    options = TaggingOptions(**chosen)
    found = _found(inputs, out)
    results = writable_folder(out)
    refused = [_unreadable(path, reason) for path, reason in found.unreadable]
    carry_out(ctx, options, [FilePlace(path) for path in found.files], results, refused)


def _found(named: tuple[Path, ...], out: Path) -> Inputs:
    from flowtag.local.inputs import find_inputs

    missing = [path for path in named if not os.path.lexists(path)]
    if len(missing) == len(named):
        raise click.UsageError(f"There is no {printable(missing[0])}.")
    found = find_inputs(named, out)
    if not found.files and not found.unreadable:
        raise click.UsageError(f"No video found in {printable(named[0])}.")
    return found


def _unreadable(path: Path, reason: str) -> Outcome:
    from flowtag.local.outcomes import Outcome

    return Outcome(path, "failed", code="not_found", reason=f"cannot be listed: {reason}")
