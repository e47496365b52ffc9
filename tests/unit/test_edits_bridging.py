"""What stands between decoded frames where others were skipped."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from flowtag.edits.bridging import Bridges
from flowtag.edits.edit import FrameEvidence

NAN = float("nan")
NONE = np.zeros(5, dtype=np.bool_)


def evidence(luma: list[float], match: list[float]) -> FrameEvidence:
    count = len(luma)
    return FrameEvidence(
        pts=np.arange(count, dtype=np.int64),
        match=np.array(match, np.float16),
        shift=np.array([0.06 if value == value else NAN for value in match], np.float16),
        luma=np.array(luma, np.float16),
        contrast=np.array(luma, np.float16),
        detail=np.array(luma, np.float16),
        still=np.zeros(count, np.bool_),
        seconds_per_tick=Fraction(1, 25),
    )


def bridged(skipped: list[int], frames: FrameEvidence) -> FrameEvidence:
    mask = np.array(skipped, dtype=np.bool_)
    bridges = Bridges.over(mask, np.zeros_like(mask), frames.pts)
    assert bridges is not None
    bridges.fill(frames, doubtful_match=0.4)
    return frames


def test_measures_run_straight_from_frame_to_frame() -> None:
    frames = bridged([0, 1, 1, 0, 1], evidence([30, NAN, NAN, 60, NAN], [0.9, NAN, NAN, 0.8, NAN]))
    assert frames.luma.tolist() == [30, 40, 50, 60, 60]


def test_a_step_is_spread_over_the_frames_that_it_passes() -> None:
    frames = bridged([0, 1, 1, 0, 0], evidence([30, NAN, NAN, 60, 60], [0.9, NAN, NAN, 0.8, 0.7]))
    assert frames.shift.tolist() == pytest.approx([0.02, 0.02, 0.02, 0.06, 0.06], abs=1e-4)
    assert frames.match.tolist() == pytest.approx([0.9, 0.9, 0.9, 0.8, 0.7], abs=1e-3)


def test_what_no_motion_explains_is_told_of_at_a_frame_that_was_seen() -> None:
    frames = bridged([0, 1, 1, 0, 0], evidence([30, NAN, NAN, 60, 60], [0.1, NAN, NAN, 0.8, 0.7]))
    assert frames.match.tolist() == pytest.approx([1, 1, 0.1, 0.8, 0.7], abs=1e-3)


def test_frames_before_the_first_that_was_seen_count_as_that_one() -> None:
    frames = bridged([1, 1, 0, 0, 0], evidence([NAN, NAN, 50, 60, 60], [NAN, NAN, 0.8, 0.8, NAN]))
    assert frames.luma.tolist() == [50, 50, 50, 60, 60]
    assert frames.match.tolist()[:2] == [1, 1]


def test_tiny_pictures_of_skipped_frames_are_mixtures() -> None:
    def pictures(first: int, last: int) -> npt.NDArray[np.float32]:
        levels = np.array([0, 255, 255, 90, 0], np.float32)[first:last]
        return np.broadcast_to(levels[:, None, None], (len(levels), 18, 32)).copy()

    skipped = np.array([0, 1, 1, 0, 0], dtype=np.bool_)
    bridges = Bridges.over(skipped, NONE, np.arange(5, dtype=np.int64))
    assert bridges is not None
    seen = bridges.signatures(pictures)
    assert seen(0, 5)[:, 0, 0].tolist() == pytest.approx([0, 30, 60, 90, 0])
    assert seen(2, 3)[:, 0, 0].tolist() == pytest.approx([60])


def test_there_are_no_bridges_where_nothing_was_skipped_or_nothing_seen() -> None:
    pts = np.arange(5, dtype=np.int64)
    assert Bridges.over(NONE, NONE, pts) is None
    assert Bridges.over(~NONE, NONE, pts) is None
