"""Assembles a run: the chunks' features into ``motion.json`` and its thumbnails.

All temporal reasoning is here, over the stitched table, so chunk borders cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flowtag.assembly.account import account_for, instant
from flowtag.assembly.evidence import evidence_of
from flowtag.assembly.gates import gate_of
from flowtag.assembly.segment_tags import SegmentTags, known, tag_segment
from flowtag.assembly.shots import EditList, ShotSpan, find_edits, pairs_by_shot, shots_between
from flowtag.assembly.stitching import LoadChunk, StitchedRun, stitch
from flowtag.contracts.messages import Plan
from flowtag.contracts.metadata import (
    MotionMetadata,
    Peak,
    Segment,
    Shot,
    Transition,
    Video,
)
from flowtag.errors import BrokenMediaError
from flowtag.motion.segments import split_shot
from flowtag.motion.series import PairSeries
from flowtag.timing import Timeline

_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Assembly:
    """What assembly writes.

    Attributes:
        metadata: the content of ``motion.json``.
        thumbnails: JPEG bytes by name, e.g. ``thumbnails/0000.jpg``.
        evidence: files by name, e.g. ``evidence/0000.npz``: the least trusted pairs.
        engines: what ran the model, on what, and how precisely; in no file that must be the same
            wherever it was made.
    """

    metadata: MotionMetadata
    thumbnails: dict[str, bytes]
    evidence: dict[str, bytes]
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """A segment in the making: frames ``[start_pts, end_pts)`` of a shot, and its pairs."""

    shot: int
    start_pts: int
    end_pts: int
    pairs: PairSeries
    flags: tuple[str, ...] = ()


def assemble(plan: Plan, load_chunk: LoadChunk) -> Assembly:
    """Stitches the chunks of a run, finds edits and segments, and tags them.

    Args:
        plan: of the run.
        load_chunk: gives the bytes of a chunk's ``.npz`` or ``.failed.json``, or None.

    Raises:
        BrokenMediaError: not a single frame could be analysed.
        ContractError: a chunk file is damaged or of another version.
    """
    run = stitch(plan, load_chunk)
    if not len(run.frames):
        reasons = sorted({chunk.reason for chunk in run.missing})
        raise BrokenMediaError(
            f"{plan.source.name}: no frame could be decoded"
            + (f" ({'; '.join(reasons)})" if reasons else "; the video data is damaged")
        )
    limits = plan.settings.thresholds
    account = account_for(run, plan)
    edits = find_edits(run, limits)
    shots = shots_between(edits, run.frames)
    series = pairs_by_shot(run, plan, shots, edits)
    spans = _spans(run, plan, shots, series, account.missing_spans)
    segments, thumbnails = _segments(run, plan, spans, shots, edits)
    metadata = MotionMetadata(
        schema="flowtag.motion/1",
        video=_video(plan, run),
        analysis=account.analysis(plan),
        shots=_shots(run, plan, shots),
        segments=segments,
    )
    return Assembly(
        metadata,
        thumbnails,
        evidence_of(run, plan, segments, edits.edits),
        tuple(sorted(run.engines)),
    )


def _video(plan: Plan, run: StitchedRun) -> Video:
    probe, source = plan.probe, plan.source
    timeline = probe.timeline()
    end = run.end_pts if probe.end_pts is None else max(run.end_pts, probe.end_pts)
    return Video(
        id=plan.video_id,
        uri=source.uri,
        version_id=source.version_id,
        etag=source.etag,
        size_bytes=source.size_bytes,
        container=probe.container,
        codec=probe.codec,
        width=probe.width,
        height=probe.height,
        rotation=probe.rotation,
        sample_aspect_ratio=_ratio(probe.sample_aspect_ratio),
        pixel_format=probe.pixel_format,
        field_order=probe.field_order,
        time_base=_ratio(probe.time_base),
        frame_rate=_ratio(probe.frame_rate),
        variable_frame_rate=probe.variable_frame_rate,
        start_pts=probe.start_pts,
        duration_seconds=known(float(timeline.seconds(end)), 6),
        frames=len(run.frames),
        timecode=timeline.timecode(probe.start_pts),
        drop_frame=probe.drop_frame,
    )


def _ratio(value: object) -> str:
    from fractions import Fraction

    ratio = Fraction(str(value))
    return f"{ratio.numerator}/{ratio.denominator}"


def _shots(run: StitchedRun, plan: Plan, spans: list[ShotSpan]) -> list[Shot]:
    timeline = plan.probe.timeline()
    shots = []
    for index, span in enumerate(spans):
        start, end = _border_pts(run, span.first), _border_pts(run, span.last)
        edit = span.edit
        began = (edit.kind, edit.start, edit.end) if edit else ("start", span.first, span.first)
        shots.append(
            Shot(
                index=index,
                start=instant(timeline, start),
                end=instant(timeline, end),
                transition=Transition(
                    kind=began[0],
                    start=instant(timeline, _border_pts(run, began[1])),
                    end=instant(timeline, _border_pts(run, began[2])),
                ),
                flags=["black"] if span.black else [],
            )
        )
    return shots


def _border_pts(run: StitchedRun, frame: int) -> int:
    if frame == 0:
        return run.start_pts
    return int(run.frames.pts[frame]) if frame < len(run.frames) else run.end_pts


def _spans(
    run: StitchedRun,
    plan: Plan,
    shots: list[ShotSpan],
    series: list[PairSeries],
    missing: list[tuple[int, int]],
) -> list[_Span]:
    """Divides shots where motion changes character, and around what is missing."""
    timeline = plan.probe.timeline()
    spans: list[_Span] = []
    for index, (shot, pairs) in enumerate(zip(shots, series, strict=True)):
        start, end = _border_pts(run, shot.first), _border_pts(run, shot.last)
        holes = [(max(a, start), min(b, end)) for a, b in missing if a < end and b > start]
        edges = sorted({start, end, *(pts for hole in holes for pts in hole)})
        for a, b in pairwise(edges):
            part = _pairs_within(pairs, timeline, a, b)
            if any(a >= hole[0] and b <= hole[1] for hole in holes):
                spans.append(_Span(index, a, b, part.part(0, 0), ("not_analyzed",)))
            else:
                spans += _split(part, timeline, index, (a, b), plan)
    return spans


def _pairs_within(pairs: PairSeries, timeline: Timeline, start: int, end: int) -> PairSeries:
    first = float(timeline.seconds(start)) - 1e-9
    last = float(timeline.seconds(end)) + 1e-9
    return pairs.part(
        int(np.searchsorted(pairs.start_seconds, first)),
        int(np.searchsorted(pairs.start_seconds + pairs.seconds, last, side="right")),
    )


def _split(
    pairs: PairSeries, timeline: Timeline, shot: int, ends: tuple[int, int], plan: Plan
) -> list[_Span]:
    borders = split_shot(pairs, plan.settings.thresholds)
    tick = float(timeline.time_base)
    at = [timeline.start_pts + round(float(pairs.start_seconds[b]) / tick) for b in borders]
    edges = [ends[0], *at, ends[1]]
    cuts = [0, *borders, len(pairs)]
    return [
        _Span(shot, a, b, pairs.part(first, last))
        for (a, b), (first, last) in zip(pairwise(edges), pairwise(cuts), strict=True)
    ]


def _segments(
    run: StitchedRun, plan: Plan, spans: list[_Span], shots: list[ShotSpan], edits: EditList
) -> tuple[list[Segment], dict[str, bytes]]:
    timeline = plan.probe.timeline()
    segments: list[Segment] = []
    thumbnails: dict[str, bytes] = {}
    for index, span in enumerate(spans):
        tags = tag_segment(span.pairs, plan.settings.thresholds, _shows_nothing(run, plan, span))
        peak = _peak(span, tags, timeline)
        still = _still_pts(run, span, peak)
        name = f"thumbnails/{index:04d}.jpg" if still is not None else None
        if name is not None and still is not None:
            thumbnails[name] = run.still(still)
        segments.append(
            Segment(
                index=index,
                shot=span.shot,
                start=instant(timeline, span.start_pts),
                end=instant(timeline, span.end_pts),
                motion=tags.motion,
                camera=tags.camera,
                subject=tags.subject,
                peak=peak,
                confidence=tags.confidence,
                gate=gate_of(span.pairs.rows["gate"], plan.settings.refine),
                flags=sorted({*tags.flags, *_span_flags(run, plan, span, shots, edits)}),
                thumbnail=name,
            )
        )
    return segments, thumbnails


def _shows_nothing(run: StitchedRun, plan: Plan, span: _Span) -> bool:
    """Whether frames are blank: a camera could do anything in front of a bare wall.

    Told by a few of the tiny pictures, in which noise has averaged out.
    """
    pts = run.frames.pts
    first, last = (int(i) for i in np.searchsorted(pts, [span.start_pts, span.end_pts]))
    if first >= last:
        return False
    pictures = run.signatures()
    looked_at = np.unique(np.linspace(first, last - 1, _LOOKED_AT).astype(np.intp)).tolist()
    contrast = [float(pictures(at, at + 1).std()) for at in looked_at]
    return float(np.median(contrast)) < plan.settings.thresholds.nothing_seen_contrast


def _peak(span: _Span, tags: SegmentTags, timeline: Timeline) -> Peak | None:
    if tags.peak is None:
        return None
    seconds = float(span.pairs.start_seconds[tags.peak])
    pts = timeline.start_pts + round(seconds / float(timeline.time_base))
    speed = float(span.pairs.column("speed")[tags.peak])
    return Peak(**instant(timeline, pts).model_dump(), speed=round(speed, 4))


def _still_pts(run: StitchedRun, span: _Span, peak: Peak | None) -> int | None:
    first, last = np.searchsorted(run.still_pts, [span.start_pts, span.end_pts])
    inside = run.still_pts[first:last]
    if not inside.size:
        return None
    wanted = peak.pts if peak else (span.start_pts + span.end_pts) // 2
    return int(inside[np.argmin(np.abs(inside - wanted))])


def _span_flags(
    run: StitchedRun, plan: Plan, span: _Span, shots: list[ShotSpan], edits: EditList
) -> set[str]:
    """Flags that follow from frames, not from pairs."""
    limits = plan.settings.thresholds
    frames = run.frames
    first, last = (int(i) for i in np.searchsorted(frames.pts, [span.start_pts, span.end_pts]))
    flags = set(span.flags)
    if first >= last:
        return flags
    if len(frames) == 1:
        flags.add("single_frame")
    if float(np.median(frames.luma[first:last].astype(np.float32))) < limits.low_light:
        flags.add("low_light")
    if shots[span.shot].black:
        flags.add("black")
    if edits.flash_spans.meet(first, last):
        flags |= {"flash", "photometric_change"}
    if bool(run.corrupt[first:last].any()):
        flags.add("corrupt_frames")
    flags |= _timing_flags(run, plan, first, last)
    flags |= _fade_flags(run, edits, first, last)
    return flags


def _timing_flags(run: StitchedRun, plan: Plan, first: int, last: int) -> set[str]:
    """Frozen and dropped frames, and the end that is missing."""
    flags: set[str] = set()
    frames, limits = run.frames, plan.settings.thresholds
    still = np.concatenate([[False], frames.still[first : last - 1], [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(still)).reshape(-1, 2)
    if any(frames.seconds_between(first + a, first + b) >= limits.frozen_seconds for a, b in edges):
        flags.add("frozen")
    if run.keeps_rate and last - first > 1:
        nominal = 1 / (plan.probe.frame_rate * plan.probe.time_base)
        if int(np.diff(frames.pts[first:last]).max()) > 1.6 * float(nominal):
            flags.add("dropped_frames")
    if last == len(frames) and any(decode.truncated for decode in run.decode):
        flags.add("truncated")
    return flags


def _fade_flags(run: StitchedRun, edits: EditList, first: int, last: int) -> set[str]:
    flags: set[str] = set()
    if first > 0 and last < len(run.frames):
        return flags
    for start, end in edits.blank:
        if first == 0 and start <= 0 and end < len(run.frames):
            flags.add("fade_in")
        if last == len(run.frames) and end >= last and start > 0:
            flags.add("fade_out")
    return flags
