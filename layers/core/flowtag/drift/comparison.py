"""Runs against a baseline, each source for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from flowtag.drift.baseline import Baseline, CountedRuns, Histogram, SourceBaseline, SourceCounts
from flowtag.drift.divergence import divergence
from flowtag.drift.metrics import Counts, Metric
from flowtag.frozen_model import Model

Verdict = Literal["stable", "drifted", "too_few"]


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """From where on a difference counts.

    Attributes:
        psi: population stability index; 0.25 is the customary figure for a shift.
        kl: Kullback-Leibler divergence, nats; the index is about twice as large where both
            distributions have the same bins filled.
        pairs: fewer pairs on either side tell nothing: chance alone moves ten bins of 250 pairs by
            a PSI of 0.04, and neighbouring pairs are alike.
    """

    psi: float = 0.25
    kl: float = 0.2
    pairs: int = 250


class MetricDrift(Model):
    """One metric of one source; counts are over the bins that ``edges`` part, then unknown."""

    kl: float
    psi: float
    drifted: bool
    unknown_share: float
    baseline_unknown_share: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    baseline_counts: tuple[int, ...]


class SourceDrift(Model):
    """One source.

    Attributes:
        against: its own part of the baseline, or all of it where that has too little of this one.
        differences: how the runs were made otherwise than the baseline's, for people.
    """

    source: str
    verdict: Verdict
    pairs: int
    against: Literal["itself", "everything"]
    metrics: dict[Metric, MetricDrift]
    differences: list[str]


class DriftReport(Model):
    """``flowtag.drift/1``: what ``flowtag drift --json`` prints."""

    schema_name: Literal["flowtag.drift/1"] = Field("flowtag.drift/1", alias="schema")
    by: str
    sources: list[SourceDrift]

    def has(self, verdict: Verdict) -> bool:
        """Whether some source came out so."""
        return any(source.verdict == verdict for source in self.sources)


def compare(current: CountedRuns, baseline: Baseline, limits: DriftLimits) -> DriftReport:
    """Compares each source with its own part of the baseline, or with all of it."""
    return DriftReport(
        schema="flowtag.drift/1",
        by=baseline.by,
        sources=[_compared(name, current, baseline, limits) for name in sorted(current.sources)],
    )


def _compared(
    name: str, current: CountedRuns, baseline: Baseline, limits: DriftLimits
) -> SourceDrift:
    counts, own = current.sources[name], baseline.sources.get(name)
    standard = own if own is not None and own.pairs >= limits.pairs else baseline.everything
    metrics = {
        metric: _metric(counts.histogram_like(metric, usual), usual, limits)
        for metric, usual in standard.metrics.items()
    }
    known = {recipe.described() for recipe in baseline.recipes}
    others = {recipe.described() for recipe in current.recipes[name]} - known
    return SourceDrift(
        source=name,
        verdict=_verdict(counts, standard, metrics, limits),
        pairs=counts.pairs,
        against="itself" if standard is own else "everything",
        metrics=metrics,
        differences=[
            f"{other}; the baseline: {' | '.join(sorted(known))}" for other in sorted(others)
        ],
    )


def _verdict(
    counts: SourceCounts,
    standard: SourceBaseline,
    metrics: dict[Metric, MetricDrift],
    limits: DriftLimits,
) -> Verdict:
    if min(counts.pairs, standard.pairs) < limits.pairs:
        return "too_few"
    return "drifted" if any(metric.drifted for metric in metrics.values()) else "stable"


def _metric(counts: Counts, histogram: Histogram, limits: DriftLimits) -> MetricDrift:
    found = divergence(counts, histogram.counts)
    return MetricDrift(
        kl=round(found.kl, 4),
        psi=round(found.psi, 4),
        drifted=found.psi > limits.psi or found.kl > limits.kl,
        unknown_share=_last_share(counts.tolist()),
        baseline_unknown_share=_last_share(histogram.counts),
        edges=histogram.edges,
        counts=tuple(counts.tolist()),
        baseline_counts=histogram.counts,
    )


def _last_share(counts: list[int] | tuple[int, ...]) -> float:
    return round(counts[-1] / max(sum(counts), 1), 4)
