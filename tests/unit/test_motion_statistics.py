"""A pair's features, from two rendered pictures between which the motion is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.contracts.features import PAIR_DTYPE
from flowtag.motion.statistics import PairTime, unknown_pair
from tests.rendering import Look, Picture, Subject, steady
from tests.unit.flow_fields import (
    DIAGONAL_PX,
    HEIGHT,
    SECONDS,
    WIDTH,
    features_between,
    features_of,
    two_pictures,
)

RATE_TOLERANCE = 0.02
ROLL_TOLERANCE = 1.5


@pytest.mark.parametrize(
    ("axis", "rate"),
    [
        ("pan", 0.3),
        ("pan", -0.3),
        ("pan", 0.04),
        ("tilt", 0.3),
        ("tilt", -0.3),
        ("zoom", 0.25),
        ("zoom", -0.25),
        ("roll", 15.0),
        ("roll", -15.0),
    ],
)
def test_each_rate_has_its_size_and_sign(axis: str, rate: float) -> None:
    row = features_of(steady(2, picture="coffee", **{axis: rate}))  # type: ignore[arg-type]
    expected = {"pan": 0.0, "tilt": 0.0, "zoom": 0.0, "roll": 0.0, axis: rate}
    for name in ("pan", "tilt", "zoom"):
        assert row[name] == pytest.approx(expected[name], abs=RATE_TOLERANCE, rel=0.05)
    assert row["roll"] == pytest.approx(expected["roll"], abs=ROLL_TOLERANCE, rel=0.05)
    assert row["camera_confidence"] > 0.5


def test_rates_are_per_second_whatever_the_interval() -> None:
    first, second = two_pictures(steady(2, picture="coffee", pan=0.3))
    row = features_between(first, second, seconds=SECONDS / 2)
    assert row["pan"] == pytest.approx(0.6, abs=2 * RATE_TOLERANCE)


def test_a_pan_moves_the_whole_picture_to_the_left() -> None:
    row = features_of(steady(2, picture="gravel", pan=0.3))
    assert row["speed"] == pytest.approx(0.3 * WIDTH / DIAGONAL_PX, rel=0.05)
    assert row["speed_spread"] < 0.1 * row["speed"]
    assert row["moving_area"] > 0.95
    assert row["velocity_x"] == pytest.approx(-0.3 * WIDTH / DIAGONAL_PX, rel=0.05)
    assert np.argmax(row["directions"]) == 4
    assert row["subject_area"] < 0.02


def test_content_that_goes_up_has_the_direction_of_ninety_degrees() -> None:
    row = features_of(steady(2, picture="gravel", tilt=-0.3))
    assert np.argmax(row["directions"]) == 2
    assert row["velocity_y"] == pytest.approx(-0.3 * HEIGHT / DIAGONAL_PX, rel=0.05)


def test_a_picture_at_rest_has_no_motion() -> None:
    row = features_of(steady(2, picture="coffee"))
    for name in ("pan", "tilt", "zoom", "roll", "speed", "moving_area", "subject_area"):
        assert row[name] == 0
    assert not row["directions"].any()


@pytest.mark.parametrize("pan", [0.0, 0.15])
def test_a_subject_has_its_area_place_and_speed(pan: float) -> None:
    subject = Subject("coins", 0.15, (0.4, 0.0), attached="world", start=(0.3, 0.6))
    row = features_of(steady(2, picture="coffee", pan=pan, subjects=(subject,)))
    seen_at = 0.3 + 0.4 * 0.5 - pan * 0.5
    assert row["pan"] == pytest.approx(pan, abs=RATE_TOLERANCE)
    assert 0.075 < row["subject_area"] < 0.3
    assert row["subject_x"] == pytest.approx(seen_at, abs=0.06)
    assert row["subject_y"] == pytest.approx(0.6, abs=0.08)
    assert row["subject_speed"] == pytest.approx(0.4 * WIDTH / DIAGONAL_PX, rel=0.15)


@pytest.mark.parametrize("area", [0.06, 0.12, 0.3])
@pytest.mark.parametrize("picture", ["coffee", "gravel"])
def test_a_subject_is_as_fast_as_its_inside_not_as_its_edge(picture: Picture, area: float) -> None:
    subject = Subject("coins", area, (0.25, 0.1), start=(0.4, 0.4))
    row = features_of(steady(2, picture=picture, subjects=(subject,)))
    assert row["subject_speed"] == pytest.approx(np.hypot(0.25, 0.1) * WIDTH / DIAGONAL_PX, rel=0.1)


def test_a_subject_counts_as_motion_where_the_camera_rests() -> None:
    subject = Subject("coins", 0.2, (-0.4, 0.0))
    row = features_of(steady(2, picture="gravel", subjects=(subject,)))
    assert 0.1 < row["moving_area"] < 0.4
    assert np.argmax(row["directions"]) == 4


@pytest.mark.parametrize("look", [Look(logo=True), Look(ticker=True)], ids=["logo", "ticker"])
def test_what_is_burnt_in_is_neither_subject_nor_holds_the_camera(look: Look) -> None:
    row = features_of(steady(2, picture="gravel", pan=0.25), look)
    assert row["pan"] == pytest.approx(0.25, abs=RATE_TOLERANCE)
    assert row["subject_area"] < 0.02


def test_a_ticker_does_not_move_a_picture_at_rest() -> None:
    row = features_of(steady(2, picture="gravel"), Look(ticker=True))
    assert row["pan"] == pytest.approx(0, abs=0.01)
    assert row["subject_area"] < 0.02
    assert row["speed"] < 0.012


@pytest.mark.parametrize("look", [Look(letterbox=0.13), Look(pillarbox=0.15)])
def test_bars_count_in_no_coverage_and_no_rate(look: Look) -> None:
    row = features_of(steady(2, picture="gravel", pan=0.25), look)
    open_row = features_of(steady(2, picture="gravel", pan=0.25))
    assert row["pan"] == pytest.approx(0.25, abs=RATE_TOLERANCE)
    assert row["coverage"] > 0.8 * open_row["coverage"]
    assert row["moving_area"] > 0.95


@pytest.mark.parametrize("picture", ["gravel", "coins", "rocket", "chelsea"])
def test_what_a_bar_hides_or_shows_is_no_subject(picture: Picture) -> None:
    boxed = features_of(steady(2, picture=picture, tilt=-0.2, zoom=0.15), Look(letterbox=0.13))
    between = features_of(steady(2, picture=picture, pan=0.3), Look(pillarbox=0.15))

    assert boxed["subject_area"] == 0
    assert between["subject_area"] == 0


def test_a_subject_below_a_bar_is_found_all_the_same() -> None:
    across = Subject(picture="coffee", area=0.08, start=(0.4, 0.3), velocity=(0.3, 0.0))

    row = features_of(
        steady(2, picture="gravel", tilt=-0.2, subjects=(across,)), Look(letterbox=0.13)
    )

    # Of the picture between the bars it is a larger share than of the frame.
    assert row["subject_area"] == pytest.approx(0.08 / (1 - 2 * 0.13), rel=0.5)


def test_a_change_of_light_is_said_and_is_no_motion() -> None:
    first, _ = two_pictures(steady(2, picture="coffee"))
    row = features_between(first, np.rint(first * 0.8 + 10).astype(np.uint8))
    assert row["gain"] == pytest.approx(0.8, abs=0.02)
    assert row["offset"] == pytest.approx(10, abs=2)
    assert row["speed"] < 0.012


def test_of_an_empty_picture_the_camera_is_unknown() -> None:
    plain = np.full((HEIGHT, WIDTH), 120, np.uint8)
    row = features_between(plain, plain)
    assert row["texture"] == 0
    assert np.isnan(row["pan"]) or row["pan"] == 0
    assert row["subject_area"] == 0 or np.isnan(row["subject_area"])


def test_sharp_pictures_have_texture_and_blurred_walls_have_little() -> None:
    sharp = features_of(steady(2, picture="gravel"))
    wall = features_of(steady(2, picture=Picture("coffee", blur_px=40)))
    assert sharp["texture"] > 0.9
    assert wall["texture"] < 0.5 * sharp["texture"]


def test_of_an_unknown_pair_only_the_time_is_known() -> None:
    row = unknown_pair(PairTime(10, 14, 0.16))[0]
    assert (row["pts"], row["second_pts"]) == (10, 14)
    unknown = [name for name in PAIR_DTYPE.names or () if np.any(row[name] != 0)]
    assert {"pan", "tilt", "zoom", "roll", "speed", "subject_area"} <= set(unknown)
    assert all(np.isnan(row[name]) for name in ("pan", "speed", "camera_confidence", "gain"))
    assert (row["coverage"], row["confidence"]) == (0, 0)


@pytest.mark.parametrize(
    "move", [{"pan": 0.2}, {"pan": 0.05}, {"tilt": 0.2}, {"zoom": 0.2}], ids=str
)
def test_neither_a_logo_nor_a_timecode_is_a_subject(move: dict[str, float]) -> None:
    row = features_of(steady(2, picture="gravel", **move), Look(logo=True, timecode=True))  # type: ignore[arg-type]
    assert row["subject_area"] < 0.012
