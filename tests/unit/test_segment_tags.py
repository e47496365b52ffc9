"""What a segment says of its subject, from made-up pairs."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.assembly.segment_tags import tag_segment
from flowtag.contracts.metadata import Subject
from flowtag.thresholds import Thresholds
from tests.unit.pair_series import make_series, times

COUNT = len(times(4))
EARLY = np.arange(COUNT) < 2 * COUNT // 3
EARLY_SHARE = float(EARLY.mean())


def subject_of(
    *,
    areas: tuple[float, float],
    speeds: tuple[float, float],
    places_x: tuple[float, float] = (0.5, 0.5),
) -> Subject:
    """Of a segment whose subject has one area, speed and place early, and others later."""
    series = make_series(
        4,
        subject_area=np.where(EARLY, *areas),
        subject_speed=np.where(EARLY, *speeds),
        subject_x=np.where(EARLY, *places_x),
    )
    return tag_segment(series, Thresholds(), blank=False).subject


def test_a_subject_of_which_less_is_seen_while_it_is_fast_is_as_fast_as_it_is() -> None:
    subject = subject_of(areas=(0.12, 0.22), speeds=(0.4, 0.1))
    expected = EARLY_SHARE * 0.4 + (1 - EARLY_SHARE) * 0.1
    assert subject.speed == pytest.approx(expected, abs=1e-3)


def test_specks_say_little_about_where_a_subject_is_and_how_fast() -> None:
    subject = subject_of(areas=(0.3, 0.013), speeds=(0.2, 2.0), places_x=(0.5, 0.9))
    assert subject.speed is not None
    assert subject.speed < 0.3
    assert subject.centroid is not None
    assert subject.centroid[0] < 0.55


def test_where_nothing_moves_against_the_camera_there_is_no_subject() -> None:
    subject = subject_of(areas=(0.0, 0.005), speeds=(0.0, 0.3))
    assert (subject.level, subject.speed, subject.area) == ("static", 0.0, 0.0)
