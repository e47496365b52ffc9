"""Tiny pictures without their bars."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from flowtag.edits.edit import without_bars

ROWS, COLUMNS = 18, 32


def pictures(top: int, bottom: int, left: int, right: int) -> npt.NDArray[np.float32]:
    """Three grey pictures with black edges, so many cells wide."""
    found = np.full((3, ROWS, COLUMNS), 2, np.float32)
    found[:, top : ROWS - bottom, left : COLUMNS - right] = 90
    return found


@pytest.mark.parametrize(
    ("edges", "shape"),
    [
        ((2, 2, 0, 0), (12, 32)),
        ((2, 1, 0, 0), (13, 32)),
        ((0, 0, 4, 4), (18, 22)),
        ((0, 0, 0, 0), (18, 32)),
    ],
    ids=["letterbox", "uneven", "pillarbox", "none"],
)
def test_bars_go_with_the_cells_that_they_touch(
    edges: tuple[int, int, int, int], shape: tuple[int, int]
) -> None:
    found = without_bars(pictures(*edges))
    assert found.shape == (3, *shape)
    assert (found == 90).all()


@pytest.mark.parametrize(
    "edges",
    [(5, 0, 0, 0), (6, 1, 0, 0), (5, 5, 0, 0), (9, 9, 16, 16)],
    ids=["night sky", "lopsided", "a strip of light", "black"],
)
def test_what_is_dark_otherwise_stays(edges: tuple[int, int, int, int]) -> None:
    assert without_bars(pictures(*edges)).shape == (3, ROWS, COLUMNS)


def test_a_bar_that_lights_up_once_is_none() -> None:
    shown = pictures(3, 3, 0, 0)
    shown[1, 0] = 90
    assert without_bars(shown).shape == (3, ROWS, COLUMNS)
