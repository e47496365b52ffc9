"""Fades through, to and from black, and black shots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flowtag.edits.fades import fades_of, find_blank_runs
from flowtag.thresholds import Thresholds
from tests.rendering import Clip, Edit, steady
from tests.unit.edit_evidence import clip_of, evidence_in, evidence_of

LIMITS = Thresholds()
Spans = list[tuple[int, int]]


def fades_in(clip: Clip) -> tuple[list[tuple[str, int, int]], Spans]:
    """Kind and extent of the edits at black, and the frames of black shots."""
    seen = evidence_of(clip)
    edits, black = fades_of(find_blank_runs(seen.frames, LIMITS), seen.frames, LIMITS)
    return [(edit.kind, edit.start, edit.end) for edit in edits], black


def faded(seconds: float, black_seconds: float, pan: float = 0.0) -> Clip:
    shots = steady(2, picture="coffee", pan=pan), steady(2, picture="rocket", pan=pan)
    return clip_of(*shots, edits=[Edit("fade", seconds, black_seconds)])


@pytest.mark.parametrize("seconds", [0.8, 1.6])
@pytest.mark.parametrize("black_seconds", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("pan", [0.0, 0.05])
def test_out_and_in_through_a_short_black_is_one_fade(
    seconds: float, black_seconds: float, pan: float
) -> None:
    edits, black = fades_in(faded(seconds, black_seconds, pan))
    start, end = 50 - seconds / 2 * 25, 50 + (black_seconds + seconds / 2) * 25
    assert black == []
    assert [kind for kind, _, _ in edits] == ["fade"]
    assert edits[0][1:] == pytest.approx((start, end), abs=max(0.2 * (end - start), 3))


@pytest.mark.parametrize("black_seconds", [1.2, 2.0])
def test_a_black_of_a_second_or_more_is_a_shot_between_two_fades(black_seconds: float) -> None:
    edits, black = fades_in(faded(0.8, black_seconds))
    back = 50 + round(black_seconds * 25)
    assert [kind for kind, _, _ in edits] == ["fade", "fade"]
    assert edits[0][1:] == pytest.approx((40, 50), abs=2)
    assert edits[1][1:] == pytest.approx((back, back + 10), abs=2)
    assert black == [pytest.approx((50, back), abs=2)]


def test_a_black_shot_between_hard_cuts_is_one() -> None:
    _, black = fades_in(clip_of(*(steady(1, picture="coffee"),) * 2, edits=[Edit("fade", 0, 1.2)]))
    assert black == [(25, 55)]


def test_a_fade_at_either_end_of_the_clip_is_no_edit() -> None:
    clip = clip_of(steady(2, picture="coffee"))
    assert fades_in(replace(clip, opening_fade_seconds=0.8)) == ([], [])
    assert fades_in(replace(clip, closing_fade_seconds=0.8)) == ([], [])


def test_a_picture_that_only_darkens_does_not_fade() -> None:
    assert fades_in(clip_of(steady(2, picture="coffee", pan=0.2))) == ([], [])


def test_a_fade_through_white_is_one_too() -> None:
    draw = np.random.default_rng(8)
    old, new = draw.integers(20, 230, (2, 108, 192)).astype(np.float64)
    shares = np.concatenate(
        [np.ones(25), np.linspace(1, 0, 12), np.linspace(0, 1, 12), np.ones(25)]
    )
    pictures = [
        np.rint(share * (old if at < 37 else new) + (1 - share) * 255).astype(np.uint8)
        for at, share in enumerate(shares)
    ]
    seen = evidence_in(pictures)
    edits, black = fades_of(find_blank_runs(seen.frames, LIMITS), seen.frames, LIMITS)
    assert black == []
    assert [edit.kind for edit in edits] == ["fade"]
    assert (edits[0].start, edits[0].end) == pytest.approx((25, 49), abs=3)


def test_a_video_that_is_black_throughout_has_no_edit() -> None:
    seen = evidence_in([np.zeros((108, 192), np.uint8)] * 40)
    edits, _ = fades_of(find_blank_runs(seen.frames, LIMITS), seen.frames, LIMITS)
    assert edits == []
