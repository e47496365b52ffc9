"""Distributions of each source beside the baseline's, as one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flowtag.drift.comparison import DriftReport, MetricDrift, SourceDrift
from flowtag.drift.metrics import METRICS, Metric

MOST_SOURCES = 12
_UNITS: dict[Metric, str] = {
    "speed": "speed, diagonals per second",
    "confidence": "confidence",
    "coverage": "coverage",
    "photometric_change": "photometric change",
}


def plot_drift(report: DriftReport, path: Path) -> None:
    """Writes a picture of the sources that drifted most, a row each; its kind is the suffix's."""
    shown = sorted(report.sources, key=_largest_psi, reverse=True)[:MOST_SOURCES]
    figure = Figure((16, 2.9 * max(len(shown), 1)))
    figure.set_layout_engine("compressed")
    axes = figure.subplots(max(len(shown), 1), len(METRICS), squeeze=False)
    for row, source in zip(axes, shown, strict=False):
        for cell, metric in zip(row, METRICS, strict=True):
            _draw(cell, source.metrics[metric], _UNITS[metric])
        row[0].set_ylabel(f"{source.source[-34:]}\n{source.verdict.replace('_', ' ')}", fontsize=9)
    axes[0, 0].legend(fontsize=8)
    figure.savefig(path, dpi=100)


def _largest_psi(source: SourceDrift) -> float:
    return max(metric.psi for metric in source.metrics.values())


def _draw(axes: Axes, metric: MetricDrift, title: str) -> None:
    places = np.arange(len(metric.counts))
    axes.bar(places - 0.2, _shares(metric.baseline_counts), 0.4, color="0.65", label="baseline")
    colour = "tab:red" if metric.drifted else "tab:blue"
    axes.bar(places + 0.2, _shares(metric.counts), 0.4, color=colour, label="these runs")
    axes.set_title(f"{title}: PSI {metric.psi:.2f}, KL {metric.kl:.2f}", fontsize=9)
    # An edge lies between two bins; what comes last is unknown.
    axes.set_xticks(
        [*(places[1:-1] - 0.5), places[-1]],
        [*(f"{edge:.2g}" for edge in metric.edges), "?"],
        fontsize=7,
        rotation=45,
    )
    axes.tick_params(axis="y", labelsize=7)


def _shares(counts: tuple[int, ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.array(counts, dtype=np.float64)
    return values / max(float(values.sum()), 1.0)
