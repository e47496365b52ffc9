"""Cuts: steps that no motion explains, and that no flash, strobe or whip pan accounts for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import Edit, FrameEvidence, Signatures, correlation
from flowtag.edits.spans import Spans
from flowtag.thresholds import Thresholds

_NEIGHBOURS = 4
_LONGEST_BURST = 3
_SHORTEST_RETURN = 2
_LIGHT_LEVELS = 12.0
_SAME_IN_LIGHT = 0.93
_SAME_MOVED = 0.965
# From this match on, motion is being followed around a step.
_FOLLOWED = 0.5
_WHIP_WIDTHS = 0.035
_WHIP_AGREES = 0.15
_JUMP_WINDOW = 6
_JUMP_ALONE = 0.2


@dataclass(frozen=True, slots=True)
class CutSearch:
    """What the search for cuts found.

    Attributes:
        cuts: the edits.
        flashes: ``[first, last)`` frame indices of flashes and strobe frames.
    """

    cuts: list[Edit]
    flashes: list[tuple[int, int]]


def find_cuts(frames: FrameEvidence, signatures: Signatures, limits: Thresholds) -> CutSearch:
    """Finds the cuts of a video; a cut is given by the first frame of the new shot."""
    suspects = _unexplained_steps(frames, limits)
    cuts: list[Edit] = []
    flashes: list[tuple[int, int]] = []
    after = 0
    for burst in _bursts(suspects):
        burst = [step for step in burst if step >= after]
        if not burst:
            continue
        flash_end = _returns(frames, signatures, burst[0], limits)
        if flash_end is not None:
            flashes.append((burst[0] + 1, flash_end))
            after = flash_end
            remaining = [step for step in burst if step >= after]
            burst = remaining
        step = _sharpest(frames, burst)
        if step is None or _is_whip(frames, burst):
            continue
        if not _is_same_scene(signatures, step, frames, limits):
            cuts.append(Edit("cut", step + 1, step + 1))
            after = step + 1
    known = Spans([(cut.start - 1, cut.start + 1) for cut in cuts] + flashes)
    for step in _jumps(frames, limits):
        if not known.meet(step, step + 2):
            cuts.append(Edit("cut", step + 1, step + 1))
    return CutSearch(sorted(cuts, key=lambda edit: edit.start), flashes)


def _unexplained_steps(frames: FrameEvidence, limits: Thresholds) -> npt.NDArray[np.intp]:
    match = np.nan_to_num(frames.match.astype(np.float32), nan=1.0)
    low = np.flatnonzero(match < limits.cut_match)
    return np.array(
        [step for step in low if match[step] < limits.cut_drop * _usual(frames, int(step))],
        dtype=np.intp,
    )


def _usual(frames: FrameEvidence, step: int) -> float:
    """Third best match among the steps around one: what motion explains here as a rule."""
    before = frames.match[max(step - _NEIGHBOURS, 0) : step]
    after = frames.match[step + 1 : step + 1 + _NEIGHBOURS]
    around = np.nan_to_num(np.concatenate([before, after]).astype(np.float32), nan=1.0)
    if around.size == 0:
        return 1.0
    return float(np.sort(around)[-min(3, around.size)])


def _bursts(steps: npt.NDArray[np.intp]) -> list[list[int]]:
    """Groups steps that follow one another directly."""
    groups: list[list[int]] = []
    for step in steps.tolist():
        if groups and step - groups[-1][-1] <= 1:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def _sharpest(frames: FrameEvidence, burst: list[int]) -> int | None:
    """The step of a short burst that motion explains least; None for a long one, which is chaos."""
    if not burst or len(burst) > _LONGEST_BURST:
        return None
    return min(burst, key=lambda step: float(frames.match[step]))


def _is_whip(frames: FrameEvidence, burst: list[int]) -> bool:
    """Whether steps lie in a whip pan: one of them goes as far as those around the burst do.

    Blur leaves nothing to match by, but the displacement still shows; across a cut it is chance.
    """
    first, last = burst[0], burst[-1]
    begin = max(first - 3, 0)
    shift = np.nan_to_num(frames.shift[begin : last + 4].astype(np.float32))
    own = shift[first - begin : last + 1 - begin]
    around = np.concatenate([shift[: first - begin], shift[last + 1 - begin :]])
    if around.size < 3:
        return False
    usual = float(np.median(around))
    return usual >= _WHIP_WIDTHS and bool((np.abs(own - usual) <= _WHIP_AGREES * usual).any())


def _returns(
    frames: FrameEvidence, signatures: Signatures, step: int, limits: Thresholds
) -> int | None:
    """The frame at which the picture before a step is back, if it comes back soon; else None.

    One or two odd frames may show anything; more of them must differ in light alone.
    """
    last = min(frames.frame_at_or_before(step, limits.flash_seconds) + 1, len(frames) - 1)
    last = max(last, min(step + _SHORTEST_RETURN + 1, len(frames) - 1))
    pictures = signatures(step, last + 1)
    for ahead in range(2, len(pictures)):
        light = abs(float(frames.luma[step + 1]) - float(frames.luma[step])) > _LIGHT_LEVELS
        if ahead > _SHORTEST_RETURN + 1 and not light:
            return None
        if correlation(pictures[0], pictures[ahead], 2) >= limits.same_picture:
            return step + ahead
    return None


def _is_same_scene(
    signatures: Signatures, step: int, frames: FrameEvidence, limits: Thresholds
) -> bool:
    """Whether the frames around a step are the same picture, moved or in another light.

    Where motion explains little at any step (a fight, low frame rates) likeness decides sooner.
    """
    pair = signatures(step, min(step + 2, len(frames)))
    if len(pair) < 2:
        return False
    lights = abs(float(frames.luma[step + 1]) - float(frames.luma[step])) > _LIGHT_LEVELS
    # Between two bare walls noise is all that changes.
    if not lights and float(pair.std(axis=(1, 2)).max()) < limits.nothing_seen_contrast:
        return True
    if correlation(pair[0], pair[1], 3) > (_SAME_IN_LIGHT if lights else _SAME_MOVED):
        return True
    own = float(np.nan_to_num(frames.match[step].astype(np.float32), nan=1.0))
    usual = _usual(frames, step)
    likeness = correlation(pair[0], pair[1], 6)
    if likeness >= limits.turmoil_likeness and own > max(
        limits.surely_cut_match, limits.doubtful_drop * usual
    ):
        return True
    if usual >= _FOLLOWED:
        return False
    return likeness >= limits.turmoil_likeness or own > limits.turmoil_drop * usual


def _jumps(frames: FrameEvidence, limits: Thresholds) -> list[int]:
    """Steps that go far, alone between steps that go nowhere: the camera was set up anew."""
    shift = np.nan_to_num(frames.shift.astype(np.float32))
    found = []
    for step in np.flatnonzero(shift >= limits.jump_widths).tolist():
        around = np.concatenate(
            [shift[max(step - _JUMP_WINDOW, 0) : step], shift[step + 1 : step + 1 + _JUMP_WINDOW]]
        )
        if around.size < 4 or not float(frames.match[step]) >= limits.cut_match:
            continue
        near_still = frames.still[max(step - 1, 0)] or frames.still[min(step + 1, len(shift) - 1)]
        if around.max() <= _JUMP_ALONE * shift[step] and not near_still:
            found.append(int(step))
    return found
