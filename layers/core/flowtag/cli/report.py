"""``flowtag report``: results as pages to look at and to send."""

from __future__ import annotations

import os
from pathlib import Path

import click

from flowtag.wording import printable

_SUFFIXES = (".html", ".htm")

_EPILOG = """\b
Examples:
  flowtag report tags                            a page beside each result in an output folder
  flowtag report tags/take-2-3f9a1c2b77d0        of one video
  flowtag report motion.json -o take-2.html      one page, elsewhere

A page holds pictures, timeline and all figures. The video is linked, not held: proxy.mp4 beside the
result where there is one, else the video itself. Keep page and video as they lie to each other.
Pages that are there are made anew; flowtag tag --report makes them as it tags.

\b
Exit status:
  0    all pages are made
  1    some are not; the lines on stderr say why
  2    wrong usage, or flowtag[report] is not installed
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="DIR|motion.json...", nargs=-1, required=True, type=Path)
@click.option(
    "-o",
    "output",
    type=Path,
    metavar="FILE",
    help="Where the page goes, of one result. Default: report.html beside each motion.json.",
)
@click.pass_context
def report(ctx: click.Context, /, paths: tuple[Path, ...], output: Path | None) -> None:
    """Makes a page of each result: report.html, which any browser opens without a server.

    DIR may be an output folder, a video's folder, or a run's folder; of a video with several runs
    the latest is meant. The path of each page goes to stdout.
    """
    from flowtag.cli.finding import find_motion
    from flowtag.report.writing import REPORT, require_template_engine

    require_template_engine()
    motions = [motion for path in paths for motion in find_motion(path)]
    if output is not None:
        _require_page(output, len(motions))
    made = [_made(motion, output or motion.with_name(REPORT)) for motion in motions]
    ctx.exit(0 if all(made) else 1)


def _require_page(output: Path, count: int) -> None:
    if count > 1:
        raise click.UsageError(f"-o takes one result, and {count} are meant.")
    # A slip of the hand must not cost a video or a motion.json.
    if output.suffix.lower() not in _SUFFIXES:
        raise click.BadParameter(f"{printable(output)} does not end in .html", param_hint="-o")
    if not output.parent.is_dir():
        raise click.BadParameter(f"there is no folder {printable(output.parent)}", param_hint="-o")


def _made(motion: Path, page: Path) -> bool:
    from flowtag.errors import FlowtagError
    from flowtag.report.writing import write_report

    try:
        write_report(motion, page)
    except FlowtagError as error:
        click.echo(f"Error: {printable(motion)}: {printable(str(error))}", err=True)
        return False
    # Bytes, because a path need not be text.
    click.echo(os.fsencode(page))
    return True
