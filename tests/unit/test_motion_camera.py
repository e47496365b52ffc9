"""The camera's fit to flow fields that were made up, so that the truth is exact."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.flow.field import FlowField
from flowtag.motion.camera import CameraFit, fit_camera
from tests.unit.flow_fields import (
    COLUMNS,
    EVERYWHERE,
    ROWS,
    Mask,
    box,
    make_field,
    moved_by,
    with_part,
)


def fitted(field: FlowField, usable: Mask = EVERYWHERE) -> CameraFit:
    fit = fit_camera(field, usable)
    assert fit is not None
    return fit


@pytest.mark.parametrize(
    ("shift", "growth", "turn_degrees"),
    [
        (0j, 0.0, 0.0),
        (3 + 0j, 0.0, 0.0),
        (-3 + 0j, 0.0, 0.0),
        (2j, 0.0, 0.0),
        (-2j, 0.0, 0.0),
        (0j, 0.03, 0.0),
        (0j, -0.03, 0.0),
        (0j, 0.0, 2.0),
        (0j, 0.0, -2.0),
        (-25 + 4j, 0.0, 0.0),
        (4 - 3j, 0.02, -1.5),
        (0.4 + 0.1j, 0.0, 0.0),
    ],
)
def test_each_move_is_found_exactly(shift: complex, growth: float, turn_degrees: float) -> None:
    camera = fitted(moved_by(shift, growth, turn_degrees)).similarity
    assert complex(camera.tx, camera.ty) == pytest.approx(shift, abs=0.02)
    assert camera.log_scale == pytest.approx(growth, abs=3e-4)
    assert camera.angle_degrees == pytest.approx(turn_degrees, abs=0.02)


@pytest.mark.parametrize("shift", [0j, 3 + 1j])
def test_a_subject_of_a_third_of_the_picture_does_not_become_the_camera(shift: complex) -> None:
    subject = box(0.2, 0.2, 0.8, 0.8)
    assert subject.mean() > 0.34
    fit = fitted(with_part(moved_by(shift), subject, -6 + 2j))
    assert complex(fit.similarity.tx, fit.similarity.ty) == pytest.approx(shift, abs=0.05)
    assert fit.inliers[~subject].mean() > 0.95
    assert fit.inliers[subject].mean() < 0.05


def test_a_subject_that_the_camera_follows_does_not_hold_it_still() -> None:
    fit = fitted(with_part(moved_by(5 + 0j), box(0.25, 0.2, 0.75, 0.85), 0j))
    assert fit.similarity.tx == pytest.approx(5, abs=0.05)


def test_wild_vectors_do_not_disturb_the_fit() -> None:
    draw = np.random.default_rng(3)
    wild = draw.random((ROWS, COLUMNS)) < 0.3
    field = moved_by(-4 + 1j, 0.01, 1.0)
    motion = field.vectors[..., 0] + 1j * field.vectors[..., 1]
    chance = draw.uniform(-20, 20, (2, ROWS, COLUMNS))
    fit = fitted(make_field(np.where(wild, chance[0] + 1j * chance[1], motion)))
    assert complex(fit.similarity.tx, fit.similarity.ty) == pytest.approx(-4 + 1j, abs=0.1)
    assert fit.similarity.log_scale == pytest.approx(0.01, abs=0.002)
    assert fit.similarity.angle_degrees == pytest.approx(1.0, abs=0.1)


def test_untrusted_vectors_have_no_say() -> None:
    wrong = box(0, 0, 0.7, 1)
    sure = np.where(wrong, 0.2, 0.9).astype(np.float32)
    field = with_part(moved_by(2 + 0j), wrong, -9 + 0j)
    motion = field.vectors[..., 0] + 1j * field.vectors[..., 1]
    fit = fitted(make_field(motion, sure))
    assert fit.similarity.tx == pytest.approx(2, abs=0.05)
    assert not fit.inliers[wrong].any()


def test_what_is_not_picture_has_no_say() -> None:
    bars = box(0, 0, 1, 0.2) | box(0, 0.8, 1, 1)
    fit = fitted(with_part(moved_by(3 + 0j), bars, 0j), ~bars)
    assert fit.similarity.tx == pytest.approx(3, abs=0.05)


def test_where_none_is_trusted_there_is_no_camera() -> None:
    doubtful = np.full((ROWS, COLUMNS), 0.4, np.float32)
    motion = np.full((ROWS, COLUMNS), 3 + 0j)
    assert fit_camera(make_field(motion, doubtful), EVERYWHERE) is None


def test_where_nothing_is_picture_there_is_no_camera() -> None:
    assert fit_camera(moved_by(3 + 0j), ~EVERYWHERE) is None


def test_a_field_that_agrees_is_surer_than_one_that_does_not() -> None:
    draw = np.random.default_rng(4)
    chance = draw.uniform(-20, 20, (2, ROWS, COLUMNS))
    torn = fit_camera(make_field(chance[0] + 1j * chance[1]), EVERYWHERE)
    agreed = fitted(moved_by(-4 + 1j))
    assert agreed.confidence > 0.9
    assert torn is None or torn.confidence < 0.3


def test_the_same_field_gives_the_same_fit() -> None:
    field = with_part(moved_by(2 + 1j, 0.01), box(0.3, 0.3, 0.7, 0.7), 4j)
    one, two = fitted(field), fitted(field)
    assert one.similarity == two.similarity
    assert np.array_equal(one.inliers, two.inliers)
