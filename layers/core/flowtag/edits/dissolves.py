"""Dissolves: one picture fades into another.

Half-way through, two unrelated pictures average, and fine detail loses half of its energy,
however both of them move (after Zabih, Miller and Mai 1999, and Lienhart 2001). Each dip is then
checked for what a dissolve must be: different pictures on both sides, and a mix of them between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import Edit, FrameEvidence, Signatures, correlation
from flowtag.settings import Thresholds

_HALF_SPANS_SECONDS = (0.16, 0.28, 0.5, 0.9, 1.5, 2.2)
_REACH = 3
_LEAST_PART = 0.18
_LOW, _HIGH = 0.15, 0.85
_SHORTEST_FRAMES = 3
_FAR_REACH = 6


@dataclass(frozen=True, slots=True)
class _Dip:
    centre: int
    half_span: int
    depth: float


def find_dissolves(
    frames: FrameEvidence, signatures: Signatures, borders: list[int], limits: Thresholds
) -> list[Edit]:
    """Finds dissolves between known borders (cuts, fades, flashes; sorted frame indices)."""
    found: list[tuple[float, Edit]] = []
    fences = np.array([0, *borders, len(frames)])
    for dip in _dips(frames, limits):
        place = int(np.searchsorted(fences, dip.centre, side="right"))
        floor, ceiling = int(fences[place - 1]), int(fences[min(place, len(fences) - 1)])
        if dip.centre - dip.half_span < floor or dip.centre + dip.half_span >= ceiling:
            continue
        edit = _check(frames, signatures, dip, (floor, ceiling), limits)
        if edit is not None:
            found.append((dip.depth, edit))
    return _without_overlap(found)


def _dips(frames: FrameEvidence, limits: Thresholds) -> list[_Dip]:
    """Frames at which detail dips against both sides, at several time scales."""
    detail = frames.detail.astype(np.float32) + 0.05
    count = len(detail)
    dips: list[_Dip] = []
    if count < 5:
        return dips
    usual = frames.seconds_between(0, count - 1) / (count - 1)
    spans = {max(round(seconds / usual), 2) for seconds in _HALF_SPANS_SECONDS}
    for span in sorted(spans):
        if 2 * span >= count:
            continue
        middle = detail[span:-span]
        sides = (detail[: -2 * span] + detail[2 * span :]) / 2
        depth = middle / sides
        for at in np.flatnonzero(depth < limits.dissolve_dip).tolist():
            near = depth[max(at - span // 2, 0) : at + span // 2 + 1]
            if depth[at] <= near.min():
                dips.append(_Dip(at + span, span, float(depth[at])))
    return dips


def _check(
    frames: FrameEvidence,
    signatures: Signatures,
    dip: _Dip,
    fences: tuple[int, int],
    limits: Thresholds,
) -> Edit | None:
    first, last = dip.centre - dip.half_span, dip.centre + dip.half_span
    pictures = signatures(first, last + 1)
    before, middle, after = pictures[0], pictures[dip.half_span], pictures[-1]
    if correlation(before, after, _FAR_REACH) > limits.dissolve_different:
        return None
    if not _is_mix(before, middle, after, limits):
        return None
    return _extent(signatures, dip, fences)


def _is_mix(
    before: npt.NDArray[np.float32],
    middle: npt.NDArray[np.float32],
    after: npt.NDArray[np.float32],
    limits: Thresholds,
) -> bool:
    """Whether the middle is a weighted sum of both ends, each of which may have moved a little."""
    target = middle - middle.mean()
    residual = target.copy()
    parts: list[npt.NDArray[np.float32]] = []
    for end in (before, after):
        parts.append(_best_shifted(end, target, _REACH))
    matrix = np.stack([part.ravel() for part in parts], axis=-1)
    weights, *_ = np.linalg.lstsq(matrix, target.ravel(), rcond=None)
    residual = target.ravel() - matrix @ weights
    explained = 1 - float(residual @ residual) / max(float(target.ravel() @ target.ravel()), 1e-6)
    both = float(weights.min()) >= _LEAST_PART and float(weights.max()) <= 1 - _LEAST_PART / 2
    return explained >= limits.dissolve_fit and both


def _best_shifted(
    picture: npt.NDArray[np.float32], target: npt.NDArray[np.float32], reach: int
) -> npt.NDArray[np.float32]:
    """The picture, shifted by at most ``reach`` cells, that resembles the target most."""
    padded = np.pad(picture - picture.mean(), reach, mode="edge")
    rows, columns = picture.shape
    best, chosen = -np.inf, padded[reach : reach + rows, reach : reach + columns]
    for dy in range(2 * reach + 1):
        for dx in range(2 * reach + 1):
            moved = padded[dy : dy + rows, dx : dx + columns]
            score = float((moved * target).sum() / (np.sqrt((moved * moved).sum()) + 1e-6))
            if score > best:
                best, chosen = score, moved
    return chosen


def _extent(signatures: Signatures, dip: _Dip, fences: tuple[int, int]) -> Edit | None:
    """Start and end, from a line through the share of the new picture, frame by frame."""
    half = dip.half_span
    begin, finish = 0, 0
    for _ in range(3):
        first = max(dip.centre - half, fences[0])
        last = min(dip.centre + half, fences[1] - 1)
        ends = _ramp_ends(signatures(first, last + 1))
        if ends is None:
            return None
        start, end = ends
        begin, finish = first + round(start), first + round(end)
        # The ends must lie inside what was looked at; otherwise look at more.
        if start > 0.5 and end < last - first - 0.5:
            break
        half = round(half * 1.6)
    if finish - begin < _SHORTEST_FRAMES:
        return None
    return Edit("dissolve", max(begin, fences[0]), min(finish, fences[1]))


def _ramp_ends(pictures: npt.NDArray[np.float32]) -> tuple[float, float] | None:
    """Positions in frames at which the old picture begins to go, and the new one is alone."""
    before, after = pictures[0], pictures[-1]
    towards = (after - before).ravel()
    size = float(towards @ towards)
    if size < 1:
        return None
    share = ((pictures - before).reshape(len(pictures), -1) @ towards) / size
    inner = np.flatnonzero((share > _LOW) & (share < _HIGH))
    if inner.size < 2:
        return None
    inner = np.arange(inner[0], inner[-1] + 1)
    slope, base = np.polyfit(inner, share[inner], 1)
    if slope <= 0:
        return None
    return float(-base / slope), float((1 - base) / slope)


def _without_overlap(found: list[tuple[float, Edit]]) -> list[Edit]:
    """The deepest of dissolves that overlap."""
    chosen: list[Edit] = []
    for _, edit in sorted(found, key=lambda item: (item[0], item[1].start, item[1].end)):
        if all(edit.end <= other.start or edit.start >= other.end for other in chosen):
            chosen.append(edit)
    return sorted(chosen, key=lambda edit: edit.start)
