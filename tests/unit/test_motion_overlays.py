"""What lies on the picture: logos and tickers, and subjects that must not be taken for one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from flowtag.flow.field import FlowField
from flowtag.motion.overlays import running_strip, still_overlay
from tests.unit.flow_fields import EVERYWHERE, ROWS, Mask, box, make_field, moved_by, with_part

PAN = -4 + 0j
LOGO = box(0.82, 0.1, 0.94, 0.28)
TICKER = box(0, 0.88, 1, 1)
NOWHERE = np.zeros_like(EVERYWHERE)


def overlay_of(field: FlowField, fixed: Mask = NOWHERE) -> Mask:
    return still_overlay(field, moved_by(PAN).vectors, EVERYWHERE, fixed)


def sagging(motion_px: complex) -> npt.NDArray[np.complex128]:
    """As flow between the letters of a slow ticker: each column another share of its motion."""
    shares = np.linspace(0.25, 1, EVERYWHERE.shape[1])
    return np.broadcast_to(motion_px * shares, EVERYWHERE.shape)


def test_a_logo_over_a_moving_picture_is_found() -> None:
    found = overlay_of(with_part(moved_by(PAN), LOGO, 0j))
    assert found[LOGO].all()
    assert found.mean() < 4 * LOGO.mean()


def test_nothing_is_on_a_picture_that_moves_as_a_whole() -> None:
    assert not overlay_of(moved_by(PAN)).any()


def test_a_logo_cannot_be_told_where_the_camera_rests() -> None:
    field = moved_by(0j)
    assert not still_overlay(field, field.vectors, EVERYWHERE, EVERYWHERE).any()


def test_a_subject_that_the_camera_follows_in_the_middle_is_no_overlay() -> None:
    subject = box(0.3, 0.3, 0.7, 0.7)
    assert not overlay_of(with_part(moved_by(PAN), subject, 0j))[subject].any()


def test_a_logo_whose_flow_is_dragged_along_is_found_by_the_pictures() -> None:
    dragged = with_part(moved_by(PAN), LOGO, 0.4 * PAN)
    assert not overlay_of(dragged).any()
    assert overlay_of(dragged, fixed=LOGO)[LOGO].all()


def test_a_logo_is_found_beside_something_large_that_is_fixed() -> None:
    large = box(0, 0, 0.3, 1)
    found = overlay_of(with_part(moved_by(PAN), LOGO, 0j), fixed=large)
    assert found[LOGO].all()
    assert not found[large].any()


def test_burnt_in_digits_that_reach_into_the_middle_are_found_whole() -> None:
    digits = box(0.35, 0.65, 0.65, 0.9)
    assert overlay_of(moved_by(PAN), fixed=digits)[digits].all()


def test_a_followed_subject_that_reaches_out_of_the_middle_is_no_overlay() -> None:
    subject = box(0.4, 0.45, 0.6, 0.85)
    assert not overlay_of(moved_by(PAN), fixed=subject).any()


def test_what_fills_much_of_the_picture_is_no_overlay() -> None:
    assert not overlay_of(with_part(moved_by(PAN), box(0, 0, 0.25, 1), 0j)).any()


@pytest.mark.parametrize("world", [0j, 2 + 1j])
@pytest.mark.parametrize("run_px", [-3.3, 5.0])
@pytest.mark.parametrize("strip", [TICKER, box(0, 0, 1, 0.12)], ids=["below", "above"])
def test_a_ticker_is_found(world: complex, run_px: float, strip: Mask) -> None:
    found = running_strip(with_part(moved_by(world), strip, complex(run_px)), EVERYWHERE)
    assert found[strip].all()
    assert not found[box(0, 0.3, 1, 0.7)].any()


def test_a_pan_is_no_ticker() -> None:
    assert not running_strip(moved_by(PAN), EVERYWHERE).any()


def test_somebody_who_walks_along_the_edge_is_no_ticker() -> None:
    walker = box(0.3, 0.8, 0.6, 1)
    assert not running_strip(with_part(moved_by(0j), walker, -5 + 0j), EVERYWHERE).any()


def test_ground_that_passes_by_is_no_ticker() -> None:
    depth = np.linspace(0, 1, ROWS)[:, None] ** 2
    field = make_field(np.broadcast_to(-12 * depth + 0j, EVERYWHERE.shape))
    assert not running_strip(field, EVERYWHERE).any()


@pytest.mark.parametrize("strip", [TICKER, box(0, 0, 1, 0.12)], ids=["below", "above"])
def test_a_slow_ticker_is_found_though_its_flow_sags_between_letters(strip: Mask) -> None:
    field = make_field(np.where(strip, sagging(-3 + 0j), 0j))
    found = running_strip(field, EVERYWHERE)
    assert found[strip].all()
    assert not found[box(0, 0.3, 1, 0.7)].any()


def test_a_subject_that_fills_the_lower_half_is_no_ticker() -> None:
    field = make_field(np.where(box(0, 0.5, 1, 1), sagging(-3 + 0j), 0j))
    assert not running_strip(field, EVERYWHERE).any()


def test_a_crowd_that_passes_along_the_edge_is_no_ticker() -> None:
    crowd = sagging(-3 + 0j).copy()
    crowd[:, ::5] = 0
    field = make_field(np.where(TICKER, crowd, 0j))
    assert not running_strip(field, EVERYWHERE).any()


def test_the_foremost_of_a_crowd_is_no_ticker() -> None:
    crowd = sagging(-6 + 0j).copy()
    crowd[:, ::5] = 0
    foremost = np.where(box(0, 0.92, 1, 1), sagging(-6 + 0j), crowd)
    field = make_field(np.where(box(0, 0.6, 1, 1), foremost, 0j))
    assert not running_strip(field, EVERYWHERE).any()


def test_what_rises_along_the_edge_is_no_ticker() -> None:
    assert not running_strip(with_part(moved_by(0j), TICKER, -4j), EVERYWHERE).any()


def test_where_nothing_is_trusted_there_is_no_ticker() -> None:
    doubtful = np.full(EVERYWHERE.shape, 0.1, np.float32)
    motion = np.where(TICKER, -5 + 0j, 0j)
    assert not running_strip(make_field(motion, doubtful), EVERYWHERE).any()
