"""What became of the frames: counts, gaps, and whether the run is complete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowtag.assembly.gates import refining_of
from flowtag.assembly.stitching import StitchedRun
from flowtag.contracts.messages import Plan
from flowtag.contracts.metadata import Analysis, Estimator, FrameCounts, Gap, Instant, Refining
from flowtag.timing import Timeline

_HOLE_INTERVALS = 1.6
_GAP_SECONDS = 0.5
_MISSING_TAIL_FRAMES = 2
_LOST = "lost: the clock was reset, and frames whose times were over were left out"


@dataclass(frozen=True, slots=True)
class _Hole:
    start_pts: int
    end_pts: int
    reason: str
    undecoded: bool
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The frames' account.

    Attributes:
        counts: expected, decoded, skipped, dropped, repeated.
        holes: spans that could not be analysed, or that the timeline leaves out.
        refining: what a model was asked about; None where none refines.
        partial: something that is in the file could not be decoded.
        warnings: for people.
    """

    counts: FrameCounts
    holes: tuple[_Hole, ...]
    refining: Refining | None
    partial: bool
    warnings: tuple[str, ...]

    @property
    def missing_spans(self) -> list[tuple[int, int]]:
        """Spans ``[start, end)`` in pts that could not be decoded."""
        return [(hole.start_pts, hole.end_pts) for hole in self.holes if hole.undecoded]

    def analysis(self, plan: Plan) -> Analysis:
        """The ``analysis`` part of ``motion.json``."""
        timeline = plan.probe.timeline()
        return Analysis(
            status="partial" if self.partial else "complete",
            reason=None,
            estimator=Estimator(
                name=plan.settings.flow.estimator, sha256=plan.settings.model_sha256
            ),
            refining=self.refining,
            settings=plan.settings.model_dump(mode="json"),
            settings_digest=plan.settings_digest,
            flowtag_version=plan.flowtag_version,
            algorithm_version=plan.algorithm_version,
            frames=self.counts,
            gaps=[
                Gap(
                    start=instant(timeline, hole.start_pts),
                    end=instant(timeline, hole.end_pts),
                    reason=hole.reason,
                )
                for hole in self.holes
            ],
            warnings=list(self.warnings),
        )


def account_for(run: StitchedRun, plan: Plan) -> Account:
    """Counts frames, and finds what is missing in a stitched run."""
    holes = [*_missing_chunks(run), *_jumps(run)]
    if plan.index_source == "none":
        holes += [*_lost_inside(run), *_lost_between(run, plan)]
    tail = _missing_tail(run, plan)
    if tail is not None:
        holes.append(tail)
    damaged = bool(run.corrupt.any()) or any(decode.packet_errors for decode in run.decode)
    dropped = _dropped_inside(run, plan)
    if tail is not None:
        dropped += _frames_between(plan, tail.start_pts, tail.end_pts)
    whole = plan.settings.range_seconds is None
    skipped = np.zeros_like(run.corrupt) if run.skipped is None else run.skipped
    counts = FrameCounts(
        expected=plan.probe.frames_expected if whole else None,
        decoded=int(np.count_nonzero(~skipped)),
        skipped=int(np.count_nonzero(skipped)),
        dropped=dropped,
        repeated=int(np.count_nonzero(run.frames.still & ~skipped)),
    )
    partial = any(hole.undecoded or hole.lost for hole in holes) or damaged
    holes.sort(key=lambda hole: (hole.start_pts, hole.end_pts))
    refining = refining_of(run.pairs["gate"], plan.settings.refine)
    return Account(counts, tuple(holes), refining, partial, _warnings(run, plan))


def instant(timeline: Timeline, pts: int) -> Instant:
    """A point of time in all the ways that ``motion.json`` gives it."""
    return Instant(
        pts=pts,
        seconds=round(float(timeline.seconds(pts)), 6),
        frame=timeline.frame(pts),
        timecode=timeline.timecode(pts),
    )


def _frames_between(plan: Plan, start_pts: int, end_pts: int) -> int:
    return round((end_pts - start_pts) * plan.probe.time_base * plan.probe.frame_rate)


def _missing_chunks(run: StitchedRun) -> list[_Hole]:
    return [_Hole(chunk.start_pts, chunk.end_pts, chunk.reason, True) for chunk in run.missing]


def _jumps(run: StitchedRun) -> list[_Hole]:
    return [
        _Hole(jump.from_pts, jump.to_pts, jump.reason, False)
        for decode in run.decode
        for jump in decode.jumps
        if jump.reason != "lost"
    ]


def _lost_inside(run: StitchedRun) -> list[_Hole]:
    return [
        _Hole(jump.from_pts, jump.to_pts, _LOST, False, lost=True)
        for decode in run.decode
        for jump in decode.jumps
        if jump.reason == "lost"
    ]


def _lost_between(run: StitchedRun, plan: Plan) -> list[_Hole]:
    """Chunk borders at which one chunk ended elsewhere in the file than the next one began."""
    missing = {chunk.index for chunk in run.missing}
    present = [index for index in range(len(plan.chunks)) if index not in missing]
    decoded = dict(zip(present, run.decode, strict=True))
    borders = [
        chunk.end_pts
        for index, chunk in enumerate(plan.chunks[:-1])
        if index in decoded
        and index + 1 in decoded
        and decoded[index].next_position != decoded[index + 1].first_position
    ]
    return [_Hole(pts, pts, _LOST, False, lost=True) for pts in borders if pts is not None]


def _missing_tail(run: StitchedRun, plan: Plan) -> _Hole | None:
    """The end that the container promised and the file does not hold."""
    if run.missing and run.missing[-1].index == len(plan.chunks) - 1:
        return None
    promised = plan.chunks[-1].end_pts
    if promised is None:
        promised = plan.probe.end_pts
    reached = run.frames_end_pts
    if promised is None or promised <= reached:
        return None
    frames = _frames_between(plan, reached, promised)
    troubled = any(d.truncated or d.packet_errors for d in run.decode)
    seconds = float((promised - reached) * plan.probe.time_base)
    if frames <= _MISSING_TAIL_FRAMES or not (troubled or seconds > _GAP_SECONDS):
        return None
    return _Hole(reached, promised, "truncated: the file ends before its header says", True)


def _dropped_inside(run: StitchedRun, plan: Plan) -> int:
    """Frames missing between others, where the rate says how many."""
    if not run.keeps_rate or len(run.frames) < 2:
        return 0
    nominal = 1 / float(plan.probe.frame_rate * plan.probe.time_base)
    intervals = np.diff(run.frames.pts) / nominal
    wide = intervals[intervals > _HOLE_INTERVALS]
    return int(np.rint(wide - 1).sum())


def _warnings(run: StitchedRun, plan: Plan) -> tuple[str, ...]:
    said = list(plan.probe.warnings) + list(plan.warnings)
    # No counts: what lies at a chunk border is met twice.
    if any(decode.packet_errors for decode in run.decode):
        said.append("some packets could not be decoded")
    if bool(run.corrupt.any()):
        said.append("some frames are damaged")
    if any(decode.size_changes for decode in run.decode):
        said.append("the picture changes its size in mid-stream")
    if any(decode.missing_pts for decode in run.decode):
        left_out = plan.index_source == "none" and not plan.sequential
        said.append(
            "some frames had no timestamp; "
            + ("they were left out" if left_out else "theirs were made up")
        )
    return tuple(dict.fromkeys(said))
