"""Dissolves: where they begin and end, and what looks like one."""

from __future__ import annotations

import pytest

from flowtag.edits.dissolves import find_dissolves
from flowtag.thresholds import Thresholds
from tests.rendering import CameraMove, Edit, Look, Part, Picture, Shot, Subject, steady
from tests.unit.edit_evidence import clip_of, evidence_of

LIMITS = Thresholds()


def dissolves_in(
    *shots: Shot, seconds: float = 0.0, look: Look | None = None
) -> list[tuple[int, int]]:
    """First and last frames of the dissolves in shots that dissolve into each other."""
    edits = [Edit("dissolve", seconds)] * (len(shots) - 1)
    seen = evidence_of(clip_of(*shots, edits=edits, look=look))
    found = find_dissolves(seen.frames, seen.signatures, seen.pairs, [], LIMITS)
    assert {edit.kind for edit in found} <= {"dissolve"}
    return [(edit.start, edit.end) for edit in found]


@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.2])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (steady(3, picture="coffee"), steady(3, picture="rocket")),
        (steady(3, picture="motorcycle", pan=0.04), steady(3, picture="astronaut", zoom=0.05)),
    ],
    ids=["rest", "slow"],
)
def test_a_dissolve_has_its_extent(seconds: float, old: Shot, new: Shot) -> None:
    found = dissolves_in(old, new, seconds=seconds)
    assert len(found) == 1
    start, end = round((3 - seconds) * 25), 75
    tolerance = max(0.2 * (end - start), 3)
    assert found[0] == pytest.approx((start, end), abs=tolerance)


def test_bars_do_not_hide_a_dissolve() -> None:
    shots = [steady(2.4, picture=name, pan=0.2) for name in ("coffee", "motorcycle")]
    found = dissolves_in(*shots, seconds=0.8, look=Look(letterbox=0.15, logo=True))
    assert len(found) == 1
    assert found[0] == pytest.approx((40, 60), abs=4)


def test_two_dissolves_are_both_found() -> None:
    shots = [steady(2.4, picture=name) for name in ("coffee", "motorcycle", "astronaut")]
    found = dissolves_in(*shots, seconds=0.8)
    middles = [(start + end) / 2 for start, end in found]
    assert middles == pytest.approx([50, 90], abs=3)


@pytest.mark.parametrize(
    "shot",
    [
        steady(3, picture="coffee"),
        steady(3, picture="gravel", pan=0.2),
        steady(3, picture="motorcycle", zoom=0.3),
        steady(3, picture="coffee", subjects=(Subject(area=0.3, velocity=(0.3, 0.1)),)),
    ],
    ids=["rest", "pan", "zoom", "subject"],
)
def test_motion_is_no_dissolve(shot: Shot) -> None:
    assert dissolves_in(shot) == []


def test_a_blur_that_comes_and_goes_with_the_pan_is_no_dissolve() -> None:
    parts = (Part(1.2), Part(0.8, CameraMove(pan=0.5)), Part(1.2))
    shot = Shot(Picture("coffee"), parts, ease_seconds=0.3)
    assert dissolves_in(shot, look=Look(motion_blur=True)) == []


def test_flicker_is_no_dissolve() -> None:
    assert dissolves_in(steady(3, picture="coffee"), look=Look(flicker=0.25)) == []


def test_a_few_frames_hold_no_dissolve() -> None:
    assert dissolves_in(steady(0.12)) == []
