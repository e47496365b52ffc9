"""Flow and its confidence on drawn pairs whose motion is known exactly at every px."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from flowtag.evaluation.reliability import area_under_curve, calibration_error
from flowtag.flow.dis import DisFlow, large_shift
from flowtag.flow.field import FlowField, every
from flowtag.flow.frame_pair import FramePair
from flowtag.settings import PRESETS, FlowSettings, Preset
from tests.rendering import random_flow_pair, steady
from tests.unit.flow_fields import WIDTH, two_pictures

# Far from the seeds that the weights were fitted on.
UNSEEN = range(70_000, 70_048)


@dataclass(frozen=True)
class Judged:
    """All vectors of all pairs: what was claimed and what is true."""

    confidence: npt.NDArray[np.float64]
    error_px: npt.NDArray[np.float64]

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.error_px < 1.0)


def judged(seeds: range, settings: FlowSettings) -> Judged:
    width = settings.working_size_px
    claims, errors = [], []
    for seed in seeds:
        pair = random_flow_pair(seed, width=width, height=width * 9 // 16)
        (field,) = DisFlow(settings).estimate([FramePair.of(pair.first, pair.second)])
        error = np.linalg.norm(pair.flow[every(field.step_px)] - field.vectors, axis=-1)
        claims.append(field.confidence.ravel())
        errors.append(error.ravel())
    return Judged(np.concatenate(claims).astype(float), np.concatenate(errors).astype(float))


@pytest.fixture(scope="module")
def balanced() -> Judged:
    return judged(UNSEEN, FlowSettings())


def told_apart(found: Judged) -> float:
    area = area_under_curve(found.confidence, found.right)
    assert area is not None
    return area


def test_trusted_vectors_are_right(balanced: Judged) -> None:
    trusted = balanced.error_px[balanced.confidence >= 0.5]
    assert np.median(trusted) < 0.5
    assert (trusted < 1.0).mean() > 0.75


def test_the_surest_vectors_are_nearly_always_right(balanced: Judged) -> None:
    surest = balanced.error_px[balanced.confidence >= 0.9]
    assert len(surest) > 0.05 * len(balanced.error_px)
    assert (surest < 1.0).mean() > 0.88


def test_confidence_is_the_probability_of_being_right(balanced: Judged) -> None:
    assert calibration_error(balanced.confidence, balanced.right) <= 0.10


def test_confidence_tells_right_from_wrong(balanced: Judged) -> None:
    assert told_apart(balanced) >= 0.85


@pytest.mark.parametrize("preset", ["fast", "best"])
def test_confidence_holds_for_the_other_presets(preset: Preset) -> None:
    found = judged(UNSEEN[:12], PRESETS[preset])
    assert calibration_error(found.confidence, found.right) <= 0.15
    assert told_apart(found) >= 0.85


def estimate(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> FlowField:
    (field,) = DisFlow(FlowSettings()).estimate([FramePair.of(first, second)])
    return field


def test_an_unchanged_picture_does_not_move() -> None:
    first, _ = two_pictures(steady(1, picture="gravel"))
    field = estimate(first, first.copy())
    assert np.abs(field.vectors).max() < 0.05


def test_unrelated_pictures_are_not_trusted() -> None:
    first, _ = two_pictures(steady(1, picture="gravel"))
    second, _ = two_pictures(steady(1, picture="coins"))
    field = estimate(first, second)
    assert (field.confidence >= 0.5).mean() < 0.1


def test_a_change_of_light_is_no_motion() -> None:
    first, _ = two_pictures(steady(1, picture="coffee"))
    second = np.clip(first * 0.8 + 15, 0, 255).astype(np.uint8)
    field = estimate(first, second)
    trusted = field.confidence >= 0.5
    assert trusted.mean() > 0.3
    assert np.median(np.abs(field.vectors[trusted])) < 0.1


def test_a_whip_pan_is_followed() -> None:
    first, second = two_pictures(steady(2, picture="gravel", pan=2.5))
    field = estimate(first, second)
    trusted = field.confidence >= 0.5
    assert trusted.mean() > 0.2
    wanted_px = -2.5 * 0.08 * WIDTH
    assert np.median(field.vectors[trusted][:, 0]) == pytest.approx(wanted_px, abs=1.0)


def test_a_large_shift_is_sought_only_where_pictures_differ_much() -> None:
    first, _ = two_pictures(steady(1, picture="coffee"))
    assert large_shift(first, first) is None


def test_what_was_estimated_before_does_not_show() -> None:
    whip = two_pictures(steady(2, picture="gravel", pan=2.5))
    slow = two_pictures(steady(1, picture="coffee", pan=0.1))
    flow = DisFlow(FlowSettings())
    assert large_shift(*whip) is not None
    _, after_a_whip = flow.estimate([FramePair.of(*whip), FramePair.of(*slow)])
    alone = estimate(*slow)
    assert np.array_equal(after_a_whip.vectors, alone.vectors)
    assert np.array_equal(after_a_whip.confidence, alone.confidence)
