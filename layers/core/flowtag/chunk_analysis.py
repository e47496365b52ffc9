"""One chunk: decode, measure each frame, compare neighbours, estimate flow over pairs.

Nothing is remembered from pair to pair: every number follows from the frames it is about. Which
frames form pairs follows from their timestamps alone, so chunk borders cannot show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from flowtag.contracts.chunkfile import (
    ChunkMeta,
    ChunkResult,
    DecodeSummary,
    TimelineJump,
    write_chunk,
)
from flowtag.contracts.features import (
    FRAME_DTYPE,
    FRAME_SKIPPED,
    GRID_SHAPE,
    PAIR_DTYPE,
    SIGNATURE_SHAPE,
    FrameTable,
)
from flowtag.contracts.messages import ChunkTask
from flowtag.flow.estimating import FlowEstimator, estimator_for
from flowtag.flow.field import GreyImage
from flowtag.frame_measuring import FrameMeasurer, MeasuredFrame
from flowtag.models.flow_model import ModelSource
from flowtag.models.registry import BUILT_IN_MODELS
from flowtag.motion.evidence import StepComparer
from flowtag.motion.statistics import PairTime
from flowtag.pair_analysis import PairAnalyzer, SeenFrame
from flowtag.pair_clock import PairClock
from flowtag.pair_evidence import EvidenceKeeper
from flowtag.pair_refining import PairRefiner, refiner_of
from flowtag.video.decoding import DecodedFrame, FrameDecoder
from flowtag.video.frame_account import DecodeReport
from flowtag.video.media import Media
from flowtag.video.skipping import can_skip
from flowtag.video.windows import WindowDecoder, WindowFrame
from flowtag.window_judging import RememberingComparer, WindowEvidence

_PROGRESS_EVERY_FRAMES = 25
_MEASURED = tuple(name for name in FRAME_DTYPE.names or () if FRAME_DTYPE[name].kind == "f")
_NOTHING_SEEN = np.zeros(SIGNATURE_SHAPE, dtype=np.uint8)


@dataclass(slots=True)
class _Collected:
    """The rows of a chunk while it grows."""

    frames: list[FrameTable] = field(default_factory=list)
    signatures: list[GreyImage] = field(default_factory=list)
    stills: dict[int, bytes] = field(default_factory=dict)


class ChunkAnalyzer:
    """Analyses the frames of one chunk as they come."""

    def __init__(
        self,
        task: ChunkTask,
        clock: PairClock,
        estimator: FlowEstimator,
        comparer: StepComparer,
        refiner: PairRefiner | None = None,
    ) -> None:
        self._task = task
        self._timeline = task.probe.timeline()
        self._clock = clock
        self._pairs = PairAnalyzer(estimator, clock, EvidenceKeeper(task), refiner)
        self._comparer = comparer
        self._rows = _Collected()
        self._anchor: MeasuredFrame | None = None
        self._between: list[MeasuredFrame] = []
        self._last: MeasuredFrame | None = None
        # Since the last one that was decoded.
        self._skipped: list[MeasuredFrame] = []

    @property
    def frames_done(self) -> int:
        """Frames of this chunk finished so far."""
        return len(self._rows.frames)

    def run(self, frames: Iterator[MeasuredFrame], on_progress: Callable[[int], None]) -> None:
        """Takes frames until every frame and pair of the chunk is finished."""
        for frame in frames:
            if self._is_finished():
                return
            self._take(frame)
            # What lies behind is decided by the whole of its window, of which nothing is wanted.
            if frame.ends_cell and self._is_finished():
                return
            if self.frames_done % _PROGRESS_EVERY_FRAMES == 0:
                on_progress(self.frames_done)
        self._finish()

    def result(self, meta: ChunkMeta) -> ChunkResult:
        """All that was found, ready to be written."""
        rows, pairs = self._rows, self._pairs.finish()
        return ChunkResult(
            meta=meta,
            frames=np.concatenate([*rows.frames, np.empty(0, FRAME_DTYPE)]),
            pairs=np.concatenate([*pairs.pairs, np.empty(0, PAIR_DTYPE)]),
            signatures=np.array(rows.signatures, dtype=np.uint8).reshape(-1, *SIGNATURE_SHAPE),
            stills=rows.stills,
            grid_pts=np.array(pairs.grid_pts, dtype=np.int64),
            grids=np.array(pairs.grids, dtype=np.int8).reshape(-1, *GRID_SHAPE, 3),
            grid_scales=np.array(pairs.grid_scales, dtype=np.float32),
            evidence=pairs.evidence,
        )

    def _is_finished(self) -> bool:
        return self._last is not None and not self._is_own(self._last) and self._anchor is None

    def _is_own(self, frame: MeasuredFrame) -> bool:
        end = self._task.range.end_pts
        return end is None or frame.pts < end

    def _take(self, frame: MeasuredFrame) -> None:
        if frame.was_skipped:
            self._skipped.append(frame)
            return
        last = self._last
        if last is not None:
            self._step(last, frame)
        elif self._task.index == 0 and self._is_own(frame):
            self._keep_still(frame)
        self._write_skipped()
        self._last = frame
        if frame.ends_cell:
            self._close_pair(frame)

    def _step(self, last: MeasuredFrame, frame: MeasuredFrame) -> None:
        if self._is_own(last):
            self._write_frame(last, frame)
            if self._clock.crosses_second(last.pts, frame.pts):
                self._keep_still(frame)
        if self._clock.is_anchor(last.pts, frame.pts):
            self._close_pair(last)
        elif self._anchor is not None:
            self._between.append(last)

    def _close_pair(self, anchor: MeasuredFrame) -> None:
        if self._anchor is not None:
            self._add_pair(self._anchor, anchor)
        self._between = []
        self._anchor = anchor if self._is_own(anchor) else None

    def _finish(self) -> None:
        """The file has ended: its last frame is an anchor and has no step after it."""
        if self._last is not None and self._is_own(self._last):
            self._write_frame(self._last, None)
        self._write_skipped()
        if self._last is None:
            return
        if self._anchor is not None:
            self._add_pair(self._anchor, self._last)
            self._anchor = None

    def _keep_still(self, frame: MeasuredFrame) -> None:
        if frame.still is not None:
            self._rows.stills[frame.pts] = frame.still

    def _write_skipped(self) -> None:
        for frame in self._skipped:
            if self._is_own(frame):
                self._write_frame(frame, None)
        self._skipped = []

    def _write_frame(self, frame: MeasuredFrame, after: MeasuredFrame | None) -> None:
        row = np.zeros(1, dtype=FRAME_DTYPE)
        for name in _MEASURED:
            row[name] = np.nan
        row["pts"], row["duration_pts"], row["flags"] = frame.pts, frame.duration_pts, frame.flags
        measures = frame.measures
        if measures is not None:
            row["luma"], row["contrast"] = measures.luma, measures.contrast
            row["detail"] = measures.detail
        if measures is not None and after is not None and after.measures is not None:
            step = self._comparer.compare(measures, after.measures)
            row["difference"] = step.difference
            row["temporal_information"] = step.temporal_information
            row["match"], row["shift"] = step.match, step.shift
        self._rows.frames.append(row)
        self._rows.signatures.append(_NOTHING_SEEN if measures is None else measures.signature)

    def _add_pair(self, first: MeasuredFrame, second: MeasuredFrame) -> None:
        if first.pts == second.pts:
            return
        seconds = float((second.pts - first.pts) * self._timeline.time_base)
        time = PairTime(first.pts, second.pts, seconds)
        self._pairs.add(_seen(first), _seen(second), time, [_seen(one) for one in self._between])


def _seen(frame: MeasuredFrame) -> SeenFrame | None:
    measures = frame.measures
    return None if measures is None else SeenFrame(measures.image, measures.luma)


def analyze_chunk(
    task: ChunkTask,
    media: Media,
    on_progress: Callable[[int], None] | None = None,
    models: ModelSource = BUILT_IN_MODELS,
) -> bytes:
    """Analyses one chunk; returns the bytes of its ``.npz``.

    Args:
        task: what to analyse.
        media: the video.
        on_progress: called now and then with the number of frames done so far.
        models: whence the model comes that the task names.

    Raises:
        InputError: the file cannot be read as video, or is refused.
        ModelError: there is no such model, or it is not what it should be.
    """
    clock = PairClock(task.probe.timeline(), task.settings.flow)
    measurer = FrameMeasurer(task, clock)
    estimator, refiner = estimator_for(task.settings, models), refiner_of(task, models)
    progress = on_progress or (lambda frames: None)
    if task.settings.decoding.skip_unreferenced and can_skip(task.probe, task.sequential):
        comparer = RememberingComparer()
        evidence = WindowEvidence(task, clock, measurer, comparer)
        analyzer = ChunkAnalyzer(task, clock, estimator, comparer, refiner)
        with WindowDecoder(media, task.probe, task.range, evidence) as windows:
            analyzer.run(map(_of_window, windows), progress)
            decode = _summary(windows.report)
    else:
        analyzer = ChunkAnalyzer(task, clock, estimator, StepComparer(), refiner)
        with FrameDecoder(media, task.probe, task.range, task.sequential) as decoder:
            analyzer.run(_measured(decoder, measurer), progress)
            decode = _summary(decoder.report)
    width, height = measurer.size
    meta = ChunkMeta(
        task_digest=task.digest(),
        index=task.index,
        working_width_px=width,
        working_height_px=height,
        decode=decode,
        engine=estimator.engine if refiner is None else refiner.engine,
    )
    return write_chunk(analyzer.result(meta))


def _measured(decoder: Iterable[DecodedFrame], measurer: FrameMeasurer) -> Iterator[MeasuredFrame]:
    previous: int | None = None
    for frame in decoder:
        yield measurer.measure(frame, previous)
        previous = frame.pts


def _of_window(frame: WindowFrame[MeasuredFrame]) -> MeasuredFrame:
    if frame.kept is None:
        return MeasuredFrame(frame.pts, frame.duration_pts, None, FRAME_SKIPPED)
    return replace(frame.kept, ends_cell=frame.ends_cell) if frame.ends_cell else frame.kept


def _summary(report: DecodeReport) -> DecodeSummary:
    return DecodeSummary(
        packet_errors=report.errors.packets,
        size_changes=report.size_changes,
        missing_pts=report.missing_pts,
        truncated=report.truncated,
        last_error=report.errors.last,
        first_position=report.first_position,
        next_position=report.next_position,
        jumps=tuple(
            TimelineJump(from_pts=gap.from_pts, to_pts=gap.to_pts, reason=gap.reason)
            for gap in report.jumps
        ),
    )
