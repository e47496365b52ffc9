"""``flowtag evaluate``: estimators of flow against flow that is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from flowtag.wording import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from flowtag.evaluation.judging import Entry
    from flowtag.evaluation.layouts import Layout, PairFiles
    from flowtag.evaluation.results import Evaluation
    from flowtag.evaluation.wording import TextTable

_LAYOUTS = ("auto", "middlebury", "kitti", "sintel", "flyingchairs")
_LEAST_SIZE_PX = 32
_LARGEST_SIZE_PX = 8192
_EPILOG = """\b
Estimators:
  dis, dis:PRESET              flowtag's own, as a preset of "tag" uses it
  NAME, NAME@DIGEST            a model, built in or from --models
  opencv-dis-ultrafast, opencv-dis-fast, opencv-dis-medium, opencv-farneback
                               OpenCV's presets as they are, to compare with

\b
Examples:
  flowtag evaluate --estimator dis --data middlebury
  flowtag evaluate --estimator dis --estimator opencv-dis-medium \\
      --size 320 --size native --data sintel/training --out measured
  flowtag evaluate --estimator tvl1 --data kitti/training --pairs 20 --json

Errors are in px of the truth's size, to which flow of a smaller size is scaled. Confidence is
held against an error of 1 px of the working size, as it is meant. What each figure means and which
files are read: docs/formats/evaluation.md.

\b
Exit status:
  0    evaluated
  1    the data set is incomplete or damaged, a model failed, or a file cannot be written
  2    the command cannot be carried out: unknown options, estimators or sizes
  130  interrupted
"""


def read_size(text: str) -> int | None:
    """Reads a size in px; None for ``native``.

    Raises:
        click.BadParameter: it is neither.
    """
    if text.strip().lower() == "native":
        return None
    if text.isdecimal() and _LEAST_SIZE_PX <= int(text) <= _LARGEST_SIZE_PX:
        return int(text)
    raise click.BadParameter(
        f"{text!r} is neither native nor a size of {_LEAST_SIZE_PX} to {_LARGEST_SIZE_PX} px"
    )


@click.command(epilog=_EPILOG)
@click.option(
    "--estimator", "estimators", multiple=True, required=True, metavar="NAME",
    help="What is evaluated; may be repeated.",
)  # fmt: skip
@click.option("--data", required=True, type=Path, metavar="DIR", help="The data set.")
@click.option(
    "--layout", type=click.Choice(_LAYOUTS), default="auto", show_default=True,
    help="How its files lie.",
)  # fmt: skip
@click.option(
    "--size", "sizes", multiple=True, metavar="PX|native",
    help="Longer side at which flow is estimated; may be repeated. Default: each estimator's own,"
    " which for OpenCV's is native.",
)  # fmt: skip
@click.option(
    "--pairs", type=click.IntRange(min=1),
    help="Evaluate on so many pairs alone, spread over the data set.",
)  # fmt: skip
@click.option(
    "--models", "models_root", metavar="DIR|S3-URI", envvar="FLOWTAG_MODELS",
    help="Where models are, beside those built in. Also FLOWTAG_MODELS.",
)  # fmt: skip
@click.option(
    "--out", type=Path, metavar="DIR",
    help="Write evaluation.json, evaluation.md and plots there.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, not tables.")
def evaluate(
    estimators: tuple[str, ...],
    data: Path,
    layout: str,
    sizes: tuple[str, ...],
    pairs: int | None,
    models_root: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Holds estimators of flow against data sets whose flow is known.

    Reads Middlebury, KITTI 2012 and 2015, Sintel and FlyingChairs as they are published. Prints
    errors, where they lie, and how far the confidence can be believed; the best estimator first.
    """
    from flowtag.evaluation.layouts import find_pairs

    wanted = list(dict.fromkeys(read_size(size) for size in sizes))
    _require_packages("onnxruntime", *(["matplotlib"] if out is not None else []))
    entries = _entries(list(dict.fromkeys(estimators)), wanted, models_root)
    found, files = find_pairs(data, None if layout == "auto" else cast("Layout", layout))
    if pairs is not None and pairs < len(files):
        files = [files[index * len(files) // pairs] for index in range(pairs)]
    evaluation = _evaluated(entries, data, found, files)
    if out is not None:
        _write(evaluation, out)
    if as_json:
        click.echo(_json_of(evaluation))
    else:
        _print(evaluation)


def _require_packages(*names: str) -> None:
    from importlib.util import find_spec

    from flowtag.errors import SettingsError

    for name in names:
        if find_spec(name) is None:
            raise SettingsError(f"there is no module {name}; install flowtag[evaluate]")


def _entries(
    estimators: list[str], sizes: list[int | None], models_root: str | None
) -> list[Entry]:
    from flowtag.cli.model_places import registry_at
    from flowtag.errors import ModelError, SettingsError, StorageError
    from flowtag.evaluation.candidates import candidate
    from flowtag.evaluation.judging import Entry

    registry = registry_at(models_root)
    try:
        candidates = [candidate(name, registry) for name in estimators]
    except (ModelError, StorageError) as error:
        raise SettingsError(f"--estimator: {error}") from error
    return [Entry(one, size) for one in candidates for size in (sizes or [one.own_size_px])]


def _evaluated(
    entries: list[Entry], data: Path, layout: Layout, files: list[PairFiles]
) -> Evaluation:
    from rich.progress import Progress

    from flowtag.cli.reporting import plain_console
    from flowtag.evaluation.judging import evaluate as judge

    console = plain_console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("pairs", total=len(files))
        return judge(
            entries,
            data.resolve().name,
            layout,
            files,
            on_pair=lambda done: bars.update(task, completed=done),
        )


def _json_of(evaluation: Evaluation) -> str:
    return evaluation.model_dump_json(by_alias=True, indent=2)


def _write(evaluation: Evaluation, out: Path) -> None:
    from flowtag.errors import StorageError
    from flowtag.evaluation.plots import plots_of
    from flowtag.evaluation.wording import markdown
    from flowtag.whole_files import write_whole

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{out}: {error.strerror or error}") from error
    plots = plots_of(evaluation)
    for name, data in plots.items():
        write_whole(out / name, data)
    write_whole(out / "evaluation.md", markdown(evaluation, sorted(plots)).encode())
    write_whole(out / "evaluation.json", _json_of(evaluation).encode() + b"\n")
    click.echo(printable(out / "evaluation.json"), err=True)


def _print(evaluation: Evaluation) -> None:
    from flowtag.cli.reporting import plain_console
    from flowtag.evaluation.wording import (
        overall_table,
        scene_table,
        split_table,
        summary_line,
    )

    console: Console = plain_console(stderr=False)
    console.print(summary_line(evaluation))
    console.print(_drawn(overall_table(evaluation, timed=True)))
    best = evaluation.results[0]
    console.print(_drawn(split_table(best)))
    console.print(_drawn(scene_table(best)))


def _drawn(table: TextTable) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE, pad_edge=False, title=Text(table.title), title_justify="left")
    for index, name in enumerate(table.heading):
        drawn.add_column(name, justify="right" if index else "left")
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return drawn
