"""Where a shot's motion changes character.

The camera's velocity (with the subject's) is approximated by constant pieces: the division with
the least squared error plus a price per piece (optimal partitioning; Jackson et al. 2005), no
piece shorter than a change must hold. Neighbours that would be tagged alike are joined again.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flowtag.motion.series import PairSeries
from flowtag.motion.tags import CameraTags, level_of, tag_camera, weighted_mean
from flowtag.thresholds import Thresholds

_BIN_SECONDS = 0.2
_LONGEST_PIECE_SECONDS = 40.0
_PRICE_PER_PIECE = 24.0
_LEAST_NOISE = 0.010
_SUBJECT_WEIGHT = 0.5
_REFINE_SECONDS = 0.5


def split_shot(series: PairSeries, limits: Thresholds) -> list[int]:
    """Where to split a shot.

    Returns:
        Indices of the pairs at which a new segment begins, without 0, in order.
    """
    total = float(series.seconds.sum())
    if len(series) < 4 or total < 2 * limits.segment_seconds:
        return []
    signal = _signal(series)
    noise = _noise(signal)
    borders = _partition(series, signal / noise, limits.segment_seconds)
    borders = [_refine(series, signal, border) for border in borders]
    borders = _spaced(series, borders, limits.segment_seconds)
    return _join_alike(series, borders, limits)


def _signal(series: PairSeries) -> npt.NDArray[np.float64]:
    """``(pairs, 5)``: what must stay the same within a segment, diagonals per second."""
    subject = np.nan_to_num(series.column("subject_speed"))
    area = np.nan_to_num(series.column("subject_area"))
    spread = _SUBJECT_WEIGHT * subject * np.sqrt(area)
    signal = np.column_stack([series.camera_velocity(), spread])
    return _fill_unknown(signal)


def _fill_unknown(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Takes the last known value where nothing is known: no change is made up."""
    known = np.isfinite(signal).all(axis=-1)
    if not known.any():
        return np.zeros_like(signal)
    index = np.where(known, np.arange(len(signal)), -1)
    index = np.maximum.accumulate(index)
    index[index < 0] = int(np.argmax(known))
    filled: npt.NDArray[np.float64] = signal[index]
    return filled


def _noise(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``(5,)``: robust deviation of each column from pair to pair, never below a floor."""
    steps = np.abs(np.diff(signal, axis=0))
    deviation = np.median(steps, axis=0) / (0.6745 * np.sqrt(2))
    floored: npt.NDArray[np.float64] = np.maximum(deviation * 1.5, _LEAST_NOISE)
    return floored


def _partition(
    series: PairSeries, scaled: npt.NDArray[np.float64], least_seconds: float
) -> list[int]:
    """Optimal partitioning over bins; returns pair indices of the borders."""
    times = series.start_seconds - series.start_seconds[0]
    bins = np.minimum((times / _BIN_SECONDS).astype(np.intp), 10**9)
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    counts = np.diff(np.append(starts, len(series)))
    means = np.add.reduceat(scaled, starts, axis=0) / counts[:, None]
    # A bin counts for its share of time, not for the number of pairs that fell into it.
    weight = np.add.reduceat(series.seconds, starts) / _BIN_SECONDS
    sums = np.vstack([np.zeros((1, 5)), np.cumsum(means * weight[:, None], axis=0)])
    squares = np.append(0, np.cumsum((means**2).sum(axis=-1) * weight))
    length = np.append(0, np.cumsum(weight))
    count = len(starts)
    least = max(round(least_seconds / _BIN_SECONDS), 1)
    most = round(_LONGEST_PIECE_SECONDS / _BIN_SECONDS)
    best = np.full(count + 1, np.inf)
    best[0] = -_PRICE_PER_PIECE
    origin = np.zeros(count + 1, dtype=np.intp)
    for end in range(least, count + 1):
        begins = np.arange(max(end - most, 0), end - least + 1)
        piece = sums[end] - sums[begins]
        span = np.maximum(length[end] - length[begins], 1e-9)
        cost = squares[end] - squares[begins] - (piece**2).sum(axis=-1) / span
        whole = best[begins] + cost + _PRICE_PER_PIECE
        chosen = int(np.argmin(whole))
        best[end], origin[end] = whole[chosen], begins[chosen]
    borders = []
    end = int(origin[count])
    while end > 0:
        borders.append(int(starts[end]))
        end = int(origin[end])
    return borders[::-1]


def _refine(series: PairSeries, signal: npt.NDArray[np.float64], border: int) -> int:
    """Moves a border to the pair, near it, that divides what lies around best."""
    time = series.start_seconds
    first = int(np.searchsorted(time, time[border] - 2 * _REFINE_SECONDS))
    last = int(np.searchsorted(time, time[border] + 2 * _REFINE_SECONDS))
    around = signal[first:last]
    candidates = range(
        int(np.searchsorted(time, time[border] - _REFINE_SECONDS)),
        int(np.searchsorted(time, time[border] + _REFINE_SECONDS)),
    )
    costs = {
        at: float(
            np.var(around[: at - first], axis=0).sum() * (at - first)
            + np.var(around[at - first :], axis=0).sum() * (last - at)
        )
        for at in candidates
        if first + 1 < at < last - 1
    }
    return min(costs, key=lambda at: (costs[at], abs(at - border))) if costs else border


def _spaced(series: PairSeries, borders: list[int], least_seconds: float) -> list[int]:
    """Borders that leave at least the least length (a bin's rounding aside) on both sides."""
    least = least_seconds - _BIN_SECONDS
    end = float(series.start_seconds[-1] + series.seconds[-1])
    kept: list[int] = []
    previous = float(series.start_seconds[0])
    for border in sorted(set(borders)):
        at = float(series.start_seconds[border])
        if at - previous >= least and end - at >= least:
            kept.append(border)
            previous = at
    return kept


def _join_alike(series: PairSeries, borders: list[int], limits: Thresholds) -> list[int]:
    """Drops the least justified border until all neighbours differ in their tags."""
    borders = list(borders)
    while borders:
        edges = [0, *borders, len(series)]
        tags = [tag_camera(series.part(first, last), limits) for first, last in pairwise(edges)]
        alike = [
            index
            for index in range(len(borders))
            if _are_alike(series, edges[index : index + 3], tags[index : index + 2], limits)
        ]
        if not alike:
            return borders
        del borders[min(alike, key=lambda index: _contrast(tags[index], tags[index + 1]))]
    return borders


def _are_alike(
    series: PairSeries, edges: list[int], tags: list[CameraTags], limits: Thresholds
) -> bool:
    before, after = series.part(edges[0], edges[1]), series.part(edges[1], edges[2])
    if tags[0].moves != tags[1].moves:
        return False
    return _level_distance(before, after, limits) <= 1


def _level_distance(before: PairSeries, after: PairSeries, limits: Thresholds) -> int:
    order = ("static", "low", "medium", "high", "extreme")
    levels = [
        order.index(level_of(max(speed, 0.0), limits))
        for part in (before, after)
        if np.isfinite(speed := weighted_mean(part.column("speed"), part.seconds))
    ]
    return abs(levels[0] - levels[1]) if len(levels) == 2 else 0


def _contrast(before: CameraTags, after: CameraTags) -> float:
    gaps = [abs(a - b) for a, b in zip(before.rates, after.rates, strict=True)]
    return float(np.nan_to_num(np.nansum(gaps)))
