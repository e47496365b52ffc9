"""Cuts, and what looks like one: flashes, strobe light, whip pans."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.edits.cuts import CutSearch, find_cuts
from flowtag.edits.edit import correlation
from flowtag.thresholds import Thresholds
from tests.rendering import CameraMove, Edit, Flash, Look, Part, Picture, Shot, Subject, steady
from tests.unit.edit_evidence import clip_of, evidence_of

LIMITS = Thresholds()
CUT = Edit("cut")


def search(*shots: Shot, look: Look | None = None) -> CutSearch:
    """Looks for the cuts in shots that are cut together."""
    clip = clip_of(*shots, edits=[CUT] * (len(shots) - 1), look=look)
    seen = evidence_of(clip)
    return find_cuts(seen.frames, seen.signatures, LIMITS)


def cuts_in(*shots: Shot, look: Look | None = None) -> list[int]:
    """The first frames of the shots after cuts."""
    return [cut.start for cut in search(*shots, look=look).cuts]


@pytest.mark.parametrize("pan", [0.0, 0.3, -0.8])
def test_a_cut_is_found_at_the_first_frame_of_the_new_shot(pan: float) -> None:
    shots = [steady(0.8, picture=name, pan=pan) for name in ("coffee", "motorcycle", "rocket")]
    assert cuts_in(*shots) == [20, 40]


def test_a_cut_between_two_similar_shots_is_one() -> None:
    mirrored = Picture("chelsea", mirrored=True)
    assert cuts_in(steady(0.8, picture="chelsea"), steady(0.8, picture=mirrored)) == [20]


def test_a_jump_cut_in_one_scene_is_one() -> None:
    before, after = Picture("astronaut"), Picture("astronaut", centre=(0.58, 0.5))
    shots = steady(0.8, picture=before), steady(0.8, picture=after)
    assert cuts_in(*shots, look=Look(noise=1.0)) == [20]


def test_two_cuts_a_few_frames_apart_are_both_found() -> None:
    shots = [
        steady(0.8, picture="coffee"),
        steady(0.4, picture="rocket"),
        steady(0.8, picture="motorcycle"),
    ]
    assert cuts_in(*shots) == [20, 30]


@pytest.mark.parametrize(
    "shot",
    [
        steady(1.6, picture="coffee"),
        steady(1.6, picture="coffee", pan=0.6),
        steady(1.6, picture="gravel", zoom=0.5),
        steady(1.6, picture="coffee", roll=40),
        steady(1.6, picture="coffee", subjects=(Subject(area=0.35, velocity=(0.6, 0.2)),)),
    ],
    ids=["rest", "pan", "zoom", "roll", "subject"],
)
def test_motion_is_no_cut(shot: Shot) -> None:
    assert cuts_in(shot) == []


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("pan", [0.0, 0.2])
def test_a_flash_is_no_cut(frames: int, pan: float) -> None:
    look = Look(flashes=(Flash(0.8, frames),))
    found = search(steady(2, picture="coffee", pan=pan), look=look)
    assert found.cuts == []


def test_a_strong_flash_is_noted_as_one() -> None:
    found = search(steady(2, picture="coffee"), look=Look(flashes=(Flash(0.8, 2, 0.95),)))
    assert found.flashes[0][0] == 20
    assert found.flashes[-1][1] <= 23


def test_strobe_light_is_no_cut() -> None:
    assert cuts_in(steady(2, picture="coffee", pan=0.1), look=Look(strobe_hz=5.0)) == []


def test_flicker_is_no_cut() -> None:
    assert cuts_in(steady(2, picture="coffee"), look=Look(flicker=0.25)) == []


@pytest.mark.parametrize("pan", [1.8, -2.6])
def test_a_whip_pan_is_no_cut(pan: float) -> None:
    rest = Part(0.6)
    whip = Shot(Picture("coffee"), (rest, Part(0.3, CameraMove(pan=pan)), rest), ease_seconds=0.1)
    assert cuts_in(whip, look=Look(motion_blur=True)) == []


def test_a_cut_beside_a_flash_is_still_found() -> None:
    look = Look(flashes=(Flash(0.4, 1),))
    shots = steady(1.2, picture="coffee"), steady(1.2, picture="rocket")
    assert cuts_in(*shots, look=look) == [30]


def test_one_frame_has_no_cuts() -> None:
    assert cuts_in(steady(0.04)) == []


def test_a_picture_correlates_with_itself_moved_and_relit() -> None:
    draw = np.random.default_rng(2)
    large = draw.uniform(0, 255, (24, 40)).astype(np.float32)
    one, two = large[3:21, 4:36], large[1:19, 6:38]
    assert correlation(one, 0.5 * two + 20, 3) == pytest.approx(1.0, abs=1e-4)
    assert correlation(one, two, 1) < 0.5
    assert correlation(one, 255 - one, 0) == pytest.approx(-1.0, abs=1e-4)


def test_a_picture_of_nothing_correlates_with_nothing() -> None:
    plain = np.full((18, 32), 80, np.float32)
    assert correlation(plain, plain, 2) == 0
