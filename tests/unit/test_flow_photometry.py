"""Brightness and contrast that change between two pictures."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.flow.photometry import Photometry, equalise, measure_photometry
from tests.rendering import steady
from tests.rendering.pictures import Image
from tests.unit.flow_fields import two_pictures


@pytest.fixture(scope="module")
def picture() -> Image:
    first, _ = two_pictures(steady(1, picture="coffee"))
    return (first * 0.6 + 30).astype(np.uint8)


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (0.7, 20.0), (1.2, -25.0), (1.0, 15.0)])
def test_gain_and_offset_are_found(picture: Image, gain: float, offset: float) -> None:
    changed = np.clip(np.rint(picture * gain + offset), 0, 255).astype(np.uint8)
    change = measure_photometry(picture, changed)
    assert change.gain == pytest.approx(gain, abs=0.02)
    assert change.offset == pytest.approx(offset, abs=2.5)


def test_motion_is_no_change_of_light(picture: Image) -> None:
    change = measure_photometry(picture, np.roll(picture, 40, axis=1))
    assert change.gain == pytest.approx(1.0, abs=1e-6)
    assert change.offset == pytest.approx(0.0, abs=1e-3)


def test_of_an_empty_picture_only_the_brightness_is_known() -> None:
    plain = np.full((36, 64), 100, np.uint8)
    assert measure_photometry(plain, plain + np.uint8(20)) == Photometry(1.0, 20.0)


def test_a_change_of_light_is_taken_away(picture: Image) -> None:
    changed = np.rint(picture * 0.7 + 20).astype(np.uint8)
    first, second = equalise(picture, changed, measure_photometry(picture, changed))
    apart = np.abs(first.astype(float) - second)
    assert apart.mean() < 1.5
    assert apart.mean() < np.abs(picture.astype(float) - changed).mean() / 4


def test_low_contrast_is_raised_alike_in_both(picture: Image) -> None:
    dark = np.rint(picture * 0.1).astype(np.uint8)
    first, second = equalise(dark, dark.copy(), Photometry(1.0, 0.0))
    assert np.array_equal(first, second)
    assert first.std() > 3 * dark.std()


def test_nothing_is_made_of_nothing() -> None:
    plain = np.full((36, 64), 100, np.uint8)
    first, second = equalise(plain, plain, Photometry(1.0, 0.0))
    assert np.array_equal(first, plain)
    assert np.array_equal(second, plain)
