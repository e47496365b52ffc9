"""Letterbox and pillarbox bars, and dark scenes that are none."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.motion.picture_area import PictureArea, find_picture
from tests.rendering.pictures import Image
from tests.unit.flow_fields import HEIGHT, WIDTH, moved_by

WHOLE = PictureArea(0, HEIGHT, 0, WIDTH)


def scene(darkest: int = 20, brightest: int = 220) -> Image:
    draw = np.random.default_rng(1)
    return draw.integers(darkest, brightest, (HEIGHT, WIDTH)).astype(np.uint8)


def barred(top: int = 0, bottom: int = 0, left: int = 0, right: int = 0) -> Image:
    """A scene behind bars, in which the codec left a little noise."""
    picture = np.random.default_rng(2).integers(0, 8, (HEIGHT, WIDTH)).astype(np.uint8)
    shown = slice(top, HEIGHT - bottom), slice(left, WIDTH - right)
    picture[shown] = scene()[shown]
    return picture


@pytest.mark.parametrize(
    "bars",
    [
        {"top": 18, "bottom": 18},
        {"left": 32, "right": 32},
        {"top": 10, "bottom": 12},
        {"top": 15, "bottom": 15, "left": 20, "right": 20},
    ],
)
def test_bars_are_found_to_within_two_px_and_never_left_inside(bars: dict[str, int]) -> None:
    found = find_picture(barred(**bars))
    for name, place in (("top", found.top), ("left", found.left)):
        assert bars.get(name, 0) <= place <= bars.get(name, 0) + 2
    assert bars.get("bottom", 0) <= HEIGHT - found.bottom <= bars.get("bottom", 0) + 2
    assert bars.get("right", 0) <= WIDTH - found.right <= bars.get("right", 0) + 2


def test_a_picture_without_bars_is_whole() -> None:
    assert find_picture(scene()) == WHOLE


def test_a_black_frame_is_whole() -> None:
    assert find_picture(np.zeros((HEIGHT, WIDTH), np.uint8)) == WHOLE


def test_a_dark_scene_has_no_bars() -> None:
    assert find_picture(scene(0, 12)) == WHOLE


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_darkness_on_one_side_is_no_bar(side: str) -> None:
    assert find_picture(barred(**{side: 40})) == WHOLE


def test_a_light_in_the_dark_is_no_picture_in_bars() -> None:
    night = scene(0, 10)
    night[70:74, 120:126] = 250
    assert find_picture(night) == WHOLE


def test_points_in_bars_are_outside_the_picture() -> None:
    field = moved_by(0j)
    inside = find_picture(barred(top=18, bottom=18)).grid_mask(field.points(), (WIDTH, HEIGHT))
    y = field.points()[..., 1] + (HEIGHT - 1) / 2
    assert not inside[(y < 18) | (y >= HEIGHT - 18)].any()
    assert inside[(y >= 20) & (y < HEIGHT - 20)].all()
