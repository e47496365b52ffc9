"""Where the frames of a file lie, from its container's index or a scan of its packets."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from av.container import InputContainer
from av.index import IndexEntries
from av.video.stream import VideoStream
from numpy.typing import NDArray

from flowtag.contracts.messages import VideoProbe
from flowtag.video.media import Media
from flowtag.video.opening import (
    demuxed,
    knows_first_fragment_alone,
    open_video,
    select_only,
)
from flowtag.video.rates import Cadence, measured_cadence, sampled_cadence
from flowtag.video.reading import video_stream
from flowtag.video.remembering import RememberedMedia
from flowtag.video.sampling import sample_packets
from flowtag.video.scanning import keeps_decode_order, scan_packets
from flowtag.video.unwrapping import believed_ticks, nominal_ticks

Pts = NDArray[np.int64]

SCANNED_BYTES = 4 << 20
"""Up to this length a video that is fetched is read whole: a few looks would cost as much."""

_INDEXED_FORMATS = {"mov", "avi"}
_OFFSET_SAMPLES = 12
_WHOLE_INDEX_ENTRIES = 200_000
_STRETCH_ENTRIES = 2_000
_STRETCHES = 8


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """What is known of a stream's packets before any of them is decoded.

    Attributes:
        key_pts: presentation times of the key frames, `(K,)`, sorted; from a container's index
            they are never early, but may be late by the frames that its codec reorders (where that
            changes on the way, early by as many). Empty where only some packets were read.
        frame_pts: presentation times of all frames, `(N,)`, sorted; None where only a scan could
            tell.
        end_pts: end of the last frame, None if unknown.
        clean: whether the file can be sought in by its timestamps. False: they are missing, repeat,
            go back, or jump; or what lies in the middle cannot be decoded alone.
        source: where this comes from; "none": no index, and no scan either.
        cadence: nominal rate, and whether frames keep it.
        frame_count: frames that should be displayed; None if unknown.
        warnings: what was odd, for people.
    """

    key_pts: Pts
    frame_pts: Pts | None
    end_pts: int | None
    clean: bool
    source: Literal["container", "scan", "none"]
    cadence: Cadence
    frame_count: int | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entries:
    """The displayed entries of a container's index, in decode order and decode time.

    Of a very long index all key frames are kept, of the rest what some stretches of it hold.
    """

    keys: Pts
    times: Pts
    steps: Pts
    count: int
    whole: bool


def read_index(media: Media, probe: VideoProbe) -> PacketIndex:
    """Reads where the frames of a video lie; decodes nothing.

    The index of MP4, MOV and AVI is taken as it stands, in time and memory that hardly depend on
    the length of the video; of other containers all packets are read, unless they would have to be
    fetched: then a few are, and chunks lie where time says.

    Args:
        media: the file that was probed; one that is fetched as :class:`RememberedMedia`.
        probe: what :func:`~flowtag.video.probing.probe_video` said of it.

    Raises:
        InputError: the file can no longer be opened or read.
    """
    with open_video(media) as container:
        stream = video_stream(container, probe.stream_index, media)
        if _has_full_index(container, stream):
            return _from_container(container, stream, probe)
    if isinstance(media, RememberedMedia) and media.size_bytes > SCANNED_BYTES:
        return _from_samples(media, probe)
    return _from_scan(media, probe)


def _has_full_index(container: InputContainer, stream: VideoStream) -> bool:
    formats = set(container.format.name.split(","))
    if not _INDEXED_FORMATS & formats or keeps_decode_order(stream):
        return False
    if knows_first_fragment_alone(container):
        return False
    # Fragmented files index only what was read so far, and claim no or too few frames.
    return 0 < stream.frames <= len(stream.index_entries) + _discarded_allowance(stream)


def _discarded_allowance(stream: VideoStream) -> int:
    """An edit list may hide frames that the sample table still counts."""
    end = stream.duration or 0
    last = stream.index_entries[-1].timestamp if len(stream.index_entries) else 0
    covered = (stream.start_time or 0) + end - last
    per_frame = max(1, end // max(stream.frames, 1))
    return stream.frames if covered <= 64 * per_frame else 0


def _from_container(
    container: InputContainer, stream: VideoStream, probe: VideoProbe
) -> PacketIndex:
    entries = _read_entries(stream.index_entries)
    select_only(container, stream)
    offsets = _presentation_offsets(container, stream, entries.keys)
    steps = entries.steps
    ordered = bool(np.all(steps > 0)) and int(steps.max(initial=0)) <= believed_ticks(probe)
    in_order = offsets == {0} and not stream.codec_context.has_b_frames
    return PacketIndex(
        key_pts=np.unique(entries.keys + max(offsets, default=0)),
        frame_pts=entries.times if entries.whole and in_order else None,
        end_pts=_end(entries, probe),
        clean=ordered and len(offsets) > 0,
        source="container",
        cadence=measured_cadence(steps, probe.time_base, probe.frame_rate),
        frame_count=entries.count,
    )


def _end(entries: _Entries, probe: VideoProbe) -> int | None:
    if probe.end_pts is not None or not len(entries.times):
        return probe.end_pts
    shift = probe.start_pts - int(entries.times[0])
    return int(entries.times[-1]) + shift + nominal_ticks(probe)


def _read_entries(entries: IndexEntries) -> _Entries:
    total = len(entries)
    if total <= _WHOLE_INDEX_ENTRIES:
        keys, times, steps = _read_stretch(entries, 0, total)
        return _Entries(keys, times, steps, len(times), whole=True)
    starts = np.linspace(0, total - _STRETCH_ENTRIES, _STRETCHES).astype(int)
    stretches = [_read_stretch(entries, int(a), int(a) + _STRETCH_ENTRIES) for a in starts]
    times = np.concatenate([stretch[1] for stretch in stretches])
    steps = np.concatenate([stretch[2] for stretch in stretches])
    # Edit lists hide frames at the ends alone, which the first and last stretch cover.
    hidden = _STRETCHES * _STRETCH_ENTRIES - len(times)
    return _Entries(_walk_keys(entries), times, steps, total - hidden, whole=False)


def _read_stretch(entries: IndexEntries, start: int, stop: int) -> tuple[Pts, Pts, Pts]:
    """Times of key frames, of all frames, and from each frame to the next."""
    keys, times, stored = array("q"), array("q"), array("q")
    for position in range(start, stop):
        entry = entries[position]
        if entry.size == 0:
            continue
        # In decode order, frames that an edit list hides stand among those that it shows.
        stored.append(entry.timestamp)
        if entry.is_discard:
            continue
        times.append(entry.timestamp)
        if entry.is_keyframe:
            keys.append(entry.timestamp)
    return _array(keys), _array(times), np.diff(_array(stored))


def _walk_keys(entries: IndexEntries) -> Pts:
    keys = array("q")
    position = entries.search_timestamp(entries[0].timestamp, backward=False)
    while position >= 0:
        entry = entries[position]
        if not entry.is_discard:
            keys.append(entry.timestamp)
        position = entries.search_timestamp(entry.timestamp + 1, backward=False)
        if keys and position >= 0 and entries[position].timestamp <= entry.timestamp:
            break
    return _array(keys)


def _presentation_offsets(container: InputContainer, stream: VideoStream, keys: Pts) -> set[int]:
    """How much later than decoded key frames are displayed, at a few places of the file."""
    offsets: set[int] = set()
    if not len(keys):
        return offsets
    picked = np.unique(np.linspace(0, len(keys) - 1, _OFFSET_SAMPLES).astype(int))
    for key in keys[picked]:
        container.seek(int(key), stream=stream)
        packet = next(demuxed(container, stream), None)
        if packet is None or packet.pts is None or packet.dts is None:
            continue
        offsets.add(packet.pts - packet.dts)
    return offsets


def _from_scan(media: Media, probe: VideoProbe) -> PacketIndex:
    scan = scan_packets(media, probe)
    times = np.unique(scan.pts)
    steps = np.diff(times)
    jumps = int(steps.max(initial=0)) > believed_ticks(probe)
    repeats = len(times) < len(scan.pts)
    timed = not (jumps or repeats or scan.missing or scan.backwards or scan.unordered)
    clean = timed and not scan.unenterable
    warnings: list[str] = []
    if scan.error:
        warnings.append(f"packets could be read only in part: {scan.error}")
    if scan.unenterable:
        warnings.append("its encoder was changed on the way: analysed in one piece, from its start")
    return PacketIndex(
        key_pts=np.unique(scan.key_pts),
        frame_pts=times,
        end_pts=scan.end_pts,
        clean=clean,
        source="scan",
        cadence=measured_cadence(steps, probe.time_base, probe.frame_rate),
        # A recording that begins between key frames holds frames that no decoder can show.
        frame_count=int(np.sum(times >= probe.start_pts)) if clean else scan.count,
        warnings=tuple(warnings),
    )


def _from_samples(media: RememberedMedia, probe: VideoProbe) -> PacketIndex:
    samples = sample_packets(media, probe)
    warnings: tuple[str, ...] = ()
    if samples.trouble is not None:
        warnings = (
            f"{samples.trouble}, and it has no index: analysed in one piece, from its start",
        )
    return PacketIndex(
        key_pts=np.empty(0, np.int64),
        frame_pts=None,
        end_pts=samples.end_pts,
        clean=samples.trouble is None,
        source="none",
        cadence=sampled_cadence(samples.steps, probe.time_base, probe.frame_rate),
        frame_count=None,
        warnings=warnings,
    )


def _array(values: array[int]) -> Pts:
    return np.frombuffer(values, dtype=np.int64).copy() if values else np.empty(0, np.int64)


def refined(probe: VideoProbe, index: PacketIndex) -> VideoProbe:
    """A probe with what the index knows better than the headers.

    Args:
        probe: what the headers say.
        index: what the packets say.
    """
    rate: Fraction = index.cadence.frame_rate
    return probe.model_copy(
        update={
            "frame_rate": rate,
            "variable_frame_rate": index.cadence.variable,
            "end_pts": probe.end_pts if probe.end_pts is not None else index.end_pts,
            "frames_expected": index.frame_count or probe.frames_expected,
            "warnings": (*probe.warnings, *index.warnings),
        }
    )
