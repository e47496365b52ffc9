"""Where a window that was decoded sparsely is decoded once more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import FrameEvidence
from flowtag.going_back import SparseWindow, stretches_to_decode
from flowtag.thresholds import Thresholds

FRAMES = 41
EVERY_SECOND = np.arange(FRAMES) % 2 == 1


def window(
    match: dict[int, float] | None = None,
    shift: dict[int, float] | None = None,
    luma: dict[int, float] | None = None,
    skipped: npt.NDArray[np.bool_] = EVERY_SECOND,
) -> SparseWindow:
    """A quiet window, of which every second frame was decoded, but for what is given by frame."""

    def column(usual: float, odd: dict[int, float] | None) -> npt.NDArray[np.float16]:
        values = np.full(FRAMES, usual, np.float16)
        for at, value in (odd or {}).items():
            values[at] = value
        values[skipped] = np.nan
        return values

    frames = FrameEvidence(
        pts=np.arange(FRAMES, dtype=np.int64),
        match=column(0.95, match),
        shift=column(0.002, shift),
        luma=column(100.0, luma),
        contrast=column(50.0, None),
        detail=column(20.0, None),
        still=np.zeros(FRAMES, np.bool_),
        seconds_per_tick=Fraction(1, 25),
    )

    def pictures(begin: int, end: int) -> npt.NDArray[np.float32]:
        return np.full((end - begin, 18, 32), 100, np.float32)

    return SparseWindow(frames, skipped, pictures)


def covers(spans: list[tuple[int, int]], frame: int) -> bool:
    return any(first <= frame <= last for first, last in spans)


def test_a_quiet_window_stays_as_it_is() -> None:
    assert stretches_to_decode(window(), Thresholds()) == []


def test_a_step_that_motion_does_not_explain_is_gone_back_to() -> None:
    spans = stretches_to_decode(window(match={20: 0.2}), Thresholds())
    assert covers(spans, 20)
    assert covers(spans, 22)
    assert not covers(spans, 2)


def test_where_every_step_explains_as_little_none_is_suspected() -> None:
    turmoil = dict.fromkeys(range(0, FRAMES, 2), 0.3)
    assert stretches_to_decode(window(match=turmoil), Thresholds()) == []


def test_between_neighbouring_frames_there_is_nothing_to_go_back_to() -> None:
    skipped = np.zeros(FRAMES, np.bool_)
    skipped[35] = True
    spans = stretches_to_decode(window(match={10: 0.1}, skipped=skipped), Thresholds())
    assert spans == []


def test_a_step_that_goes_far_alone_is_gone_back_to() -> None:
    assert covers(stretches_to_decode(window(shift={20: 0.05}), Thresholds()), 21)


def test_light_that_jumps_is_gone_back_to() -> None:
    assert covers(stretches_to_decode(window(luma={20: 200.0}), Thresholds()), 19)
