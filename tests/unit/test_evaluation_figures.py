"""Figures of flow whose errors were chosen, and of claims whose truth was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flowtag.evaluation.candidates import Candidate, Estimate, working_pair
from flowtag.evaluation.end_point_errors import ErrorTally, near_boundaries, scaled_to
from flowtag.evaluation.judging import Entry, claims_of, evaluate
from flowtag.evaluation.layouts import KnownPair, find_pairs
from flowtag.evaluation.plots import plots_of
from flowtag.evaluation.reliability import area_under_curve, calibration_error, reliability
from flowtag.flow.frame_pair import FramePair
from tests.unit.known_flow_files import HEIGHT, WIDTH, small_pair, write_kitti, write_middlebury


def test_errors_of_known_size_give_the_figures_counted_by_hand() -> None:
    tally = ErrorTally()
    tally.add(np.array([0.0, 0.5, 2.0], np.float32), np.array([1.0, 1.0, 1.0], np.float32))
    tally.add(np.array([4.0, 8.5], np.float32), np.array([100.0, 100.0], np.float32))

    figures = tally.figures()

    assert figures is not None
    assert figures.epe_px == pytest.approx(15.0 / 5)
    assert figures.median_px == pytest.approx(2.0, abs=0.01)
    assert (figures.off_1px, figures.off_3px, figures.off_5px) == (0.6, 0.4, 0.2)
    # 4 px of 100 are less than 5%.
    assert figures.fl == 0.2


def test_flow_scaled_up_keeps_its_motion_in_pictures() -> None:
    flow = np.full((8, 10, 2), (3.0, -2.0), np.float32)

    grown = scaled_to(flow, (16, 40))

    assert grown.shape == (16, 40, 2)
    assert np.allclose(grown, (12.0, -4.0))


def test_a_boundary_reaches_5_px_to_either_side() -> None:
    flow = np.zeros((20, 40, 2), np.float32)
    flow[:, 20:, 0] = 3.0

    near = near_boundaries(flow, np.ones((20, 40), np.bool_))

    # The step lies between columns 19 and 20, which are both part of it.
    assert np.flatnonzero(near[10]).tolist() == list(range(14, 26))


def test_unknown_flow_makes_no_boundary() -> None:
    flow = np.zeros((20, 40, 2), np.float32)
    known = np.ones((20, 40), np.bool_)
    known[:, 20:] = False

    assert not near_boundaries(flow, known).any()


def test_confidence_is_held_against_px_of_the_working_size() -> None:
    truth = np.full((16, 16, 2), (3.0, 0.0), np.float32)
    level = np.zeros((16, 16), np.uint8)
    pair = KnownPair(level, level, truth, np.ones((16, 16), np.bool_))
    # 1.5 px of the truth's size, but 0.75 px of half of it.
    flow = np.full((8, 8, 2), (0.75, 0.0), np.float32)
    confidence = np.full((2, 2), 0.6, np.float32)

    claimed, right = claims_of(Estimate(flow, confidence, 4), confidence, pair)

    assert claimed.tolist() == pytest.approx([0.6] * 4)
    assert right.tolist() == [True] * 4


def test_calibration_error_is_the_gap_between_claim_and_truth() -> None:
    claimed = np.array([0.95] * 10 + [0.55] * 10)
    right = np.array([True] * 7 + [False] * 3 + [True] * 5 + [False] * 5)

    assert calibration_error(claimed, right) == pytest.approx((0.25 + 0.05) / 2)
    filled = [one for one in reliability(claimed, right) if one.vectors]
    assert [one.right for one in filled] == [0.5, 0.7]


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    draw = np.random.default_rng(4)
    claimed = np.round(draw.random(80), 1)
    right = draw.random(80) < claimed

    gaps = claimed[right][:, None] - claimed[~right][None, :]
    wanted = np.mean(gaps > 0) + np.mean(gaps == 0) / 2
    assert area_under_curve(claimed, right) == pytest.approx(wanted)


def test_without_a_wrong_vector_there_is_no_curve() -> None:
    assert area_under_curve(np.array([0.2, 0.9]), np.array([True, True])) is None


def off_by(error_px: float, size_px: int | None = None) -> Entry:
    """An estimator that finds the truth of ``small_pair``, but for an error to the right."""
    truth = small_pair().flow + np.array([error_px, 0], np.float32)

    def estimate(pair: FramePair) -> Estimate:
        confidence = np.full((HEIGHT // 4, WIDTH // 4), 0.75, np.float32)
        return Estimate(truth, confidence, 4)

    return Entry(Candidate(f"off by {error_px}", size_px, estimate), size_px)


def test_an_evaluation_finds_the_error_that_was_put_in(tmp_path: Path) -> None:
    write_kitti(tmp_path, small_pair())
    layout, files = find_pairs(tmp_path)

    evaluation = evaluate([off_by(2.0), off_by(0.5)], "data", layout, files)

    better, worse = evaluation.results
    assert (better.estimator, worse.estimator) == ("off by 0.5", "off by 2.0")
    assert better.errors.epe_px == pytest.approx(0.5, abs=0.01)
    assert worse.errors.epe_px == pytest.approx(2.0, abs=0.01)
    assert worse.splits["occluded"].pixels + worse.splits["visible"].pixels == WIDTH * HEIGHT // 2
    assert better.confidence is not None and worse.confidence is not None
    assert better.confidence.ece == pytest.approx(0.25)
    assert worse.confidence.ece == pytest.approx(0.75)


def test_pixels_count_once_overall_and_scenes_once_in_their_mean(tmp_path: Path) -> None:
    write_middlebury(tmp_path, small_pair(), "right")
    layout, files = find_pairs(tmp_path)
    half = small_pair()
    half.flow[: HEIGHT // 2] = 1e10
    half.flow[HEIGHT // 2 :, :, 0] += 3
    write_middlebury(tmp_path, half, "wrong")
    layout, files = find_pairs(tmp_path)

    (result,) = evaluate([off_by(0.0)], "data", layout, files).results

    assert result.errors.epe_px == pytest.approx(1.0, abs=1e-4)
    assert result.mean_over_scenes.epe_px == pytest.approx(1.5, abs=1e-4)


def test_a_working_picture_is_never_larger_than_the_frame() -> None:
    pair = small_pair()

    assert working_pair(pair.first, pair.second, 48).first.shape == (32, 48)
    assert working_pair(pair.first, pair.second, 480).first.shape == (HEIGHT, WIDTH)


def test_plots_of_the_same_figures_are_the_same_bytes(tmp_path: Path) -> None:
    write_middlebury(tmp_path, small_pair())
    layout, files = find_pairs(tmp_path)
    evaluation = evaluate([off_by(0.5)], "data", layout, files)

    plots = plots_of(evaluation)

    assert sorted(plots) == [
        "error-by-kind.png", "error-by-scene.png", "error-by-speed.png", "reliability.png",
    ]  # fmt: skip
    assert plots == plots_of(evaluation)
    assert all(data.startswith(b"\x89PNG") for data in plots.values())
