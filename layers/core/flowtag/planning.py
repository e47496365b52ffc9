"""From a video to its plan: probe it, find its key frames, lay chunk borders on some of them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np

from flowtag import ALGORITHM_VERSION, __version__
from flowtag.contracts.messages import ChunkRange, Plan, SourceRef, VideoProbe
from flowtag.dividing import ChunkWork, divide, safe_cpu_seconds
from flowtag.effort import (
    USUAL,
    WORST,
    Content,
    WorkRate,
    chunk_seconds_within,
    without_clock,
    work_rate,
)
from flowtag.errors import SettingsError
from flowtag.identity import run_id, video_id
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.video.indexing import PacketIndex, read_index, refined
from flowtag.video.media import Media, is_remote
from flowtag.video.probing import probe_video
from flowtag.video.remembering import RememberedMedia

Range = tuple[Fraction, Fraction | None]


def plan_video(
    media: Media, source: SourceRef, settings: AnalysisSettings, execution: ExecutionSettings
) -> Plan:
    """Probes a video and divides it into chunks; decodes but the first frame.

    Chunks lie between key frames. One that would run past its host's limit, because key frames are
    rare, is divided by time; where timestamps cannot be trusted, or what lies in the middle cannot
    be decoded alone, all is one chunk, however long.

    Of a long video that is fetched and keeps no index only a few parts are read.

    Args:
        media: the video.
        source: where it comes from, and which content of it.
        settings: what decides the numbers.
        execution: how it will be carried out.

    Raises:
        InputError: the file is missing, no video, refused or broken.
        SettingsError: the range lies outside the video.
    """
    if is_remote(media):
        media = RememberedMedia(media)
    headers = probe_video(media)
    index = read_index(media, headers)
    probe = refined(headers, index)
    believed = _believed(probe, index, source)
    seconds = _chunk_seconds(believed, source, settings, execution)
    chunks = chunk_ranges(index, probe, seconds, settings.range_seconds)
    usual, most = (
        ChunkWork(believed, index, _rate(believed, source, settings, execution, content))
        for content in (USUAL, WORST)
    )
    if index.clean:
        chunks = divide(chunks, most, execution.chunk_timeout_seconds)
    return Plan(
        run_id=run_id(source, settings, ALGORITHM_VERSION),
        video_id=video_id(source),
        source=source,
        probe=probe,
        sequential=not index.clean,
        index_source=index.source,
        settings=settings,
        settings_digest=settings.digest(),
        execution=execution,
        algorithm_version=ALGORITHM_VERSION,
        flowtag_version=__version__,
        chunks=chunks,
        estimate=usual.estimate(chunks),
        warnings=probe.warnings,
    )


def _rate(
    probe: VideoProbe,
    source: SourceRef,
    settings: AnalysisSettings,
    execution: ExecutionSettings,
    content: Content,
) -> WorkRate:
    model_seconds = execution.model_cpu_seconds_per_megapixel
    return work_rate(probe, settings, source.size_bytes or None, model_seconds, content)


def _chunk_seconds(
    probe: VideoProbe,
    source: SourceRef,
    settings: AnalysisSettings,
    execution: ExecutionSettings,
) -> Fraction:
    bound = safe_cpu_seconds(execution.chunk_timeout_seconds)
    if execution.chunk_cpu_seconds is not None:
        bound = min(bound, execution.chunk_cpu_seconds)
    within = chunk_seconds_within(
        probe,
        settings,
        bound,
        source.size_bytes or None,
        execution.model_cpu_seconds_per_megapixel,
    )
    return min(execution.chunk_seconds, within)


def _believed(probe: VideoProbe, index: PacketIndex, source: SourceRef) -> VideoProbe:
    """The video with an end by which its work can be estimated: headers may claim any."""
    if not index.clean:
        return without_clock(probe, source.size_bytes or None)
    return probe if index.end_pts is None else probe.model_copy(update={"end_pts": index.end_pts})


def chunk_ranges(
    index: PacketIndex, probe: VideoProbe, chunk_seconds: Fraction, range_seconds: Range | None
) -> tuple[ChunkRange, ...]:
    """Divides a video at the key frames nearest to multiples of a length.

    Where key frames are unknown it is divided at the multiples themselves: a worker begins to
    decode at the key frame before its part.

    Args:
        index: where the key frames are.
        probe: the video's time base, start and end.
        chunk_seconds: aimed-at length of a chunk; longer where key frames are rarer.
        range_seconds: only ``[start, end)`` of the video; None: all of it.

    Returns:
        Chunks that tile the video, or the range, in order. One if the file cannot be entered in its
        middle.

    Raises:
        SettingsError: the range is empty or lies outside the video.
    """
    first, last = _wanted(probe, index, range_seconds)
    borders = _borders(index, probe, chunk_seconds) if index.clean else []
    inner = [
        pts
        for pts in borders
        if pts > (probe.start_pts if first is None else first) and (last is None or pts < last)
    ]
    edges = [first, *inner, last]
    return tuple(ChunkRange(start_pts=start, end_pts=end) for start, end in pairwise(edges))


def _borders(index: PacketIndex, probe: VideoProbe, chunk_seconds: Fraction) -> list[int]:
    keys = index.key_pts
    if index.source == "none":
        return [] if index.end_pts is None else _marks(probe, chunk_seconds, index.end_pts)
    if not len(keys):
        return []
    ticks = chunk_seconds / probe.time_base
    last = int(keys[-1]) + ticks
    end = last if probe.end_pts is None else min(last, Fraction(probe.end_pts))
    targets = np.array(_marks(probe, chunk_seconds, end), np.int64)
    after = np.clip(np.searchsorted(keys, targets), 1, max(len(keys) - 1, 1))
    after = np.minimum(after, len(keys) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.where(targets - keys[before] <= keys[after] - targets, before, after)
    return [int(pts) for pts in np.unique(keys[nearer])]


def _marks(probe: VideoProbe, chunk_seconds: Fraction, end_pts: Fraction | int) -> list[int]:
    """Multiples of a length, but for one that would leave a crumb for the last chunk."""
    ticks = chunk_seconds / probe.time_base
    count = math.floor((end_pts - ticks / 2 - probe.start_pts) / ticks)
    return [probe.start_pts + round(mark * ticks) for mark in range(1, count + 1)]


def _wanted(
    probe: VideoProbe, index: PacketIndex, range_seconds: Range | None
) -> tuple[int | None, int | None]:
    """The range in pts; None where the video's own start or end will do."""
    if range_seconds is None:
        return None, None
    start, end = range_seconds
    timeline = probe.timeline()
    video_end = index.end_pts if index.end_pts is not None else probe.end_pts
    length = None if video_end is None else timeline.seconds(video_end)
    shown = "of unknown length" if length is None else f"{float(length):.3f} s long"
    if start < 0 or (length is not None and start >= length):
        raise SettingsError(
            f"the range starts at {float(start):.3f} s, outside the video, which is {shown}"
        )
    if end is not None and end <= start:
        raise SettingsError(
            f"the range ends at {float(end):.3f} s, not after its start at {float(start):.3f} s"
        )
    return (
        timeline.pts_at(start) if start > 0 else None,
        None if end is None else timeline.pts_at(end),
    )
