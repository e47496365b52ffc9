"""What stands in for frames that damage has spoiled."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from flowtag.assembly.spoiled import fill_in, stand_ins, with_stand_ins
from flowtag.edits.edit import FrameEvidence, Signatures
from flowtag.thresholds import Thresholds

NAN = float("nan")


def evidence(luma: list[float]) -> FrameEvidence:
    count = len(luma)
    return FrameEvidence(
        pts=np.arange(count, dtype=np.int64),
        match=np.full(count, 0.9, np.float16),
        shift=np.full(count, 0.01, np.float16),
        luma=np.array(luma, np.float16),
        contrast=np.array(luma, np.float16),
        detail=np.array(luma, np.float32),
        still=np.zeros(count, np.bool_),
        seconds_per_tick=Fraction(1, 25),
    )


def scenes(*seeds: int) -> Signatures:
    """Tiny pictures: the same for the same seed, another scene for another."""
    pictures = [
        np.random.default_rng(seed).uniform(0, 255, (18, 32)).astype(np.float32) for seed in seeds
    ]

    def between(first: int, last: int) -> npt.NDArray[np.float32]:
        return np.array(pictures[first:last], dtype=np.float32)

    return between


@pytest.mark.parametrize(
    ("spoiled", "expected"),
    [
        ([0, 1, 1, 0], [0, 0, 0, 3]),
        ([1, 1, 0, 1], [2, 2, 2, 2]),
        ([0, 0, 1], [0, 1, 1]),
    ],
)
def test_the_whole_frame_before_stands_in(spoiled: list[int], expected: list[int]) -> None:
    found = stand_ins(np.array(spoiled, dtype=np.bool_))
    assert found is not None
    assert found.tolist() == expected


@pytest.mark.parametrize("spoiled", [[False, False], [True, True], []])
def test_nothing_stands_in_where_all_or_none_are_whole(spoiled: list[bool]) -> None:
    assert stand_ins(np.array(spoiled, dtype=np.bool_)) is None


def test_measures_of_spoiled_frames_are_those_of_their_stand_ins() -> None:
    frames = evidence([50, NAN, NAN, 60])
    instead = np.array([0, 0, 0, 3], np.int32)
    fill_in(frames, scenes(1, 9, 9, 1), instead, Thresholds())
    assert frames.luma.tolist() == [50, 50, 50, 60]
    assert frames.detail.tolist() == [50, 50, 50, 60]


def test_a_scene_that_comes_back_was_not_cut() -> None:
    frames = evidence([50, NAN, NAN, 60])
    fill_in(frames, scenes(1, 9, 9, 1), np.array([0, 0, 0, 3], np.int32), Thresholds())
    assert frames.match[:3].tolist() == [1, 1, 1]


def test_another_scene_after_damage_was_cut_to() -> None:
    frames = evidence([50, NAN, NAN, 60, 61])
    fill_in(frames, scenes(1, 9, 9, 2, 2), np.array([0, 0, 0, 3, 4], np.int32), Thresholds())
    assert frames.match[:3].tolist() == [1, 1, 0]


def test_pictures_of_spoiled_frames_are_those_of_their_stand_ins() -> None:
    pictures = with_stand_ins(scenes(1, 2, 3, 4), np.array([0, 0, 0, 3], np.int32))
    whole = scenes(1, 1, 1, 4)
    assert np.array_equal(pictures(1, 4), whole(1, 4))
    assert pictures(4, 6).shape[0] == 0
