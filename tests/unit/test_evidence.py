"""Evidence: which pairs are kept, however a video is divided, and what comes back of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.assembly.evidence import reasons_of
from flowtag.contracts.evidence import EvidenceSample, read_sample, write_sample
from flowtag.contracts.features import PAIR_DTYPE, light_change
from flowtag.errors import ContractError
from flowtag.inspection.colour_wheel import flow_colours
from flowtag.least_trusted import Doubt, EvidenceCells
from flowtag.settings import AnalysisSettings
from flowtag.thresholds import Thresholds
from tests.unit.run_objects import CHUNK_PTS, FRAME_RATE, make_probe

CHUNKS = 30
LIMITS = Thresholds()
GRID = np.ones((3, 4), np.float32)


def cells_of(most: int = 6, chunks: int = CHUNKS) -> EvidenceCells:
    """The cells of a video of so many chunks of four seconds."""
    settings = AnalysisSettings(thresholds=Thresholds(evidence_pairs=most))
    return EvidenceCells(make_probe(chunks), settings)


def make_sample() -> EvidenceSample:
    """Vectors and grids that survive being stored exactly."""
    return EvidenceSample(
        pts=-7,
        second_pts=12,
        step_px=4,
        first=b"\xff\xd8one",
        second=b"\xff\xd8two",
        vectors=np.dstack([-2.5 * GRID, 700.25 * GRID]),
        confidence=GRID,
        round_trip_px=0.25 * GRID,
        residual=3.5 * GRID,
        texture=20 * GRID,
    )


def make_row(**values: float) -> np.void:
    """A pair with nothing wrong with it, but for the values given."""
    row = np.zeros(1, PAIR_DTYPE)
    good = {"confidence": 0.9, "texture": 0.8, "luma": 100.0, "gain": 1.0}
    for name, value in (good | values).items():
        row[name] = value
    found: np.void = row[0]
    return found


@given(
    confidences=st.lists(st.integers(1, 9), min_size=1, max_size=300),
    borders=st.lists(st.integers(1, 299), max_size=12),
    most=st.integers(1, 6),
)
def test_the_least_trusted_of_all_are_among_those_of_the_parts(
    confidences: list[int], borders: list[int], most: int
) -> None:
    cells = cells_of(most)
    doubts = [
        Doubt(value % 2 == 0, value / 10, 10 * place) for place, value in enumerate(confidences)
    ]
    edges = [0, *sorted(borders), len(doubts)]
    parts = [doubts[a:b] for a, b in itertools.pairwise(edges)]
    kept = [doubt for part in parts for doubt in cells.least_trusted(part)]

    so_far: list[Doubt] = []
    for part in parts:
        so_far = cells.least_trusted([*so_far, *part])

    assert cells.least_trusted(kept) == cells.least_trusted(doubts)
    assert so_far == cells.least_trusted(doubts)


def test_one_bad_moment_does_not_take_all_places() -> None:
    cells = cells_of()
    bad = [Doubt(False, 0.1, pts) for pts in range(cells.seconds * FRAME_RATE)]
    elsewhere = [Doubt(False, 0.8, CHUNK_PTS * chunk) for chunk in range(10, CHUNKS)]

    kept = cells.least_trusted([*bad, *elsewhere])

    assert [doubt.confidence for doubt in kept] == [0.1] + [0.8] * 5


def test_pairs_without_texture_only_take_places_that_are_left() -> None:
    bare, textured = Doubt(True, 0.1, 0), Doubt(False, 0.9, 9 * CHUNK_PTS)

    assert cells_of(1).least_trusted([bare, textured]) == [textured]


@pytest.mark.parametrize("end", [None, Fraction(100)])
def test_cells_are_of_what_is_analysed(end: Fraction | None) -> None:
    settings = AnalysisSettings(range_seconds=(Fraction(40), end))
    cells = EvidenceCells(make_probe(CHUNKS), settings)

    analysed_seconds = (end or CHUNKS * CHUNK_PTS / FRAME_RATE) - 40
    assert cells.seconds == analysed_seconds // 24


def test_a_pair_without_an_estimate_is_no_evidence() -> None:
    assert Doubt.of(make_row(confidence=0.0), LIMITS) is None


def test_a_sample_is_read_as_it_was_written() -> None:
    sample = make_sample()
    found = read_sample(write_sample(sample))

    assert (found.pts, found.second_pts, found.step_px) == (-7, 12, 4)
    assert (found.first, found.second) == (sample.first, sample.second)
    for name in ("vectors", "confidence", "round_trip_px", "residual", "texture"):
        np.testing.assert_array_equal(getattr(found, name), getattr(sample, name))


def test_what_is_too_large_for_a_sample_stays_large() -> None:
    found = read_sample(write_sample(replace(make_sample(), round_trip_px=900 * GRID)))

    assert float(found.round_trip_px.min()) > 15


@pytest.mark.parametrize("data", [b"", b"PK", write_sample(make_sample())[:300]])
def test_a_damaged_sample_is_refused(data: bytes) -> None:
    with pytest.raises(ContractError):
        read_sample(data)


def test_grids_of_different_shapes_are_refused() -> None:
    with pytest.raises(ContractError, match="shape"):
        read_sample(write_sample(replace(make_sample(), residual=np.ones((2, 2), np.float32))))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"offset": 20.0}, "light_change"),
        ({"luma": 9.0}, "dark"),
        ({"texture": 0.05}, "little_texture"),
    ],
)
def test_what_is_wrong_with_a_pair_is_named(wrong: dict[str, float], reason: str) -> None:
    still = replace(make_sample(), vectors=np.zeros((3, 4, 2), np.float32))

    assert reasons_of(make_row(), still, None, LIMITS) == []
    assert reasons_of(make_row(**wrong), still, None, LIMITS) == [reason]


def test_flow_that_does_not_return_is_named() -> None:
    sample = replace(make_sample(), vectors=np.zeros((3, 4, 2), np.float32), round_trip_px=2 * GRID)

    assert reasons_of(make_row(), sample, None, LIMITS) == ["directions_disagree"]


def test_change_of_light_is_relative_to_the_first_frame() -> None:
    first = np.array([50.0, 100.0])
    second = np.array([60.0, 90.0])
    gain = np.array([1.1, 0.8])

    change = light_change(gain, second - gain * first, first)

    np.testing.assert_allclose(change, [0.2, -0.1])


@pytest.mark.parametrize(
    ("vector", "colour"),
    [
        ((1.0, 0.0), (255, 0, 0)),
        ((-1.0, 0.0), (0, 209, 255)),
        ((0.0, 0.0), (255, 255, 255)),
        ((2.0, 0.0), (191, 0, 0)),
    ],
)
def test_colours_are_those_of_the_middlebury_benchmark(
    vector: tuple[float, float], colour: tuple[int, int, int]
) -> None:
    # By its colorcode.cpp: to the right is its first colour, to the left the third after cyan.
    found = flow_colours(np.array([vector], np.float32), longest_px=1.0)

    assert tuple(found[0].tolist()) == colour
