"""What would not show motion is unknown, not at rest."""

from __future__ import annotations

import numpy as np
import pytest

from tests.rendering import Look, Picture, steady
from tests.rendering.pictures import Image
from tests.unit.flow_fields import SIZE, features_between, features_of

WIDTH, HEIGHT = SIZE


def wall(height_levels: float) -> Image:
    """A blurred wall: so many grey levels from its darkest to its brightest place."""
    x, y = np.meshgrid(np.linspace(0, np.pi, WIDTH), np.linspace(0, np.pi, HEIGHT))
    return np.asarray(np.rint(120 + height_levels * np.sin(x) * np.sin(y)), np.uint8)


def test_a_wall_of_a_few_levels_says_nothing_of_the_camera() -> None:
    row = features_between(wall(4), wall(4))
    assert row["coverage"] == 0
    assert np.isnan(row["pan"])


def test_a_wall_with_broad_shades_is_seen_to_rest() -> None:
    row = features_between(wall(120), wall(120))
    assert row["coverage"] > 0.9
    assert row["pan"] == 0


def test_a_dark_picture_with_some_edges_shows_motion() -> None:
    shot = steady(2.0, picture=Picture("rocket"), pan=0.2)
    row = features_of(shot, Look(brightness=0.15))
    assert row["texture"] < 0.12
    assert row["pan"] == pytest.approx(0.2, abs=0.02)
