"""What assembly keeps of each chunk: compact columns of its frames and pairs.

A video's worth of these is what bounds assembly's memory: at most 100 bytes a pair, at 25 fps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from flowtag.contracts.chunkfile import ChunkResult, DecodeSummary
from flowtag.contracts.features import FRAME_CORRUPT, FRAME_SKIPPED, FrameTable, light_change
from flowtag.errors import ContractError
from flowtag.least_trusted import Doubt, EvidenceCells
from flowtag.thresholds import Thresholds

COMPACT_PAIR_DTYPE = np.dtype(
    [
        ("first", "<u4"),  # index of the first frame
        ("interval_pts", "<u4"),  # to the second frame
        ("pan", "<f2"),
        ("tilt", "<f2"),
        ("zoom", "<f2"),
        ("roll", "<f2"),
        ("camera_confidence", "<f2"),
        ("speed", "<f2"),
        ("speed_spread", "<f2"),
        ("moving_area", "<f2"),
        ("velocity_x", "<f2"),
        ("velocity_y", "<f2"),
        ("subject_speed", "<f2"),
        ("subject_area", "<f2"),
        ("subject_x", "<f2"),
        ("subject_y", "<f2"),
        ("confidence", "<f2"),
        ("coverage", "<f2"),
        ("texture", "<f2"),
        ("light_change", "<f2"),  # relative to the luma of the first frame
        ("directions", "<u1", (8,)),
        ("gate", "<u2"),
    ]
)

COMPACT_FRAME_DTYPE = np.dtype(
    [
        ("pts", "<i8"),
        ("match", "<f2"),
        ("shift", "<f2"),
        ("luma", "<f2"),
        ("contrast", "<f2"),
        ("detail", "<f2"),
        ("still", "?"),
        ("corrupt", "?"),
        ("skipped", "?"),
    ]
)


@dataclass(frozen=True, slots=True)
class MissingChunk:
    """A chunk without a result, why, and the span ``[start_pts, end_pts)`` that it leaves out."""

    index: int
    reason: str
    start_pts: int
    end_pts: int


@dataclass(slots=True)
class Columns:
    """What is kept of the chunks so far.

    Attributes:
        frames: rows of ``COMPACT_FRAME_DTYPE``, by chunk.
        pairs: rows of ``COMPACT_PAIR_DTYPE``, by chunk.
        still_pts: pts of the stills, and ``still_chunks`` the chunk that each is in.
        evidence_chunks: the chunk of each of the least trusted pairs so far, in their order.
        decode: the chunks' decoding summaries.
        engines: what ran the model, of the chunks that asked one.
        missing: chunks without a result.
        starts: index of each chunk's first frame.
        count: of frames.
        last_duration_pts: how long the last frame is shown; 0 where nobody says.
    """

    frames: list[npt.NDArray[np.void]] = field(default_factory=list)
    pairs: list[npt.NDArray[np.void]] = field(default_factory=list)
    still_pts: list[int] = field(default_factory=list)
    still_chunks: list[int] = field(default_factory=list)
    evidence_chunks: dict[Doubt, int] = field(default_factory=dict)
    decode: list[DecodeSummary] = field(default_factory=list)
    engines: set[str] = field(default_factory=set)
    missing: list[MissingChunk] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    count: int = 0
    last_duration_pts: int = 0

    def append(
        self, index: int, chunk: ChunkResult, cells: EvidenceCells, limits: Thresholds
    ) -> None:
        """Takes what is needed of a chunk, the next one of the plan."""
        self.decode.append(chunk.meta.decode)
        if chunk.meta.engine is not None:
            self.engines.add(chunk.meta.engine)
        self.still_pts.extend(sorted(chunk.stills))
        self.still_chunks.extend([index] * len(chunk.stills))
        doubts = (Doubt.of(pair_at(chunk, pts), limits) for pts in chunk.evidence)
        known = self.evidence_chunks | {doubt: index for doubt in doubts if doubt is not None}
        # Of a long video most chunks' evidence is not wanted in the end.
        self.evidence_chunks = {doubt: known[doubt] for doubt in cells.least_trusted(known)}
        if not len(chunk.frames):
            return
        self.frames.append(_compact_frames(chunk.frames))
        self.pairs.append(_compact_pairs(chunk, self.count))
        self.count += len(chunk.frames)
        self.last_duration_pts = int(chunk.frames["duration_pts"][-1])


def pair_at(chunk: ChunkResult, pts: int) -> np.void:
    """The row of ``PAIR_DTYPE`` of the pair that begins at a pts.

    Raises:
        ContractError: there is none.
    """
    at = int(np.searchsorted(chunk.pairs["pts"], pts))
    if at == len(chunk.pairs) or int(chunk.pairs["pts"][at]) != pts:
        raise ContractError(f"the chunk file has evidence of a pair at {pts}, and no such pair")
    row: np.void = chunk.pairs[at]
    return row


def _compact_frames(rows: FrameTable) -> npt.NDArray[np.void]:
    compact = np.zeros(len(rows), dtype=COMPACT_FRAME_DTYPE)
    for name in ("pts", "match", "shift", "luma", "contrast", "detail"):
        compact[name] = rows[name]
    compact["still"] = rows["temporal_information"] == 0
    compact["still"] &= rows["difference"] == 0
    compact["corrupt"] = (rows["flags"] & FRAME_CORRUPT) > 0
    compact["skipped"] = (rows["flags"] & FRAME_SKIPPED) > 0
    return compact


def _compact_pairs(chunk: ChunkResult, offset: int) -> npt.NDArray[np.void]:
    rows = chunk.pairs
    compact = np.zeros(len(rows), dtype=COMPACT_PAIR_DTYPE)
    for name in COMPACT_PAIR_DTYPE.names or ():
        if name in (rows.dtype.names or ()):
            compact[name] = rows[name]
    compact["first"] = offset + np.searchsorted(chunk.frames["pts"], rows["pts"])
    interval = np.minimum(rows["second_pts"] - rows["pts"], np.iinfo(np.uint32).max)
    compact["interval_pts"] = interval
    compact["light_change"] = light_change(rows["gain"], rows["offset"], rows["luma"])
    return compact
