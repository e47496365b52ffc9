"""Flow through the frames between: the steps put together are the whole."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.flow.field import FloatArray
from flowtag.flow.following import followed, trusted_throughout

HEIGHT, WIDTH = 40, 60


def zoom(factor: float) -> FloatArray:
    """Flow of a picture that grows about its top left corner."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return np.stack([x, y], axis=-1) * np.float32(factor - 1)


def shift(dx: float, dy: float) -> FloatArray:
    return np.full((HEIGHT, WIDTH, 2), (dx, dy), np.float32)


def test_one_step_is_the_whole() -> None:
    np.testing.assert_array_equal(followed([zoom(1.1)]), zoom(1.1))


def test_shifts_add_up() -> None:
    whole = followed([shift(2, -1), shift(0.5, 3), shift(-1, 0)])

    np.testing.assert_allclose(whole, shift(1.5, 2), atol=1e-4)


def test_each_step_begins_where_the_one_before_ended() -> None:
    """Two zooms multiply; added up without following they would not."""
    whole = followed([zoom(1.1), zoom(1.2)])

    inside = np.s_[: int(HEIGHT / 1.1) - 1, : int(WIDTH / 1.1) - 1]
    np.testing.assert_allclose(whole[inside], zoom(1.32)[inside], atol=0.02)
    assert abs(zoom(1.1) + zoom(1.2) - zoom(1.32))[inside].max() > 0.8


def test_what_left_the_picture_goes_on_as_its_border_moves() -> None:
    whole = followed([shift(-WIDTH, 0), shift(-3, 0)])

    np.testing.assert_allclose(whole, shift(-WIDTH - 3, 0), atol=1e-3)


def test_trust_is_that_of_every_step_on_the_way() -> None:
    sure = np.full((HEIGHT, WIDTH), 0.9, np.float32)
    half = sure.copy()
    half[:, WIDTH // 2 :] = 0.5

    trust = trusted_throughout([shift(10, 0), shift(1, 0)], [sure, half])

    assert trust[5, WIDTH // 2 - 20] == pytest.approx(0.81)
    assert trust[5, WIDTH // 2 - 5] == pytest.approx(0.45)
