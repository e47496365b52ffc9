"""Plots of an evaluation, PNG; the same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from flowtag.evaluation.results import EstimatorResult, Evaluation
from flowtag.evaluation.wording import MOST_SCENES
from flowtag.wording import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 120
_MOST_LINES = 10
_SPEEDS = ("speed s0-10", "speed s10-40", "speed s40+")


def plots_of(evaluation: Evaluation) -> dict[str, bytes]:
    """File names and bytes; the reliability diagram only where there is confidence."""
    results = evaluation.results[:_MOST_LINES]
    # Nobody's own style may change the bytes.
    with mpl.rc_context(mpl.rcParamsDefault):
        plots = {
            "error-by-kind.png": _drawn(lambda axes: _draw_kinds(axes, results), (9, 5)),
            "error-by-speed.png": _drawn(lambda axes: _draw_speeds(axes, results), (7, 4.5)),
            "error-by-scene.png": _drawn(lambda axes: _draw_scenes(axes, results), (9, 5)),
        }
        if any(result.confidence is not None for result in results):
            plots["reliability.png"] = _drawn(lambda axes: _draw_reliability(axes, results), (6, 6))
    return plots


def _drawn(draw: Callable[[Axes], None], size_inches: tuple[float, float]) -> bytes:
    figure = Figure(figsize=size_inches, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw(axes)
    axes.legend(fontsize="small", frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw_reliability(axes: Axes, results: tuple[EstimatorResult, ...]) -> None:
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="as claimed")
    for index, result in enumerate(results):
        if result.confidence is None:
            continue
        bins = [one for one in result.confidence.reliability if one.vectors]
        label = f"{_label(result)}: ECE {result.confidence.ece:.3f}"
        axes.plot(
            [one.claimed or 0.0 for one in bins],
            [one.right or 0.0 for one in bins],
            marker="o",
            markersize=4,
            color=f"C{index}",
            label=label,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title="Reliability of the confidence")
    axes.set(xlabel="confidence", ylabel="share of vectors off by less than 1 working px")


def _draw_speeds(axes: Axes, results: tuple[EstimatorResult, ...]) -> None:
    kinds = tuple(kind for kind in _SPEEDS if kind in results[0].splits)
    _draw_bars(axes, results, kinds, lambda result, kind: _split_error(result, kind))
    axes.set(title="Error by speed", xlabel="speed of the truth, px")


def _draw_kinds(axes: Axes, results: tuple[EstimatorResult, ...]) -> None:
    kinds = [kind for kind in results[0].splits if kind not in _SPEEDS]
    _draw_bars(axes, results, tuple(kinds), lambda result, kind: _split_error(result, kind))
    axes.set(title="Error by kind of pixel")


def _draw_scenes(axes: Axes, results: tuple[EstimatorResult, ...]) -> None:
    worst = sorted(results[0].scenes, key=lambda scene: scene.errors.epe_px, reverse=True)
    names = tuple(scene.scene for scene in worst[:MOST_SCENES])
    errors = {
        (_label(result), scene.scene): scene.errors.epe_px
        for result in results
        for scene in result.scenes
    }
    _draw_bars(axes, results, names, lambda result, name: errors[_label(result), name])
    axes.set(title="Error by scene")


def _draw_bars(
    axes: Axes,
    results: tuple[EstimatorResult, ...],
    groups: tuple[str, ...],
    value: Callable[[EstimatorResult, str], float],
) -> None:
    width = 0.8 / len(results)
    for index, result in enumerate(results):
        left = [place - 0.4 + (index + 0.5) * width for place in range(len(groups))]
        heights = [value(result, group) for group in groups]
        axes.bar(left, heights, width, color=f"C{index}", label=_label(result))
    tilt = 60 if len(groups) > 8 else 0
    axes.set_xticks(range(len(groups)), [_tick(name) for name in groups], rotation=tilt)
    axes.set_ylabel("mean end-point error, px of the truth's size")


def _split_error(result: EstimatorResult, kind: str) -> float:
    return result.splits[kind].epe_px if kind in result.splits else 0.0


def _tick(name: str) -> str:
    # A dollar would begin a formula.
    return printable(name).removeprefix("speed ").replace("$", r"\$").replace(" ", "\n")


def _label(result: EstimatorResult) -> str:
    return f"{printable(result.estimator)} at {result.size_text}"
