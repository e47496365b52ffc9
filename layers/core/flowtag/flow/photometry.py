"""Brightness that changes between two frames, and contrast too low for 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from flowtag.flow.field import GreyImage

_LEAST_SPREAD = 0.5
_WANTED_SPREAD = 40.0
_MOST_AMPLIFICATION = 6.0
_MOST_GAIN = 4.0


@dataclass(frozen=True, slots=True)
class Photometry:
    """``second ≈ gain · first + offset`` in grey levels, from means and standard deviations."""

    gain: float
    offset: float


def measure_photometry(first: GreyImage, second: GreyImage) -> Photometry:
    """The global change of brightness and contrast between two frames.

    From the first two moments alone, so that motion inside the picture does not disturb it.
    """
    first_mean, first_spread = (float(v[0, 0]) for v in cv2.meanStdDev(first))
    second_mean, second_spread = (float(v[0, 0]) for v in cv2.meanStdDev(second))
    if first_spread < _LEAST_SPREAD or second_spread < _LEAST_SPREAD:
        return Photometry(1.0, second_mean - first_mean)
    gain = min(max(second_spread / first_spread, 1 / _MOST_GAIN), _MOST_GAIN)
    return Photometry(gain, second_mean - gain * first_mean)


def equalise(
    first: GreyImage, second: GreyImage, change: Photometry
) -> tuple[GreyImage, GreyImage]:
    """Both frames at the same brightness, and with their contrast raised where it is low.

    Flow assumes that brightness stays; what is left after this is local change. Contrast is
    raised by the same factor in both, at most sixfold: dark pictures have few grey levels.
    """
    mean, spread = (float(v[0, 0]) for v in cv2.meanStdDev(first))
    if spread < _LEAST_SPREAD:
        return first, second
    factor = min(max(_WANTED_SPREAD / spread, 1.0), _MOST_AMPLIFICATION)
    return (
        _map_levels(first, factor, 128.0 - factor * mean if factor > 1 else 0.0),
        _map_levels(
            second,
            factor / change.gain,
            (128.0 - factor * mean if factor > 1 else 0.0) - factor * change.offset / change.gain,
        ),
    )


def _map_levels(image: GreyImage, factor: float, offset: float) -> GreyImage:
    if abs(factor - 1) < 0.01 and abs(offset) < 0.5:
        return image
    levels = np.clip(np.rint(np.arange(256) * factor + offset), 0, 255).astype(np.uint8)
    mapped: GreyImage = np.asarray(cv2.LUT(image, levels), dtype=np.uint8)
    return mapped
