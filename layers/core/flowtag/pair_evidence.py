"""The pairs of a chunk that are least trusted, kept while it is analysed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from flowtag.contracts.evidence import EvidenceSample, write_sample
from flowtag.contracts.features import PairTable
from flowtag.contracts.messages import ChunkTask
from flowtag.cut_pairs import CutTest
from flowtag.flow.field import FlowField, GreyImage
from flowtag.flow.frame_pair import FramePair
from flowtag.least_trusted import Doubt, EvidenceCells

_JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True)
class _Kept:
    pair: FramePair
    flow: FlowField
    second_pts: int


class EvidenceKeeper:
    """Takes pairs as they are estimated and keeps the least trusted ones.

    No more than the run's cap is held at a time. What lies across a cut is no evidence: flow has
    to fail there.
    """

    def __init__(self, task: ChunkTask) -> None:
        self._limits = task.settings.thresholds
        self._cells = EvidenceCells(task.probe, task.settings)
        self._crosses_cut = CutTest(task.settings.thresholds)
        self._kept: dict[Doubt, _Kept] = {}

    def offer(self, row: PairTable, pair: FramePair, flow: FlowField) -> None:
        """Keeps a pair if it is among the least trusted so far.

        Args:
            row: its features, ``PAIR_DTYPE``, of length 1.
            pair: its frames.
            flow: between them.
        """
        doubt = Doubt.of(row[0], self._limits)
        if doubt is None:
            return
        least = self._cells.least_trusted([*self._kept, doubt])
        if doubt not in least or self._crosses_cut(pair):
            return
        candidates = self._kept | {doubt: _Kept(pair, flow, int(row["second_pts"][0]))}
        self._kept = {one: candidates[one] for one in least}

    def samples(self) -> dict[int, bytes]:
        """By pts, the file of each pair that is kept."""
        return {doubt.pts: _sample(doubt.pts, kept) for doubt, kept in sorted(self._kept.items())}


def _sample(pts: int, kept: _Kept) -> bytes:
    flow = kept.flow
    return write_sample(
        EvidenceSample(
            pts=pts,
            second_pts=kept.second_pts,
            step_px=flow.step_px,
            first=_grey_jpeg(kept.pair.first),
            second=_grey_jpeg(kept.pair.second),
            vectors=flow.vectors,
            confidence=flow.confidence,
            round_trip_px=flow.round_trip_px,
            residual=flow.residual,
            texture=np.sqrt(np.maximum(flow.texture, 0)),
        )
    )


def _grey_jpeg(image: GreyImage) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
