"""The grid of a flow field."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.flow.field import FlowField, every
from tests.unit.flow_fields import COLUMNS, HEIGHT, ROWS, STEP_PX, WIDTH, moved_by, places


def test_points_are_measured_from_the_picture_centre() -> None:
    points = moved_by(0j).points()
    assert points.shape == (ROWS, COLUMNS, 2)
    assert np.allclose(points[..., 0] + 1j * points[..., 1], places())


def test_points_are_those_that_every_picks_out_of_a_picture() -> None:
    column = np.tile(np.arange(WIDTH), (HEIGHT, 1))[every(STEP_PX)]
    assert np.allclose(moved_by(0j).points()[..., 0], column - (WIDTH - 1) / 2)


def test_the_size_is_that_of_the_pictures() -> None:
    assert moved_by(0j).picture_size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("shape", [(9, 16), (9, 16, 3), (9, 16, 2, 1)])
def test_vectors_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    level, picture = np.zeros((9, 16), np.float32), np.zeros((36, 64), np.uint8)
    with pytest.raises(ValueError, match="vectors"):
        FlowField(np.zeros(shape, np.float32), level, level, level, level, 4, (picture, picture))


@pytest.mark.parametrize("name", ["confidence", "residual", "round_trip_px", "texture"])
def test_measures_of_another_shape_are_refused(name: str) -> None:
    right, wrong = np.zeros((9, 16), np.float32), np.zeros((16, 9), np.float32)
    names = ("confidence", "residual", "round_trip_px", "texture")
    measures = dict.fromkeys(names, right) | {name: wrong}
    picture = np.zeros((36, 64), np.uint8)
    with pytest.raises(ValueError, match=name):
        FlowField(
            vectors=np.zeros((9, 16, 2), np.float32),
            step_px=4,
            frames=(picture, picture),
            **measures,
        )
