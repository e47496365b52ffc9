"""Labels, steadiness and levels of made-up pairs."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.motion.tags import activity_of, level_of, robust_mean, tag_camera, weighted_mean
from flowtag.thresholds import Thresholds
from tests.unit.pair_series import SHAPE, make_series, times

LIMITS = Thresholds()


def swaying(
    rms_diagonals: float, hertz: float = 3.1, seconds: float = 4.0
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A pan rate that sways with a known mean square, in widths per second."""
    wave = np.sqrt(2) * np.sin(2 * np.pi * hertz * times(seconds))
    return np.asarray(rms_diagonals / SHAPE.width_diagonals * wave)


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        ({"pan": 0.2}, ["pan_right"]),
        ({"pan": -0.2}, ["pan_left"]),
        ({"tilt": 0.2}, ["tilt_up"]),
        ({"tilt": -0.2}, ["tilt_down"]),
        ({"zoom": 0.2}, ["zoom_in"]),
        ({"zoom": -0.2}, ["zoom_out"]),
        ({"roll": 10.0}, ["roll_cw"]),
        ({"roll": -10.0}, ["roll_ccw"]),
        ({"pan": 0.2, "tilt": -0.2}, ["pan_right", "tilt_down"]),
        ({"pan": -0.15, "zoom": 0.2, "roll": 8.0}, ["pan_left", "zoom_in", "roll_cw"]),
        ({"pan": 0.04}, ["pan_right"]),
        ({}, ["static"]),
        ({"pan": 0.01, "tilt": -0.01, "zoom": 0.005, "roll": 0.3}, ["static"]),
    ],
)
def test_every_move_has_its_label(columns: dict[str, float], labels: list[str]) -> None:
    assert tag_camera(make_series(3, **columns), LIMITS).labels() == labels


def test_rates_are_those_of_the_pairs() -> None:
    tags = tag_camera(make_series(3, pan=0.2, tilt=-0.1, zoom=0.05, roll=4.0), LIMITS)
    assert tags.rates == pytest.approx((0.2, -0.1, 0.05, 4.0), rel=1e-3)
    assert tags.confidence == pytest.approx(0.95, abs=0.01)


def test_a_small_by_product_of_a_large_move_has_no_label() -> None:
    tags = tag_camera(make_series(3, pan=0.9, tilt=0.03), LIMITS)
    assert tags.labels() == ["pan_right"]


def test_a_single_fit_gone_wrong_changes_nothing() -> None:
    pan = np.full(len(times(3)), 0.2)
    pan[17] = -3.0
    tags = tag_camera(make_series(3, pan=pan), LIMITS)
    assert tags.labels() == ["pan_right"]
    assert tags.rates[0] == pytest.approx(0.2, abs=0.02)
    assert tags.steadiness == "smooth"


def test_pairs_are_weighed_by_trust() -> None:
    pan, trust = np.full(len(times(4)), 0.2), np.full(len(times(4)), 0.95)
    pan[:20], trust[:20] = -1.0, 0.0
    tags = tag_camera(make_series(4, pan=pan, camera_confidence=trust), LIMITS)
    assert tags.rates[0] == pytest.approx(0.2, abs=0.01)
    assert tags.confidence < 0.7


@pytest.mark.parametrize("column", ["camera_confidence", "pan"])
def test_an_unknown_camera_has_no_label_and_is_not_static(column: str) -> None:
    value = 0.0 if column == "camera_confidence" else float("nan")
    tags = tag_camera(make_series(2, **{column: value}), LIMITS)
    assert tags.labels() == []
    assert tags.steadiness is None
    assert np.isnan(tags.rates).all()
    assert tags.confidence == 0


@pytest.mark.parametrize(
    ("rms", "steadiness"),
    [(0.0, "locked"), (0.01, "locked"), (0.07, "handheld"), (0.3, "shaky")],
)
def test_shake_says_how_the_camera_is_held(rms: float, steadiness: str) -> None:
    tags = tag_camera(make_series(4, pan=swaying(rms)), LIMITS)
    assert tags.steadiness == steadiness
    assert tags.shake == pytest.approx(rms, rel=0.25, abs=0.002)


def test_an_unsteady_camera_is_handheld_and_not_static() -> None:
    assert tag_camera(make_series(4, pan=swaying(0.07)), LIMITS).labels() == ["handheld"]


def test_a_pan_by_hand_is_a_pan_and_handheld() -> None:
    tags = tag_camera(make_series(4, pan=0.3 + swaying(0.06)), LIMITS)
    assert tags.labels() == ["pan_right", "handheld"]


def test_a_steady_move_is_smooth() -> None:
    assert tag_camera(make_series(3, pan=0.2), LIMITS).steadiness == "smooth"


def test_a_slow_change_of_pace_is_no_shake() -> None:
    pace = 0.2 + 0.1 * np.sin(2 * np.pi * times(6) / 6)
    assert tag_camera(make_series(6, pan=pace), LIMITS).steadiness == "smooth"


@pytest.mark.parametrize(
    ("name", "below", "from_here"),
    [
        ("level_low", "static", "low"),
        ("level_medium", "low", "medium"),
        ("level_high", "medium", "high"),
        ("level_extreme", "high", "extreme"),
    ],
)
def test_a_level_begins_at_its_threshold(name: str, below: str, from_here: str) -> None:
    limit = getattr(LIMITS, name)
    assert level_of(np.nextafter(limit, 0), LIMITS) == below
    assert level_of(limit, LIMITS) == from_here


def test_no_motion_is_static_and_any_speed_has_a_level() -> None:
    assert level_of(0.0, LIMITS) == "static"
    assert level_of(1e6, LIMITS) == "extreme"


@pytest.mark.parametrize("step", range(4))
def test_activity_steps_up_at_its_thresholds(step: int) -> None:
    limit = LIMITS.activity[step]
    assert activity_of(np.nextafter(limit, 0), LIMITS) == step + 1
    assert activity_of(limit, LIMITS) == step + 2


def test_activity_has_the_steps_of_mpeg_7() -> None:
    # Jeannin and Divakaran 2001, for CIF (352x288) vectors in half pels, three frames of 30 apart.
    half_pels = np.array([3.9, 10.7, 17.1, 32.0])
    diagonals_per_second = half_pels / 2 / np.hypot(352, 288) / (3 / 30)
    assert LIMITS.activity == pytest.approx(diagonals_per_second.tolist(), rel=0.02)


def test_means_leave_out_what_is_unknown() -> None:
    values, weights = np.array([1.0, np.nan, 3.0, 9.0]), np.array([1.0, 5.0, 3.0, 0.0])
    assert weighted_mean(values, weights) == pytest.approx(2.5)
    assert robust_mean(values, weights) == pytest.approx(2.5)
    assert np.isnan(weighted_mean(values, np.zeros(4)))
    assert np.isnan(robust_mean(np.full(4, np.nan), weights))
