"""The figures of a training run, held against flows whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.training.batches import padded
from gpu_worker.training.figures import Answer, dis_medium, figures_of
from tests.rendering.pairs import FlowPair
from tests.rendering.pictures import Image


def pair(occluded_columns: int) -> FlowPair:
    frame = np.tile(np.arange(40, dtype=np.uint8) * 5, (20, 1))
    occluded = np.zeros((20, 40), np.bool_)
    occluded[:, :occluded_columns] = True
    return FlowPair(frame, frame, np.zeros((20, 40, 2), np.float32), occluded)


def off_by_two_on_the_left(first: Image, second: Image) -> Answer:
    flow = np.zeros((*first.shape, 2), np.float32)
    flow[:, :10, 1] = 2.0
    wrong = flow[..., 1] > 0
    sure = np.where(wrong, 0.25, 0.75).astype(np.float32)
    return Answer(flow, sure, 1 - sure)


def test_errors_are_averaged_over_all_pixels() -> None:
    figures = figures_of(off_by_two_on_the_left, [pair(0)])

    assert figures.epe_px == pytest.approx(0.5)
    assert figures.off_1px == pytest.approx(0.25)
    assert figures.off_3px == 0


def test_what_is_hidden_does_not_count_as_visible() -> None:
    figures = figures_of(off_by_two_on_the_left, [pair(10)])

    assert figures.epe_visible_px == 0
    assert figures.occlusion_auc == 1


def test_pixels_without_truth_count_nowhere() -> None:
    known_on_the_right = pair(0)
    known_on_the_right.flow[:, :10] = np.nan

    figures = figures_of(off_by_two_on_the_left, [known_on_the_right])

    assert figures.epe_px == 0


def test_confidence_is_held_against_an_error_of_one_pixel() -> None:
    figures = figures_of(off_by_two_on_the_left, [pair(0)])

    assert figures.auc == 1
    assert figures.ece == pytest.approx(0.25)


def test_a_log_leaves_out_what_an_estimator_does_not_tell() -> None:
    figures = figures_of(dis_medium, [pair(0)])

    assert set(figures.rounded()) == {"epe_px", "epe_visible_px", "off_1px", "off_3px"}


def test_padding_repeats_the_border_to_the_right_and_below() -> None:
    frame = np.arange(30, dtype=np.uint8).reshape(5, 6)

    wide = padded(frame, 8)

    assert wide.shape == (8, 8)
    assert np.array_equal(wide[:5, :6], frame)
    assert (wide[5:, :6] == frame[-1]).all() and (frame[:, -1] == wide[:5, 6:].T).all()
