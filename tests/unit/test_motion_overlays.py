"""What lies on the picture: logos and tickers, and subjects that must not be taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.flow.field import FlowField
from flowtag.motion.overlays import running_strip, still_overlay
from tests.unit.flow_fields import EVERYWHERE, ROWS, Mask, box, make_field, moved_by, with_part

PAN = -4 + 0j
LOGO = box(0.82, 0.1, 0.94, 0.28)
TICKER = box(0, 0.88, 1, 1)


def overlay_of(field: FlowField) -> Mask:
    return still_overlay(field, moved_by(PAN).vectors, EVERYWHERE)


def test_a_logo_over_a_moving_picture_is_found() -> None:
    found = overlay_of(with_part(moved_by(PAN), LOGO, 0j))
    assert found[LOGO].all()
    assert found.mean() < 4 * LOGO.mean()


def test_nothing_is_on_a_picture_that_moves_as_a_whole() -> None:
    assert not overlay_of(moved_by(PAN)).any()


def test_a_logo_cannot_be_told_where_the_camera_rests() -> None:
    field = moved_by(0j)
    assert not still_overlay(field, field.vectors, EVERYWHERE).any()


def test_a_subject_that_the_camera_follows_in_the_middle_is_no_overlay() -> None:
    subject = box(0.3, 0.3, 0.7, 0.7)
    assert not overlay_of(with_part(moved_by(PAN), subject, 0j))[subject].any()


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


def test_what_rises_along_the_edge_is_no_ticker() -> None:
    assert not running_strip(with_part(moved_by(0j), TICKER, -4j), EVERYWHERE).any()


def test_where_nothing_is_trusted_there_is_no_ticker() -> None:
    doubtful = np.full(EVERYWHERE.shape, 0.1, np.float32)
    motion = np.where(TICKER, -5 + 0j, 0j)
    assert not running_strip(make_field(motion, doubtful), EVERYWHERE).any()
