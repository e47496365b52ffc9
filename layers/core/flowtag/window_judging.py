"""What a sparsely decoded window shows: its steps, each worked out once.

What the judgement of a window needs of its frames is what their rows need, too, wherever they stay
as they are; so results are kept until the rows are written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from flowtag.contracts.features import SIGNATURE_SHAPE
from flowtag.contracts.messages import ChunkTask
from flowtag.edits.edit import FrameEvidence, Signatures
from flowtag.frame_measuring import FrameMeasurer, MeasuredFrame
from flowtag.going_back import SparseWindow, stretches_to_decode
from flowtag.motion.evidence import FrameMeasures, StepComparer, StepEvidence
from flowtag.pair_clock import PairClock
from flowtag.video.decoding import DecodedFrame
from flowtag.video.windows import Span, WindowFrame

Frames = Sequence[WindowFrame[MeasuredFrame]]


class RememberingComparer(StepComparer):
    """Compares neighbouring frames; a step that was compared ahead is not compared again."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead: dict[tuple[int, int], tuple[FrameMeasures, FrameMeasures, StepEvidence]] = {}

    def compare(self, first: FrameMeasures, second: FrameMeasures) -> StepEvidence:
        """The evidence of the step from ``first`` to ``second``."""
        known = self._ahead.pop((id(first), id(second)), None)
        return super().compare(first, second) if known is None else known[2]

    def compare_ahead(self, first: FrameMeasures, second: FrameMeasures) -> StepEvidence:
        """The same, kept until it is asked for."""
        step = super().compare(first, second)
        self._ahead[id(first), id(second)] = (first, second, step)
        return step

    def forget(self) -> None:
        """Drops what was kept."""
        self._ahead.clear()


class WindowEvidence:
    """Measures the frames of windows, and says which of them must be decoded wholly."""

    def __init__(
        self,
        task: ChunkTask,
        clock: PairClock,
        measurer: FrameMeasurer,
        comparer: RememberingComparer,
    ) -> None:
        """Takes what measures; the comparer is the one that rows are written with."""
        self._limits = task.settings.thresholds
        self._time_base = task.probe.time_base
        self._clock = clock
        self._measurer = measurer
        self._comparer = comparer

    def keep(self, frame: DecodedFrame, previous_pts: int | None) -> MeasuredFrame:
        """What is kept of a picture."""
        return self._measurer.measure(frame, previous_pts)

    def is_in_head(self, key_pts: int, pts: int) -> bool:
        """Whether a frame at or after a key frame is in the key frame's cell."""
        return pts == key_pts or not self._clock.is_anchor(key_pts, pts)

    def is_wanted(self, pts: int) -> bool:
        """Whether a frame begins or ends a pair: pairs are those of full decoding."""
        return self._clock.should_be_anchor(pts)

    def stretches(self, frames: Frames, closing: WindowFrame[MeasuredFrame] | None) -> list[Span]:
        """First and last pts of each stretch of a window that must be decoded wholly."""
        self._comparer.forget()
        all_frames = [*frames] if closing is None else [*frames, closing]
        measures = [None if one.kept is None else one.kept.measures for one in all_frames]
        skipped = np.array([one is None for one in measures])
        if skipped.all():
            return []
        window = SparseWindow(
            frames=self._evidence(all_frames, measures),
            skipped=skipped,
            signatures=_signatures_of(measures),
        )
        spans = stretches_to_decode(window, self._limits)
        last = len(frames) - 1
        return [
            (all_frames[first].pts, all_frames[min(end, last)].pts)
            for first, end in spans
            if first <= last
        ]

    def _evidence(self, frames: Frames, measures: Sequence[FrameMeasures | None]) -> FrameEvidence:
        count = len(frames)
        match, shift, luma, contrast, detail = np.full((5, count), np.nan, dtype=np.float16)
        still = np.zeros(count, dtype=np.bool_)
        previous: int | None = None
        for at, one in enumerate(measures):
            if one is None:
                continue
            luma[at], contrast[at], detail[at] = one.luma, one.contrast, one.detail
            before = None if previous is None else measures[previous]
            if before is not None and previous is not None:
                step = self._comparer.compare_ahead(before, one)
                match[previous], shift[previous] = step.match, step.shift
            previous = at
        pts = np.array([frame.pts for frame in frames], dtype=np.int64)
        return FrameEvidence(pts, match, shift, luma, contrast, detail, still, self._time_base)


def _signatures_of(measures: Sequence[FrameMeasures | None]) -> Signatures:
    def pictures(first: int, last: int) -> npt.NDArray[np.float32]:
        chosen = measures[first:last]
        empty = np.zeros(SIGNATURE_SHAPE, dtype=np.float32)
        return np.array(
            [empty if one is None else one.signature for one in chosen], dtype=np.float32
        ).reshape(-1, *SIGNATURE_SHAPE)

    return pictures
