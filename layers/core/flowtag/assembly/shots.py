"""Edits into shots that tile the video, and the pairs that each shot may be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flowtag.assembly.stitching import StitchedRun
from flowtag.contracts.messages import Plan
from flowtag.edits.cuts import find_cuts
from flowtag.edits.dissolves import find_dissolves
from flowtag.edits.edit import Edit, FrameEvidence, Signatures, correlation
from flowtag.edits.fades import BlankRun, fades_of, find_blank_runs
from flowtag.edits.spans import Spans
from flowtag.motion.series import PairSeries, Shape
from flowtag.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class ShotSpan:
    """Frames ``[first, last)`` between two edits; ``edit`` is the one that it begins with."""

    first: int
    last: int
    edit: Edit | None
    black: bool


@dataclass(frozen=True)
class EditList:
    """All edits of a video, in order, and what else was seen on the way.

    Attributes:
        edits: cuts, dissolves, fades.
        flashes: ``[first, last)`` frames of flashes and strobe light.
        black: ``[first, last)`` frames of black shots.
        blank: ``[first, last)`` frames that show nothing, with the ramps that lead there.
    """

    edits: list[Edit]
    flashes: list[tuple[int, int]]
    black: list[tuple[int, int]]
    blank: list[tuple[int, int]]

    @cached_property
    def flash_spans(self) -> Spans:
        """The flashes, to be asked for at any place."""
        return Spans(self.flashes)


def find_edits(run: StitchedRun, limits: Thresholds) -> EditList:
    """Finds the edits of a stitched video."""
    frames, signatures = run.frames, run.signatures()
    search = find_cuts(frames, signatures, limits)
    runs = [
        run
        for run in find_blank_runs(frames, limits)
        if not _is_flash(run, frames, signatures, limits)
    ]
    fades, black = fades_of(runs, frames, limits)
    ramps = [(blank.ramp_start, blank.ramp_end) for blank in runs]
    inside, beside = Spans(ramps), Spans((fade.start, fade.end) for fade in fades)
    cuts = [
        cut
        for cut in search.cuts
        if not inside.meet(cut.start, cut.start) and not beside.meet(cut.start - 1, cut.start + 1)
    ]
    borders = sorted({edit.start for edit in cuts} | {at for ramp in ramps for at in ramp})
    dissolves = find_dissolves(frames, signatures, run.pair_evidence(), borders, limits)
    flashes = Spans(search.flashes)
    dissolves = [edit for edit in dissolves if not flashes.meet(edit.start, edit.end)]
    edits = sorted([*cuts, *fades, *dissolves], key=lambda edit: (edit.start, edit.end))
    return EditList(_distinct(edits), search.flashes, black, ramps)


def _is_flash(
    run: BlankRun, frames: FrameEvidence, signatures: Signatures, limits: Thresholds
) -> bool:
    """Whether a short blank lies between the same pictures."""
    first, last = run.ramp_start - 1, run.ramp_end
    if first < 0 or last >= len(frames):
        return False
    if frames.seconds_between(first, last) > 2 * limits.flash_seconds:
        return False
    before, after = signatures(first, first + 1)[0], signatures(last, last + 1)[0]
    return correlation(before, after, 4) >= limits.same_picture


def _distinct(edits: list[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in edits:
        if kept and edit.start < max(kept[-1].end, kept[-1].start + 1):
            continue
        kept.append(edit)
    return kept


def shots_between(edits: EditList, frames: FrameEvidence) -> list[ShotSpan]:
    """Shots that tile all frames; the border of a gradual edit is its midpoint."""
    borders = [_middle(edit, frames) for edit in edits.edits]
    firsts = [0, *borders]
    lasts = [*borders, len(frames)]
    begins: list[Edit | None] = [None, *edits.edits]
    return [
        ShotSpan(first, last, edit, _is_black(first, last, edits.black))
        for first, last, edit in zip(firsts, lasts, begins, strict=True)
        if last > first
    ]


def _middle(edit: Edit, frames: FrameEvidence) -> int:
    if edit.kind == "cut":
        return edit.start
    start, end = frames.pts[edit.start], frames.pts[min(edit.end, len(frames) - 1)]
    return int(np.searchsorted(frames.pts, (int(start) + int(end) + 1) // 2))


def _is_black(first: int, last: int, black: list[tuple[int, int]]) -> bool:
    return any(min(last, end) - max(first, start) > (last - first) / 2 for start, end in black)


def pairs_by_shot(
    run: StitchedRun, plan: Plan, shots: list[ShotSpan], edits: EditList
) -> list[PairSeries]:
    """Each shot's pairs, without those that touch an edit or a flash, or leave the range."""
    frames = run.frames
    first = run.pairs["first"].astype(np.int64)
    end_pts = frames.pts[first] + run.pairs["interval_pts"].astype(np.int64)
    # Rising, also where damage made one chunk's last frames others than the next one's first.
    second = np.maximum.accumulate(np.searchsorted(frames.pts, end_pts))
    usable = end_pts <= frames.pts[-1] if len(frames) else np.zeros(0, dtype=np.bool_)
    for edit in edits.edits:
        usable[_between(second, edit.start, first, max(edit.end, edit.start))] = False
    for start, end in edits.flashes:
        usable[_between(first, start, first, end)] = False
        usable[_between(second, start, second, end)] = False
    width, height = plan.probe.display_size()
    shape = Shape.of(width, height)
    series = []
    for shot in shots:
        inside = _between(first, shot.first, second, max(shot.last, shot.first + 1))
        at = inside.start + np.flatnonzero(usable[inside])
        begin = frames.pts[first[at]]
        tick = float(plan.probe.time_base)
        series.append(
            PairSeries(
                run.pairs[at],
                (begin - plan.probe.start_pts).astype(np.float64) * tick,
                run.pairs["interval_pts"][at].astype(np.float64) * tick,
                shape,
            )
        )
    return series


def _between(
    from_frames: npt.NDArray[np.int64], start: int, to_frames: npt.NDArray[np.int64], end: int
) -> slice:
    """The pairs with ``from_frames`` at ``start`` or later, and ``to_frames`` before ``end``.

    Both rise from pair to pair, so these are a run of pairs: of a day's million none but a shot's
    own are looked at.
    """
    first, last = np.searchsorted(from_frames, start), np.searchsorted(to_frames, end)
    return slice(int(first), max(int(first), int(last)))
