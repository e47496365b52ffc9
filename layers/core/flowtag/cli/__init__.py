"""The command line. Importing it imports no codec and no array: those are imported when used."""

from __future__ import annotations

import io
import sys
import traceback
from typing import Any

import click

from flowtag import __version__
from flowtag.cli.drift import drift
from flowtag.cli.evaluate import evaluate
from flowtag.cli.evidence import evidence
from flowtag.cli.export import export
from flowtag.cli.models import models
from flowtag.cli.probe import probe
from flowtag.cli.redrive import redrive
from flowtag.cli.report import report
from flowtag.cli.run import run
from flowtag.cli.schema import schema
from flowtag.cli.show import show
from flowtag.cli.tag import tag
from flowtag.cli.view import view
from flowtag.cli.watch import watch
from flowtag.errors import FlowtagError, SettingsError
from flowtag.wording import printable

_INTERRUPTED = 130

_EPILOG = """\b
Examples:
  flowtag tag clip.mov --out tags          tag one file
  flowtag tag /media/card --out tags       tag every video in a folder
  flowtag watch /media/ingest --out tags   tag what arrives in a folder
  flowtag show tags                        read what was found
  flowtag view tags                        see it in a browser
  flowtag report tags                      make a page of each result, to send
  flowtag export tags --format edl         take it into an editing program
  flowtag evidence tags/VIDEO              look at what it was least sure of
  flowtag drift --baseline B tags          see whether anything has changed
  flowtag probe clip.mov                   see what the file says of itself

\b
Results lie in OUT/<video>/<run>/motion.json; "flowtag schema" describes them.
"""


class _FlowtagGroup(click.Group):
    """Turns flowtag's own errors into one line each: a bad file is no bug."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(_INTERRUPTED) from None
        except FlowtagError as error:
            if ctx.params.get("debug"):
                click.echo(traceback.format_exc(), err=True)
            refusal = click.UsageError if isinstance(error, SettingsError) else click.ClickException
            raise refusal(printable(str(error))) from error


@click.group(cls=_FlowtagGroup, epilog=_EPILOG)
@click.version_option(__version__, prog_name="flowtag")
@click.option(
    "--debug",
    is_flag=True,
    envvar="FLOWTAG_DEBUG",
    help="Show where in flowtag an error arose. Also FLOWTAG_DEBUG=1.",
)
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """Tags video with motion: camera moves, subject motion, cuts, peaks, and how sure it is."""
    ctx.obj = debug
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character shows a question mark, and the rest of the line.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


for _command in (
    tag, watch, run, redrive, show, view, report, export, evidence, drift, models, evaluate,
    probe, schema,
):  # fmt: skip
    main.add_command(_command)
