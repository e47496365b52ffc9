"""``flowtag watch``: a bucket's upload for people without a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowtag.cli.moments import duration
from flowtag.cli.tagging import (
    SIGNAL_EXIT,
    TaggingOptions,
    export_option,
    proxy_option,
    report_option,
    tagging_host,
    tagging_options,
    writable_folder,
)
from flowtag.wording import printable

_EPILOG = """\b
Examples:
  flowtag watch /media/ingest --out tags
  flowtag watch /media/ingest --out tags --proxy --json | jq .motion
  flowtag watch /media/ingest --out tags --export edl --export fcpxml
  flowtag watch /mnt/nas/rushes --out tags --poll
  flowtag watch /mnt/nas/rushes --out tags --once --quiet     from cron

What lies in DIR already is tagged first, then what arrives, in all folders within. A file is taken
up once it has not changed for a while, so that one still being copied is waited for; hidden files,
and names such as .part, .tmp and .crdownload, are left out. A file that is replaced is tagged anew;
one that failed is tried again when it changes. If DIR vanishes, it is waited for.

The same command again goes on where it was stopped, and leaves alone what is complete.

\b
Exit status:
  0    with --once: every input is tagged; a partial result, with gaps, counts as tagged
  1    with --once: some input is not, or lacks a proxy, a report or an export that was asked for
  2    the command cannot be carried out: bad options, no such folder, no place for results
  130  ended by Ctrl-C (143: by kill), at the next whole step; a second one ends it at once
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=Path)
@click.option("--out", required=True, type=Path, metavar="DIR", help="Where results go.")
@click.option(
    "--settle",
    type=duration,
    default="3s",
    show_default=True,
    metavar="TIME",
    help="For how long a file must not change before it is taken up: 3s, 500ms, 2m.",
)
@click.option(
    "--poll",
    is_flag=True,
    help="List DIR every two seconds: for network drives, whose changes the system does not tell.",
)
@click.option("--once", is_flag=True, help="Tag what is there, then exit.")
@tagging_options
@proxy_option
@report_option
@export_option
@click.pass_context
def watch(
    ctx: click.Context,
    /,
    folder: Path,
    out: Path,
    settle: float,
    poll: bool,
    once: bool,
    **chosen: Any,
) -> None:
    """Tags videos as they appear in a folder.

    The path of each new motion.json goes to stdout as soon as it is there; progress, and what went
    wrong, go to stderr. As flowtag tag otherwise.
    """
    from flowtag.cli.watch_reporting import WatchReporter
    from flowtag.local.arrivals import Arrivals
    from flowtag.local.runner import tag_arrivals

    options = TaggingOptions(**chosen)
    _require_folder(folder)
    host = tagging_host(writable_folder(out), options)
    arrivals = Arrivals(folder, out, settle_seconds=settle, poll=poll, once=once)
    with WatchReporter(
        quiet=options.quiet, as_json=options.as_json, debug=bool(ctx.obj), moving=arrivals.moving
    ) as reporter:
        arrivals.say = reporter.say
        if not once:
            reporter.say(f"Watching {folder}. Ctrl-C ends it.")
        stopped_by = tag_arrivals(arrivals, host, reporter)
        arrivals.stop()
    reporter.summarise(stopped=stopped_by is not None)
    if stopped_by is not None:
        ctx.exit(SIGNAL_EXIT + stopped_by)
    ctx.exit(0 if reporter.has_all and not arrivals.is_gone else 1)


def _require_folder(folder: Path) -> None:
    if not folder.exists():
        raise click.UsageError(f"There is no {printable(folder)}.")
    if not folder.is_dir():
        raise click.UsageError(f"{printable(folder)} is no folder; flowtag tag takes files.")
