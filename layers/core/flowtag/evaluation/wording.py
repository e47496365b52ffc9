"""An evaluation as rows of text, for the terminal and for ``evaluation.md``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowtag.evaluation.results import ConfidenceFigures, ErrorFigures, EstimatorResult, Evaluation
from flowtag.wording import count, printable

MOST_SCENES = 24
_MOST_TOLD_APART = 5
_UNKNOWN = "-"


class TextTable(NamedTuple):
    """A title, a heading and rows of cells; the first column holds names, the others numbers."""

    title: str
    heading: tuple[str, ...]
    rows: list[tuple[str, ...]]


def summary_line(evaluation: Evaluation) -> str:
    """What was measured on."""
    data = evaluation.data
    pairs, scenes = count(data.pairs, "pair"), count(data.scenes, "scene")
    return f"{printable(data.name)} ({data.layout}): {pairs} in {scenes}"


def overall_table(evaluation: Evaluation, *, timed: bool) -> TextTable:
    """A row an estimator and size, the best first."""
    heading = ("estimator", "size", "EPE px", "median", ">1 px", ">3 px", ">5 px", "Fl",
               "EPE of scenes", "ECE", "AUC", "coverage")  # fmt: skip
    rows = [
        (
            printable(result.estimator),
            result.size_text,
            *_error_cells(result.errors),
            f"{result.mean_over_scenes.epe_px:.3f}",
            *_confidence_cells(result.confidence),
            *([f"{evaluation.timing_of(result) * 1000:.0f}"] if timed else []),
        )
        for result in evaluation.results
    ]
    title = "Over all pixels; EPE of scenes: their mean; ECE, AUC, coverage: over all vectors"
    return TextTable(title, (*heading, *(["CPU ms/pair"] if timed else [])), rows)


def split_table(result: EstimatorResult) -> TextTable:
    """A row a kind of pixels."""
    heading = ("pixels", "share", "EPE px", "median", ">1 px", ">3 px", ">5 px", "Fl")
    rows = [
        (kind, f"{figures.pixels / result.errors.pixels:.1%}", *_error_cells(figures))
        for kind, figures in result.splits.items()
    ]
    return TextTable(f"{_named(result)}, by kind of pixel", heading, rows)


def scene_table(result: EstimatorResult) -> TextTable:
    """A row a scene: all, or the worst."""
    heading = ("scene", "pairs", "EPE px", "median", ">1 px", ">3 px", ">5 px", "Fl",
               "ECE", "AUC", "coverage")  # fmt: skip
    scenes = sorted(result.scenes, key=lambda scene: scene.errors.epe_px, reverse=True)
    rows = [
        (
            printable(scene.scene),
            str(scene.pairs),
            *_error_cells(scene.errors),
            *_confidence_cells(scene.confidence),
        )
        for scene in scenes[:MOST_SCENES]
    ]
    left_out = f", the worst {MOST_SCENES} of {len(scenes)}" if len(scenes) > MOST_SCENES else ""
    return TextTable(f"{_named(result)}, by scene{left_out}", heading, rows)


def markdown(evaluation: Evaluation, plots: Sequence[str]) -> str:
    """``evaluation.md``.

    Args:
        evaluation: what is told.
        plots: names of the pictures beside it.
    """
    told = f"{summary_line(evaluation)}, flowtag {evaluation.flowtag_version}"
    parts = [f"# Evaluation of flow\n\n{told}. End-point errors are in px of the truth's size.\n"]
    parts.append(_markdown_table(overall_table(evaluation, timed=False)))
    # Of the others the JSON tells.
    for result in evaluation.results[:_MOST_TOLD_APART]:
        parts += [_markdown_table(split_table(result)), _markdown_table(scene_table(result))]
    parts += [f"![{name.partition('.')[0].replace('-', ' ')}]({name})\n" for name in plots]
    return "\n".join(parts)


def _markdown_table(table: TextTable) -> str:
    lines = [f"## {table.title}\n", _line(table.heading)]
    lines.append(_line(["---", *["--:"] * (len(table.heading) - 1)]))
    lines += map(_line, table.rows)
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _named(result: EstimatorResult) -> str:
    unit = "" if result.working_size_px is None else " px"
    return f"{printable(result.estimator)} at {result.size_text}{unit}"


def _error_cells(figures: ErrorFigures) -> tuple[str, ...]:
    shares = (figures.off_1px, figures.off_3px, figures.off_5px, figures.fl)
    return (
        f"{figures.epe_px:.3f}",
        f"{figures.median_px:.2f}",
        *(f"{share:.1%}" for share in shares),
    )


def _confidence_cells(figures: ConfidenceFigures | None) -> tuple[str, str, str]:
    if figures is None:
        return _UNKNOWN, _UNKNOWN, _UNKNOWN
    auc = _UNKNOWN if figures.auc is None else f"{figures.auc:.3f}"
    return f"{figures.ece:.3f}", auc, f"{figures.coverage:.1%}"
