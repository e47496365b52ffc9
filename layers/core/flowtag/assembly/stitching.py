"""Chunks laid end to end: compact columns for the whole video, pictures only on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from flowtag.assembly.columns import (
    COMPACT_FRAME_DTYPE,
    COMPACT_PAIR_DTYPE,
    Columns,
    MissingChunk,
    pair_at,
)
from flowtag.assembly.spoiled import Indices, fill_in, stand_ins, with_stand_ins
from flowtag.contracts.chunkfile import (
    ChunkResult,
    DecodeSummary,
    read_chunk,
    read_failed_chunk,
)
from flowtag.contracts.features import SIGNATURE_SHAPE
from flowtag.contracts.messages import Plan
from flowtag.edits.bridging import Bridges
from flowtag.edits.edit import FrameEvidence, PairEvidence, Signatures
from flowtag.errors import ContractError
from flowtag.least_trusted import Doubt, EvidenceCells

LoadChunk = Callable[[int], bytes | None]
"""Bytes of a chunk's ``.npz``, or of its ``.failed.json``, or None where there is neither."""

_CACHED_CHUNKS = 4
_LEAST_REGULAR = 0.85
_ROUNDING_TICKS = 1.0


@dataclass(slots=True)
class StitchedRun:
    """Everything that assembly keeps of a whole video: at most 100 bytes a pair, at 25 fps.

    Attributes:
        frames: evidence of every frame.
        corrupt: ``(frames,)`` bool: damaged in decoding.
        skipped: ``(frames,)`` bool: never decoded; None where all were.
        bridges: over skipped frames; None where there are none.
        instead: for each frame the one that counts in its place; None where none is damaged.
        last_duration_pts: how long the last frame is shown.
        pairs: ``COMPACT_PAIR_DTYPE``, in order.
        still_pts: pts of the stills, in order, and ``still_chunks`` the chunk that each is in.
        evidence_chunks: the chunk of each pair of which evidence is kept, the least trusted
            pair first.
        decode: the chunks' decoding summaries.
        engines: what ran the model, of the chunks that asked one.
        missing: chunks without a result.
        keeps_rate: frames come at the nominal rate, but for some that are missing.
    """

    frames: FrameEvidence
    corrupt: npt.NDArray[np.bool_]
    skipped: npt.NDArray[np.bool_] | None
    bridges: Bridges | None
    instead: Indices | None
    last_duration_pts: int
    pairs: npt.NDArray[np.void]
    still_pts: npt.NDArray[np.int64]
    still_chunks: npt.NDArray[np.int32]
    evidence_chunks: dict[Doubt, int]
    decode: list[DecodeSummary]
    engines: set[str]
    missing: list[MissingChunk]
    keeps_rate: bool
    starts: npt.NDArray[np.int64]
    load: Callable[[int], ChunkResult]

    @property
    def start_pts(self) -> int:
        """Where the video begins, chunks without a result included."""
        return min([int(self.frames.pts[0]), *(chunk.start_pts for chunk in self.missing)])

    @property
    def end_pts(self) -> int:
        """Where the video ends, chunks without a result included."""
        return max([self.frames_end_pts, *(chunk.end_pts for chunk in self.missing)])

    @property
    def frames_end_pts(self) -> int:
        """Where the last frame ends."""
        return int(self.frames.pts[-1]) + self.last_duration_pts

    def signatures(self) -> Signatures:
        """Access to the tiny pictures by frame index, loading chunks as they are asked for."""

        def pictures(first: int, last: int) -> npt.NDArray[np.float32]:
            parts = list(self._signature_parts(first, last))
            if not parts:
                return np.empty((0, *SIGNATURE_SHAPE), dtype=np.float32)
            return np.concatenate(parts).astype(np.float32)

        seen = pictures if self.bridges is None else self.bridges.signatures(pictures)
        return seen if self.instead is None else with_stand_ins(seen, self.instead)

    def pair_evidence(self) -> PairEvidence:
        """What flow says, for the search for edits."""
        pairs = self.pairs
        return PairEvidence(pairs["first"], pairs["confidence"], pairs["speed"])

    def _signature_parts(self, first: int, last: int) -> Iterator[npt.NDArray[np.uint8]]:
        chunk = max(int(np.searchsorted(self.starts, first, side="right")) - 1, 0)
        while chunk < len(self.starts) and self.starts[chunk] < last:
            offset = int(self.starts[chunk])
            if chunk + 1 >= len(self.starts) or self.starts[chunk + 1] > offset:
                rows = self.load(chunk).signatures
                yield rows[max(first - offset, 0) : max(last - offset, 0)]
            chunk += 1

    def still(self, pts: int) -> bytes:
        """The JPEG of a still by its pts."""
        at = int(np.searchsorted(self.still_pts, pts))
        return self.load(int(self.still_chunks[at])).stills[pts]

    def evidence(self, doubt: Doubt) -> tuple[np.void, bytes]:
        """The row of ``PAIR_DTYPE`` of a pair that a chunk kept, and its file."""
        chunk = self.load(self.evidence_chunks[doubt])
        return pair_at(chunk, doubt.pts), chunk.evidence[doubt.pts]


def stitch(plan: Plan, load_chunk: LoadChunk) -> StitchedRun:
    """Lays the chunks of a run end to end, in the plan's order.

    No two chunks deliver the same frame: each leaves out what lies outside its range.
    """

    @lru_cache(maxsize=_CACHED_CHUNKS)
    def load(index: int) -> ChunkResult:
        data = load_chunk(index)
        if data is None:
            raise ContractError(f"chunk {index} is gone")
        return read_chunk(data)

    columns, cells = Columns(), EvidenceCells(plan.probe, plan.settings)
    for index in range(len(plan.chunks)):
        columns.starts.append(columns.count)
        reason = _why_missing(load_chunk(index))
        if reason is not None:
            columns.missing.append(MissingChunk(index, reason, *_span(plan, index)))
            continue
        columns.append(index, load(index), cells, plan.settings.thresholds)
    frames = np.concatenate([*columns.frames, np.empty(0, COMPACT_FRAME_DTYPE)])
    evidence, corrupt = _evidence(frames, plan), frames["corrupt"].copy()
    skipped = frames["skipped"].copy() if frames["skipped"].any() else None
    run = StitchedRun(
        frames=evidence,
        corrupt=corrupt,
        skipped=skipped,
        bridges=None if skipped is None else Bridges.over(skipped, corrupt, evidence.pts),
        instead=stand_ins(frames["corrupt"]),
        last_duration_pts=columns.last_duration_pts or _usual_duration(frames["pts"], plan),
        pairs=np.concatenate([*columns.pairs, np.empty(0, COMPACT_PAIR_DTYPE)]),
        still_pts=np.array(columns.still_pts, dtype=np.int64),
        still_chunks=np.array(columns.still_chunks, dtype=np.int32),
        evidence_chunks=columns.evidence_chunks,
        decode=columns.decode,
        engines=columns.engines,
        missing=columns.missing,
        keeps_rate=_keeps_rate(frames["pts"], plan),
        starts=np.array(columns.starts, dtype=np.int64),
        load=load,
    )
    if run.bridges is not None:
        run.bridges.fill(run.frames, plan.settings.thresholds.cut_match)
    if run.instead is not None:
        fill_in(run.frames, run.signatures(), run.instead, plan.settings.thresholds)
    return run


def _span(plan: Plan, index: int) -> tuple[int, int]:
    """Where a chunk begins and ends; a frame at the least, where nobody says how long it is."""
    chunk, probe = plan.chunks[index], plan.probe
    start = probe.start_pts if chunk.start_pts is None else chunk.start_pts
    frame_pts = 1 / (probe.frame_rate * probe.time_base)
    end = probe.end_pts if chunk.end_pts is None else chunk.end_pts
    if end is None:
        end = probe.start_pts + round((probe.frames_expected or 0) * frame_pts)
    return start, max(end, start + max(round(frame_pts), 1))


def _keeps_rate(pts: npt.NDArray[np.int64], plan: Plan) -> bool:
    """Whether nearly all frames follow each other at the nominal rate, and none irregularly.

    The probe calls a rate variable as soon as one frame is missing: then, too, it is a drop.
    """
    if not plan.probe.variable_frame_rate:
        return True
    nominal = 1 / float(plan.probe.frame_rate * plan.probe.time_base)
    intervals = np.diff(pts)
    whole = np.abs(intervals - np.rint(intervals / nominal) * nominal) <= _ROUNDING_TICKS
    regular = np.abs(intervals - nominal) <= _ROUNDING_TICKS
    return bool(intervals.size and whole.all() and regular.mean() >= _LEAST_REGULAR)


def _usual_duration(pts: npt.NDArray[np.int64], plan: Plan) -> int:
    """Ticks that the last frame is shown for, where its container does not say."""
    if len(pts) > 1:
        return int(pts[-1] - pts[-2])
    return max(round(1 / (plan.probe.frame_rate * plan.probe.time_base)), 1)


def _why_missing(data: bytes | None) -> str | None:
    if data is None:
        return "not analysed"
    if data[:2] == b"PK":
        return None
    failed = read_failed_chunk(data)
    return f"{failed.code}: {failed.message}"


def _evidence(frames: npt.NDArray[np.void], plan: Plan) -> FrameEvidence:
    return FrameEvidence(
        pts=frames["pts"].copy(),
        match=frames["match"].copy(),
        shift=frames["shift"].copy(),
        luma=frames["luma"].copy(),
        contrast=frames["contrast"].copy(),
        detail=frames["detail"].copy(),
        still=frames["still"].copy(),
        seconds_per_tick=plan.probe.time_base,
    )
