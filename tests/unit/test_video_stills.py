from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flowtag.video.pictures import small_colour_jpeg
from tests.media.movies import Image
from tests.media.scenes import clouds, in_format


def _colours(width: int, height: int) -> Image:
    """Red above blue, as RGB."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2] = (220, 20, 20)
    picture[height // 2 :] = (20, 20, 220)
    return picture


def _opened(jpeg: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.mark.parametrize(
    ("rotation", "red_at"), [(0, "top"), (90, "right"), (180, "bottom"), (270, "left")]
)
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "rgb24"])
def test_stills_are_upright_and_in_colour(rotation: int, red_at: str, name: str) -> None:
    frame = in_format(_colours(320, 180), name)
    still = _opened(small_colour_jpeg(frame, 160, rotation, Fraction(1))).astype(int)
    assert still.shape[:2] == ((160, 90) if rotation in (90, 270) else (90, 160))
    height, width = still.shape[:2]
    places = {
        "top": (height // 4, width // 2),
        "bottom": (3 * height // 4, width // 2),
        "left": (height // 2, width // 4),
        "right": (height // 2, 3 * width // 4),
    }
    red, blue = still[places[red_at]][0], still[places[red_at]][2]
    assert red > 180
    assert blue < 70


def test_stills_have_square_pixels() -> None:
    frame = in_format(_colours(720, 576), "yuv420p")
    still = _opened(small_colour_jpeg(frame, 256, 0, Fraction(64, 45)))
    assert still.shape == (144, 256, 3)


def test_stills_are_the_same_bytes_each_time() -> None:
    frame = in_format(clouds(640, 360), "yuv420p")
    assert small_colour_jpeg(frame, 256, 0, Fraction(1)) == small_colour_jpeg(
        frame, 256, 0, Fraction(1)
    )


def test_small_pictures_are_not_enlarged() -> None:
    frame = in_format(_colours(64, 48), "yuv420p")
    assert _opened(small_colour_jpeg(frame, 256, 0, Fraction(1))).shape == (48, 64, 3)
