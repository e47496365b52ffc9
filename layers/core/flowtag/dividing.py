"""Chunks too long for their host, divided by time: key frames are where a file has them.

A worker begins to decode at the key frame before its part, and leaves out what lies before the
part. So dividing changes no number, but what lies between is decoded again: the later a part
begins in a long group of pictures, the more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from flowtag.contracts.messages import ChunkRange, VideoProbe, WorkEstimate
from flowtag.effort import WorkRate
from flowtag.video.indexing import PacketIndex

_MOST_PARTS = 32
_SAFE_SHARE = 0.5
"""Of a host's limit that a chunk is planned for: estimates are right within a factor of two."""


class ChunkWork:
    """Estimates the processor seconds of chunks of one video."""

    def __init__(self, probe: VideoProbe, index: PacketIndex, rate: WorkRate) -> None:
        """Takes what the video is, where its key frames are, and what a second of it takes.

        Args:
            probe: with an end that can be believed.
            index: of the same video.
            rate: of the same video.
        """
        self._start = probe.start_pts
        self._end = probe.end_pts
        self._second = float(probe.time_base)
        self._rate = rate
        self._keys: list[int] = index.key_pts.tolist() if index.clean else []
        self._enters_anywhere = index.clean and index.source == "none"

    def span(self, chunk: ChunkRange) -> tuple[int, int] | None:
        """First and last pts of a chunk; None where nothing tells."""
        start = self._start if chunk.start_pts is None else chunk.start_pts
        ends = [pts for pts in (chunk.end_pts, self._end) if pts is not None]
        return (start, max(min(ends), start)) if ends else None

    def cpu_seconds(self, chunk: ChunkRange) -> float | None:
        """What a chunk takes; None where nothing tells how long it is."""
        span = self.span(chunk)
        if span is None:
            return None
        start, end = span
        decoded = (end - self._entry(start)) * self._second
        return decoded * self._rate.decoding + (end - start) * self._second * self._rate.analysing

    def estimate(self, chunks: Sequence[ChunkRange]) -> WorkEstimate | None:
        """What a plan takes; None where nothing tells how long the video is."""
        each = [self.cpu_seconds(chunk) for chunk in chunks]
        known = [seconds for seconds in each if seconds is not None]
        if len(known) < len(each):
            return None
        return WorkEstimate(
            cpu_seconds=round(sum(known), 3), longest_chunk_cpu_seconds=round(max(known), 3)
        )

    def _entry(self, start: int) -> int:
        """Where decoding begins for a chunk to start there."""
        if self._enters_anywhere:
            return start
        place = bisect_right(self._keys, start)
        return min(self._keys[place - 1] if place else self._start, start)


def safe_cpu_seconds(chunk_timeout_seconds: float) -> float:
    """What a chunk may be estimated at, so that it surely comes to an end in its time."""
    return _SAFE_SHARE * chunk_timeout_seconds


def divide(
    chunks: Sequence[ChunkRange], work: ChunkWork, chunk_timeout_seconds: float
) -> tuple[ChunkRange, ...]:
    """Divides those chunks by time that might not come to an end within a limit.

    One that no division helps, because of what must be decoded before its last part, stays whole.

    Args:
        chunks: of a video whose timestamps can be trusted.
        work: what they take.
        chunk_timeout_seconds: the limit of one chunk.
    """
    bounds = (safe_cpu_seconds(chunk_timeout_seconds), chunk_timeout_seconds)
    return tuple(part for chunk in chunks for part in _divided(chunk, work, bounds))


def _divided(
    chunk: ChunkRange, work: ChunkWork, bounds: tuple[float, float]
) -> Sequence[ChunkRange]:
    for bound in bounds:
        for count in range(1, _MOST_PARTS + 1):
            parts = _parts(chunk, work, count)
            if all((work.cpu_seconds(part) or 0) <= bound for part in parts):
                return parts
    return (chunk,)


def _parts(chunk: ChunkRange, work: ChunkWork, count: int) -> Sequence[ChunkRange]:
    """Equally long parts; fewer where the chunk is a few ticks long."""
    span = work.span(chunk)
    if span is None:
        return (chunk,)
    start, end = span
    inner = {start + (end - start) * part // count for part in range(1, count)} - {start, end}
    edges = [chunk.start_pts, *sorted(inner), chunk.end_pts]
    return [ChunkRange(start_pts=first, end_pts=last) for first, last in pairwise(edges)]
