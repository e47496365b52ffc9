"""Drift: distances by a second way, histograms by a second way, and what is said of sources."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from flowtag.drift.baseline import CountedRuns, read_baseline
from flowtag.drift.comparison import DriftLimits, DriftReport, compare
from flowtag.drift.divergence import SMOOTHING, divergence
from flowtag.drift.metrics import METRICS, FineCounts, binned
from flowtag.drift.reading import RunTable, source_namer
from flowtag.errors import ContractError, SettingsError
from flowtag.runs import readable_json
from flowtag.tables import table_schema
from tests.unit.run_objects import make_metadata, make_plan

LIMITS = DriftLimits()


def make_table(source: str = "a", shift: float = 1.0, unknown: float = 0.0, pairs: int = 4000,
               seed: int = 1, version: int = 0) -> RunTable:  # fmt: skip
    """A run whose pairs are drawn; every second row is of a frame at which no pair begins."""
    draw = np.random.default_rng(seed)
    count = 2 * pairs
    speed = shift * draw.lognormal(-3, 0.5, count)
    speed[draw.random(count) < unknown] = np.nan
    columns = {
        "speed": speed,
        "flow_confidence": draw.beta(8, 2, count),
        "coverage": draw.beta(9, 2, count),
        "gain": draw.normal(1, 0.01, count),
        "offset": np.zeros(count),
        "luma": np.full(count, 100.0),
        "second_pts": np.arange(count),
    }
    schema = table_schema(make_plan())
    metadata = dict(schema.metadata)
    metadata[b"algorithm_version"] = str(version or 2).encode()
    absent = np.arange(count) % 2 == 1
    arrays = [
        pa.array(columns[field.name], field.type, mask=absent | np.isnan(columns[field.name]))
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in schema
    ]
    sink = io.BytesIO()
    table = pa.Table.from_arrays(arrays, schema=schema.with_metadata(metadata))
    pq.write_table(table, sink, row_group_size=1000)
    return RunTable(sink.getvalue(), source)


def drift_of(current: Sequence[RunTable], usual: Sequence[RunTable]) -> DriftReport:
    baseline = CountedRuns(usual).baseline("video")
    return compare(CountedRuns(current), baseline, LIMITS)


counts = st.lists(st.integers(0, 5000), min_size=2, max_size=12)


@given(st.data(), counts)
def test_distances_are_those_of_scipy(data: st.DataObject, current: list[int]) -> None:
    same_length = st.lists(st.integers(0, 5000), min_size=len(current), max_size=len(current))
    baseline = data.draw(same_length)
    p, q = np.array(current) + SMOOTHING, np.array(baseline) + SMOOTHING

    found = divergence(current, baseline)

    assert found.kl == pytest.approx(entropy(p, q), abs=1e-9)
    assert found.psi == pytest.approx(entropy(p, q) + entropy(q, p), abs=1e-9)


def test_a_distance_worked_out_by_hand() -> None:
    # Shares 0.75 and 0.25 against halves: (0.25) ln 1.5 + (-0.25) ln 0.5 = 0.25 ln 3.
    found = divergence([749.5, 249.5], [499.5, 499.5])

    assert found.psi == pytest.approx(0.25 * np.log(3), abs=1e-12)
    assert found.kl == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5), abs=1e-12)


def test_an_empty_bin_is_far_and_not_infinitely_far() -> None:
    assert np.isfinite(divergence([0, 100], [100, 0]).psi)


def test_histograms_of_different_bins_are_not_compared() -> None:
    with pytest.raises(ValueError, match="bins"):
        divergence([1, 2], [1, 2, 3])


def test_edges_are_the_quantiles() -> None:
    values = np.random.default_rng(3).lognormal(-3, 1, 50_000)
    fine = FineCounts("speed")
    fine.add(values)

    edges = fine.quantile_edges(10)

    expected = np.quantile(values, np.arange(1, 10) / 10)
    np.testing.assert_allclose(edges, expected, rtol=0.04)
    np.testing.assert_array_equal(fine.merged_to(edges), binned(values, edges))


def test_values_that_are_all_alike_make_one_bin_and_unknown_ones_another() -> None:
    fine = FineCounts("coverage")
    fine.add(np.array([0.0, 0.0, np.nan]))

    edges = fine.quantile_edges(10)

    assert fine.merged_to(edges).sum() == 3
    assert fine.merged_to(edges)[-1] == 1


def test_bins_are_those_of_numpy() -> None:
    values = np.random.default_rng(4).random(999)
    edges = np.array([0.2, 0.5, 0.9])

    expected, _ = np.histogram(values, [0, *edges, 1])

    assert binned(values, edges).tolist() == [*expected.tolist(), 0]


def test_another_draw_of_the_same_is_stable() -> None:
    (source,) = drift_of([make_table(seed=2)], [make_table()]).sources

    assert (source.verdict, source.against) == ("stable", "itself")
    assert {name: metric.drifted for name, metric in source.metrics.items()} == dict.fromkeys(
        METRICS, False
    )


def test_only_the_metric_that_moved_is_said_to_drift() -> None:
    (source,) = drift_of([make_table(shift=2.0)], [make_table()]).sources

    assert source.verdict == "drifted"
    assert [name for name, metric in source.metrics.items() if metric.drifted] == ["speed"]


def test_a_rise_of_unknown_pairs_is_drift() -> None:
    (source,) = drift_of([make_table(unknown=0.3)], [make_table(unknown=0.01)]).sources

    assert source.metrics["speed"].drifted
    assert source.metrics["speed"].unknown_share == pytest.approx(0.3, abs=0.03)


def test_one_source_that_drifts_does_not_hide_behind_the_others() -> None:
    usual = [make_table(name, seed=seed) for seed, name in enumerate("abcdefgh")]
    current = [*usual[:7], make_table("h", shift=3.0)]

    verdicts = [source.verdict for source in drift_of(current, usual).sources]

    assert verdicts == ["stable"] * 7 + ["drifted"]


def test_too_few_pairs_are_not_called_stable() -> None:
    (source,) = drift_of([make_table(pairs=100)], [make_table()]).sources

    assert source.verdict == "too_few"


def test_a_source_that_the_baseline_lacks_is_held_against_all() -> None:
    (source,) = drift_of([make_table("new", seed=2)], [make_table("old")]).sources

    assert (source.verdict, source.against) == ("stable", "everything")


def test_runs_made_in_another_way_are_named() -> None:
    (source,) = drift_of([make_table(version=7)], [make_table()]).sources

    assert "algorithm 7" in source.differences[0]
    assert "algorithm 2" in source.differences[0]


def test_a_baseline_is_read_back_as_it_was() -> None:
    baseline = CountedRuns([make_table("a"), make_table("b", 2.0)]).baseline("folder")

    assert read_baseline(readable_json(baseline)) == baseline
    assert baseline.everything.pairs == 8000


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": "flowtag.drift-baseline/9"}'])
def test_what_is_no_baseline_is_refused(data: bytes) -> None:
    with pytest.raises(ContractError):
        read_baseline(data)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ContractError, match=r"frames\.parquet"):
        RunTable(b"PAR1", "a")


@pytest.mark.parametrize(
    ("by", "source"),
    [("folder", "/media/cam7"), ("bucket", "bucket/day"), ("cam[0-9]", "cam7"), ("/(c.m)", "cam")],
)
def test_a_source_is_what_by_says(by: str, source: str) -> None:
    place = "s3://bucket/day" if by == "bucket" else "/media/cam7"
    metadata = make_metadata(make_plan())
    video = metadata.video.model_copy(update={"uri": f"{place}/take.mov"})
    metadata = metadata.model_copy(update={"video": video})

    assert source_namer(by)(metadata) == source


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError):
        source_namer("cam[")
