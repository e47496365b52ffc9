"""``flowtag drift``: whether what runs measure still looks like a stored baseline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtag.wording import count, printable

if TYPE_CHECKING:
    from flowtag.drift.baseline import Baseline, CountedRuns
    from flowtag.drift.comparison import DriftReport
    from flowtag.drift.reading import RunTable

_DRIFTED, _TOO_FEW = 3, 4
_STATUS_WORDS = {"stable": "stable", "drifted": "DRIFTED", "too_few": "too few pairs"}

_EPILOG = """\b
Examples:
  flowtag drift --make-baseline base.json --by folder tags     what is normal, of each folder
  flowtag drift --baseline base.json tags                      whether it still is
  flowtag drift --baseline base.json s3://tags/motion --json --plot drift.png
  flowtag drift --make-baseline base.json --by 'cam[0-9]+' tags    a camera is a source

Speed, confidence, coverage and photometric change of all pairs of frames are compared by the
population stability index (PSI) and Kullback-Leibler divergence (KL), each source for itself.
docs/operations/drift.md says what the figures mean and what to do about them.

\b
Exit status:
  0    all sources are stable, or the baseline is written
  1    a run or the baseline cannot be read
  2    wrong usage, or an extra of flowtag is not installed
  3    a source drifted
  4    none drifted, but of some there are too few pairs to tell
"""


@click.command(epilog=_EPILOG)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--baseline", "baseline_path", type=Path, metavar="B", help="Compare with this.")
@click.option("--make-baseline", "made_path", type=Path, metavar="B", help="Write this instead.")
@click.option(
    "--by",
    metavar="video|folder|bucket|PATTERN",
    help="With --make-baseline: what a source is. A PATTERN is a regular expression over the"
    " video's address; its first group names the source. Default: video.",
)
@click.option("--psi", default=0.25, show_default=True, help="More than this is drift.")
@click.option("--kl", default=0.2, show_default=True, help="More than this is drift, in nats.")
@click.option(
    "--least-pairs", default=250, show_default=True, help="With fewer, nothing can be told."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON on stdout.")
@click.option("--plot", type=Path, metavar="FILE", help="Draw the distributions (.png, .svg).")
@click.option("--endpoint-url", metavar="URL", help="Another server than AWS that speaks S3.")
@click.option("--region", help="Of the bucket; default: as AWS's own settings say.")
@click.pass_context
def drift(
    ctx: click.Context,
    /,
    runs: tuple[str, ...],
    baseline_path: Path | None,
    made_path: Path | None,
    by: str | None,
    psi: float,
    kl: float,
    least_pairs: int,
    as_json: bool,
    plot: Path | None,
    endpoint_url: str | None,
    region: str | None,
) -> None:
    """Compares what runs measured with a baseline, source by source, or makes the baseline.

    RUN is a run's folder, a video's, or an output folder with any number of videos, on this machine
    or in a bucket; of a video the latest run counts.
    """
    from flowtag.drift.comparison import DriftLimits, compare

    if (baseline_path is None) == (made_path is None):
        raise click.UsageError("give one of --baseline and --make-baseline.")
    if made_path is not None:
        _make(made_path, _counted(runs, by or "video", endpoint_url, region), by or "video")
        return
    if by is not None:
        raise click.UsageError("--by goes with --make-baseline; the baseline says what it was.")
    baseline = _read(baseline_path or Path())
    counted = _counted(runs, baseline.by, endpoint_url, region)
    report = compare(counted, baseline, DriftLimits(psi, kl, least_pairs))
    _tell(report, as_json)
    if plot is not None:
        _draw(report, plot)
    ctx.exit(_DRIFTED if report.has("drifted") else _TOO_FEW if report.has("too_few") else 0)


def _counted(
    runs: tuple[str, ...], by: str, endpoint_url: str | None, region: str | None
) -> CountedRuns:
    from flowtag.drift.baseline import CountedRuns
    from flowtag.errors import SettingsError

    counted = CountedRuns(_tables(runs, by, endpoint_url, region))
    if not counted.sources:
        raise SettingsError("none of the runs has a frames.parquet")
    return counted


def _tables(
    runs: tuple[str, ...], by: str, endpoint_url: str | None, region: str | None
) -> Iterator[RunTable]:
    from flowtag.cli.one_run import open_runs
    from flowtag.drift.reading import RunTable, source_namer
    from flowtag.errors import ContractError, ObjectNotFoundError

    name = source_namer(by)
    for one in (found for run in runs for found in open_runs(run, endpoint_url, region)):
        beside = Path(one.address).with_name("frames.parquet")
        try:
            table = beside if beside.is_file() else one.read("frames.parquet")
            yield RunTable(table, name(one.metadata))
        except ObjectNotFoundError:
            status = one.metadata.analysis.status
            click.echo(f"{printable(one.address)}: {status}, without a table; left out", err=True)
        except ContractError as error:
            raise ContractError(f"{one.address}: {error}") from error


def _make(path: Path, counted: CountedRuns, by: str) -> None:
    from flowtag.runs import readable_json
    from flowtag.whole_files import write_whole

    baseline = counted.baseline(by)
    write_whole(path, readable_json(baseline))
    pairs = count(baseline.everything.pairs, "pair")
    sources = count(len(baseline.sources), "source")
    click.echo(f"{printable(path)}: {pairs} of {sources}, {count(len(baseline.runs), 'run')}")
    if len(baseline.recipes) > 1:
        click.echo("Warning: the runs were made in different ways, so the baseline mixes", err=True)
        for recipe in baseline.recipes:
            click.echo(f"  {recipe.described()}", err=True)


def _read(path: Path) -> Baseline:
    from flowtag.drift.baseline import read_baseline
    from flowtag.errors import ContractError, StorageError

    try:
        return read_baseline(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from error


def _tell(report: DriftReport, as_json: bool) -> None:
    from rich.table import Table

    from flowtag.cli.reporting import plain_console
    from flowtag.drift.metrics import METRICS
    from flowtag.runs import readable_json

    for difference in dict.fromkeys(d for s in report.sources for d in s.differences):
        click.echo(f"Warning: made otherwise than the baseline: {difference}", err=True)
    if as_json:
        click.echo(readable_json(report), nl=False)
        return
    table = Table("source", "pairs", *METRICS, "unknown", "against", "verdict", box=None)
    for source in report.sources:
        figures = [source.metrics[metric] for metric in METRICS]
        speed = source.metrics["speed"]
        table.add_row(
            printable(source.source),
            str(source.pairs),
            *(f"{m.psi:.2f} / {m.kl:.2f}{' !' if m.drifted else ''}" for m in figures),
            f"{speed.unknown_share:.0%} (was {speed.baseline_unknown_share:.0%})",
            source.against,
            _STATUS_WORDS[source.verdict],
        )
    console = plain_console(stderr=False)
    console.print(table)
    console.print("PSI / KL of each metric; ! is beyond a limit")


def _draw(report: DriftReport, path: Path) -> None:
    from flowtag.cli.evidence import require_drawing
    from flowtag.errors import StorageError

    require_drawing()
    from flowtag.drift.plotting import plot_drift

    try:
        plot_drift(report, path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--plot") from error
