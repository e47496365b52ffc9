"""Dissolves: one picture fades into another.

Half-way through, two unrelated pictures average, and fine detail loses half of its energy,
however both of them move (after Zabih, Miller and Mai 1999, and Lienhart 2001). Each dip is then
checked for what a dissolve must be: different pictures on both sides, and a mix of them between.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from flowtag.edits.edit import (
    Edit,
    FrameEvidence,
    PairEvidence,
    Signatures,
    correlation,
    without_bars,
)
from flowtag.thresholds import Thresholds

_HALF_SPANS_SECONDS = (0.16, 0.28, 0.5, 0.9, 1.5, 2.2)
_REACH = (3, 6)
_ATTEMPTS = 6
_MOST_OF_WINDOW = 0.78
_LEAST_OF_WINDOW = 0.5
_UNLIKE = 0.6
_PLAINLY_MIXED = 0.85
# Pictures this unlike are mixed by nothing but a dissolve, if by so much.
_UNRELATED, _MIXED_OF_UNRELATED = 0.3, 0.75
_SHALLOWEST = 0.9
# Flow: from this speed on (diagonals per second) the camera could replace the picture; a ratio of
# confidence below which flow is at a loss.
_MOVING = 0.05
_DOUBTED = 0.9
_HALVED = (0.36, 0.75)
_LEAST_MIXED = 0.35
_RACING_WIDTHS_PER_SECOND = 0.6
_LOW, _HIGH = 0.15, 0.85
_SHORTEST_FRAMES = 3
_FAR_REACH = 10
_LOOKED_AT = 17
_WORST_MISFIT = 0.14
_SURELY_MIXED = 0.985
_SAME = 0.85
_LUMA_SLACK = 12.0


@dataclass(frozen=True, slots=True)
class Dip:
    """A frame at which detail dips against those ``half_span`` frames to both sides."""

    centre: int
    half_span: int
    depth: float


@dataclass(frozen=True, slots=True)
class _Ramp:
    """The new picture's share over a window: the line, and how well it holds.

    Attributes:
        start, end: frames of the window between which it runs from 0 to 1.
        misfit: RMS distance of the shares from the line.
        mixed: share of the variance between that both pictures explain.
        between: frames looked at that show both pictures.
    """

    start: float
    end: float
    misfit: float
    mixed: float
    between: int


def find_dissolves(
    frames: FrameEvidence,
    signatures: Signatures,
    pairs: PairEvidence,
    borders: list[int],
    limits: Thresholds,
) -> list[Edit]:
    """Finds dissolves between known borders (cuts, fades, flashes; sorted frame indices)."""
    found: list[tuple[float, Edit]] = []
    fences = np.array([0, *borders, len(frames)])
    for dip in detail_dips(frames, limits):
        place = int(np.searchsorted(fences, dip.centre, side="right"))
        floor, ceiling = int(fences[place - 1]), int(fences[min(place, len(fences) - 1)])
        if dip.centre - dip.half_span < floor or dip.centre + dip.half_span >= ceiling:
            continue
        dissolve = _check(frames, signatures, pairs, dip, (floor, ceiling), limits)
        if dissolve is not None:
            found.append(dissolve)
    return _without_overlap(found)


def detail_dips(frames: FrameEvidence, limits: Thresholds) -> list[Dip]:
    """Frames at which detail dips against both sides, at several time scales."""
    count = len(frames)
    dips: list[Dip] = []
    if count < 5:
        return dips
    # One frame without detail is a flash, or lost: the median of three passes over it.
    padded = np.pad(frames.detail.astype(np.float64), 1, mode="edge")
    detail = np.median(sliding_window_view(padded, 3), axis=-1)
    detail = detail + 0.05
    luma = frames.luma.astype(np.float32)
    usual = frames.seconds_between(0, count - 1) / (count - 1)
    spans = {max(round(seconds / usual), 2) for seconds in _HALF_SPANS_SECONDS}
    for span in sorted(spans):
        if 2 * span >= count:
            continue
        middle = detail[span:-span]
        sides = (detail[: -2 * span] + detail[2 * span :]) / 2
        depth = np.where(_luma_between(luma, span), middle / sides, 1.0)
        for at in np.flatnonzero(depth < limits.dissolve_dip).tolist():
            near = depth[max(at - span // 2, 0) : at + span // 2 + 1]
            if depth[at] <= near.min():
                dips.append(Dip(at + span, span, float(depth[at])))
    # In the order of time: whoever gives the pictures then reads each of them but once.
    return sorted(dips, key=lambda dip: (dip.centre, dip.half_span))


def _luma_between(luma: npt.NDArray[np.float32], span: int) -> npt.NDArray[np.bool_]:
    """Whether a frame's luma lies between that of both sides, as a mix's does; a flash's not."""
    before, middle, after = luma[: -2 * span], luma[span:-span], luma[2 * span :]
    low, high = np.minimum(before, after), np.maximum(before, after)
    between: npt.NDArray[np.bool_] = (middle > low - _LUMA_SLACK) & (middle < high + _LUMA_SLACK)
    return between


def _check(
    frames: FrameEvidence,
    signatures: Signatures,
    pairs: PairEvidence,
    dip: Dip,
    fences: tuple[int, int],
    limits: Thresholds,
) -> tuple[float, Edit] | None:
    """The dissolve around a dip and how badly it fits, or None if there is none."""
    fitted = _fit_window(signatures, dip, fences)
    if fitted is None:
        return None
    ramp, first, likeness, count = fitted
    begin, end = first + round(ramp.start), first + round(ramp.end)
    if _is_unfit(ramp, count) or _races(frames, begin, end):
        return None
    depth = _depth(frames, begin, end)
    moving = pairs.mean_speed(begin, end) > _MOVING
    plain = (ramp.mixed >= _PLAINLY_MIXED and likeness < _UNLIKE) or (
        ramp.mixed >= _MIXED_OF_UNRELATED and likeness < _UNRELATED
    )
    deepest, shallowest = _HALVED if moving and not plain else (_HALVED[0], _SHALLOWEST)
    if depth > shallowest or (moving and depth < deepest):
        return None
    mixed = _is_mix(ramp, likeness, depth, limits)
    doubted = moving and _doubt(pairs, begin, end, fences) < _DOUBTED
    if not mixed and not (doubted and likeness < _UNLIKE and ramp.mixed >= _LEAST_MIXED):
        return None
    return ramp.misfit + 1 - ramp.mixed, Edit("dissolve", begin, end)


def _fit_window(
    signatures: Signatures, dip: Dip, fences: tuple[int, int]
) -> tuple[_Ramp, int, float, int] | None:
    """The ramp near a dip, in a window that holds it and little more.

    Detail dips nearer to the plainer picture, and the nearer the pictures that are compared with,
    the less they have moved: so the window follows the ramp that it finds.

    Returns:
        The ramp, the window's first frame, the likeness of its ends, and its length; None if it
        leaves the shot or shows one picture throughout.
    """
    centre, half = dip.centre, dip.half_span
    for _ in range(_ATTEMPTS):
        first, last = centre - half, centre + half
        if first < fences[0] or last >= fences[1]:
            return None
        pictures = without_bars(signatures(first, last + 1))
        likeness = correlation(pictures[0], pictures[-1], _FAR_REACH)
        if likeness > _SAME:
            return None
        ramp = _measure_ramp(pictures)
        length = ramp.end - ramp.start
        moved = first + round((ramp.start + ramp.end) / 2)
        if length > _MOST_OF_WINDOW * 2 * half:
            wanted = round(half * 1.35) + 1
        elif length < _LEAST_OF_WINDOW * 2 * half:
            wanted = max(round(length * 0.8), 3)
        else:
            wanted = half
        if moved == centre and wanted == half:
            break
        centre, half = moved, wanted
    return ramp, first, likeness, len(pictures)


def _is_unfit(ramp: _Ramp, count: int) -> bool:
    length = ramp.end - ramp.start
    # Inside a longer dissolve, too, one mixture turns into another: but all the window long.
    filled = length > _MOST_OF_WINDOW * (count - 1)
    return length < _SHORTEST_FRAMES or filled or ramp.between < 2 or ramp.misfit > _WORST_MISFIT


def _is_mix(ramp: _Ramp, likeness: float, depth: float, limits: Thresholds) -> bool:
    """Whether both pictures explain what lies between; like ones must do so almost wholly."""
    if likeness > limits.dissolve_different:
        return ramp.mixed >= _SURELY_MIXED and depth <= limits.dissolve_dip
    return ramp.mixed >= limits.dissolve_fit


def _depth(frames: FrameEvidence, begin: int, end: int) -> float:
    """Detail half-way over that of both ends: a half, if the pictures have nothing in common."""
    detail = frames.detail.astype(np.float64) + 0.05
    last = min(end, len(detail) - 1)
    middle = float(np.median(detail[(begin + last) // 2 - 1 : (begin + last) // 2 + 2]))
    return middle / ((float(detail[max(begin - 1, 0)]) + float(detail[last])) / 2)


def _doubt(pairs: PairEvidence, begin: int, end: int, fences: tuple[int, int]) -> float:
    """Confidence within over that around: flow cannot follow two pictures at once."""
    span = max(end - begin, 4)
    before = pairs.mean_confidence(max(begin - span, fences[0]), max(begin - 1, fences[0]))
    after = pairs.mean_confidence(end + 1, min(end + span, fences[1] - 2))
    around = np.nanmean([before, after]) if np.isfinite([before, after]).any() else 1.0
    return pairs.mean_confidence(begin, end) / max(float(around), 1e-3)


def _races(frames: FrameEvidence, begin: int, end: int) -> bool:
    """Whether the camera moves so fast that motion alone replaces the picture."""
    shift = np.nan_to_num(frames.shift[begin:end].astype(np.float32))
    seconds = frames.seconds_between(begin, min(end, len(frames) - 1))
    return bool(np.median(shift) * len(shift) > _RACING_WIDTHS_PER_SECOND * seconds)


def _measure_ramp(pictures: npt.NDArray[np.float32]) -> _Ramp:
    at = np.unique(np.linspace(0, len(pictures) - 1, _LOOKED_AT).astype(np.intp))
    share, explained = _shares(pictures, at)
    start, end, misfit = _fit_ramp(at, share, explained, len(pictures))
    within = (at > start) & (at < end)
    between = int(np.count_nonzero((share > _LOW) & (share < _HIGH) & within))
    mixed = float(explained[within].mean()) if within.any() else 0.0
    return _Ramp(start, end, misfit, mixed, between)


def _shares(
    pictures: npt.NDArray[np.float32], at: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The new picture's share in some frames, and how much of each the two pictures explain.

    Both may have moved meanwhile.
    """
    targets = pictures[at].reshape(len(at), -1)
    targets = targets - targets.mean(axis=-1, keepdims=True)
    old, new = (_best_shifted(picture, targets) for picture in (pictures[0], pictures[-1]))
    weights = np.maximum(_mixture(targets, old, new), 0)
    left = targets - weights[:, :1] * old - weights[:, 1:] * new
    energy = np.maximum((targets.astype(np.float64) ** 2).sum(axis=-1), 1e-6)
    explained = np.maximum(1 - (left**2).sum(axis=-1) / energy, 0.0)
    return weights[:, 1] / np.maximum(weights.sum(axis=-1), 1e-6), explained


def _mixture(
    targets: npt.NDArray[np.float32], old: npt.NDArray[np.float32], new: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """The weights ``(n, 2)`` with which two pictures add up to each target, by least squares."""
    columns = np.stack([old, new], axis=1).astype(np.float64)
    normal = columns @ columns.transpose(0, 2, 1)
    # Enough to be solved where both pictures are one, or blank; too little to count elsewhere.
    normal += np.eye(2) * (1e-9 * np.trace(normal, axis1=1, axis2=2) + 1e-9)[:, None, None]
    wanted = columns @ targets.astype(np.float64)[:, :, None]
    return np.asarray(np.linalg.solve(normal, wanted)[:, :, 0], np.float64)


def _best_shifted(
    picture: npt.NDArray[np.float32], targets: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """For each target, ``(n, cells)``, the picture shifted to where it resembles it most."""
    rows, columns = picture.shape
    down, across = _REACH
    padded = np.pad(picture - picture.mean(), ((down, down), (across, across)), mode="edge")
    moved = sliding_window_view(padded, (rows, columns)).reshape(-1, rows * columns)
    moved = moved - moved.mean(axis=-1, keepdims=True)
    unit = moved / (np.linalg.norm(moved, axis=-1, keepdims=True) + 1e-6)
    best: npt.NDArray[np.float32] = moved[np.argmax(unit @ targets.T, axis=0)]
    return best


def _fit_ramp(
    at: npt.NDArray[np.intp],
    share: npt.NDArray[np.float64],
    trust: npt.NDArray[np.float64],
    count: int,
) -> tuple[float, float, float]:
    """Start, end and RMS misfit of the line from 0 to 1 that the shares follow best.

    There must be something of each picture alone: the ramp keeps off both ends of the window.
    """
    margin = max(1.0, 0.04 * count)
    places = np.linspace(margin, count - 1 - margin, min(count, 64))
    start, end = (grid.ravel() for grid in np.meshgrid(places, places, indexing="ij"))
    valid = end - start >= _SHORTEST_FRAMES - 1
    start, end = start[valid], end[valid]
    if not start.size:
        return 0.0, 0.0, 1.0
    line = np.clip((at - start[:, None]) / (end - start)[:, None], 0, 1)
    weight = trust + 0.1
    misfit = np.sqrt((((line - share) ** 2) * weight).sum(axis=-1) / weight.sum())
    best = int(np.argmin(misfit))
    return float(start[best]), float(end[best]), float(misfit[best])


def _without_overlap(found: list[tuple[float, Edit]]) -> list[Edit]:
    """The best fitting of dissolves that overlap."""
    chosen: list[Edit] = []
    starts: list[int] = []
    for _, edit in sorted(found, key=lambda item: (item[0], item[1].start, item[1].end)):
        at = bisect_left(starts, edit.start)
        before = chosen[at - 1].end if at else edit.start
        after = starts[at] if at < len(starts) else edit.end
        if before <= edit.start and edit.end <= after:
            chosen.insert(at, edit)
            starts.insert(at, edit.start)
    return chosen
