"""The stored baseline: histograms of each metric, of all runs together and of each source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator

from flowtag.drift.metrics import METRICS, Counts, FineCounts, Metric, Values
from flowtag.drift.reading import Recipe, RunTable
from flowtag.errors import ContractError
from flowtag.frozen_model import Model

BINS = 10


class Histogram(Model):
    """Counts between edges: below the first, between, from the last on, then unknown values."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @model_validator(mode="after")
    def _fits(self) -> Histogram:
        if len(self.counts) != len(self.edges) + 2 or any(count < 0 for count in self.counts):
            raise ValueError("a histogram has two counts more than edges, none of them negative")
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError("edges of a histogram ascend")
        return self


class SourceBaseline(Model):
    """One source's distributions, over so many pairs of frames."""

    pairs: int = Field(ge=0)
    metrics: dict[Metric, Histogram]


class Baseline(Model):
    """``flowtag.drift-baseline/1``.

    Attributes:
        by: what a source is.
        runs: ids of the runs that were read, in order.
        recipes: the ways in which they were made; one, or the baseline is a mixture.
        everything: of all sources together.
        sources: by name.
    """

    schema_name: Literal["flowtag.drift-baseline/1"] = Field(
        "flowtag.drift-baseline/1", alias="schema"
    )
    by: str
    runs: tuple[str, ...]
    recipes: tuple[Recipe, ...]
    everything: SourceBaseline
    sources: dict[str, SourceBaseline]


class SourceCounts:
    """Fine counts of all metrics of one source."""

    def __init__(self) -> None:
        self.pairs = 0
        self.fine = {metric: FineCounts(metric) for metric in METRICS}

    def add(self, values: dict[Metric, Values]) -> None:
        """Counts some pairs, a value of each metric for each."""
        self.pairs += len(values["confidence"])
        for metric, counts in self.fine.items():
            counts.add(values[metric])

    def take_in(self, other: SourceCounts) -> None:
        """Adds the counts of another source."""
        self.pairs += other.pairs
        for metric, counts in self.fine.items():
            counts.counts += other.fine[metric].counts

    def baseline(self) -> SourceBaseline:
        """The histograms, with edges at these values' own quantiles."""
        return SourceBaseline(
            pairs=self.pairs,
            metrics={metric: _histogram(counts) for metric, counts in self.fine.items()},
        )

    def histogram_like(self, metric: Metric, histogram: Histogram) -> Counts:
        """Counts of a metric in another histogram's bins."""
        return self.fine[metric].merged_to(np.array(histogram.edges))


class CountedRuns:
    """Runs that were read, a source apart, and how they were made.

    One row group of one run is in memory at a time, and counts of each source.
    """

    def __init__(self, tables: Iterable[RunTable]) -> None:
        self.sources: dict[str, SourceCounts] = {}
        self.recipes: dict[str, set[Recipe]] = {}
        self.runs: list[str] = []
        for table in tables:
            self.runs.append(table.run_id)
            self.recipes.setdefault(table.source, set()).add(table.recipe)
            counts = self.sources.setdefault(table.source, SourceCounts())
            for values in table.values():
                counts.add(values)

    def baseline(self, by: str) -> Baseline:
        """All that was read as a baseline, its sources told apart as ``by`` says."""
        everything = SourceCounts()
        for counts in self.sources.values():
            everything.take_in(counts)
        recipes = {recipe for some in self.recipes.values() for recipe in some}
        return Baseline(
            schema="flowtag.drift-baseline/1",
            by=by,
            runs=tuple(sorted(self.runs)),
            recipes=tuple(sorted(recipes, key=Recipe.described)),
            everything=everything.baseline(),
            sources={name: counts.baseline() for name, counts in sorted(self.sources.items())},
        )


def read_baseline(data: bytes) -> Baseline:
    """Reads a baseline.

    Raises:
        ContractError: it is damaged, or of a version that this flowtag cannot read.
    """
    try:
        return Baseline.model_validate_json(data)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ContractError(f"not a readable drift baseline (at {where or 'its start'})") from error


def _histogram(fine: FineCounts) -> Histogram:
    edges = fine.quantile_edges(BINS)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(fine.merged_to(edges).tolist()))
