"""What the search for edits sees of a few rendered or drawn pictures, without any codec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import FrameEvidence, PairEvidence, Signatures
from flowtag.flow.dis import DisFlow
from flowtag.flow.frame_pair import FramePair
from flowtag.motion.evidence import FrameMeasures, StepComparer, measure_frame
from flowtag.motion.picture_area import find_picture
from flowtag.motion.statistics import PairTime, pair_features
from flowtag.settings import FlowSettings
from tests.rendering import Clip, Edit, Look, Shot, render_frames
from tests.rendering.pictures import Image

SIZE = (192, 108)
FRAME_SECONDS = Fraction(1, 25)
_PAIR_FRAMES = 2


@dataclass(frozen=True)
class Evidence:
    """All that edits are decided on."""

    frames: FrameEvidence
    signatures: Signatures
    pairs: PairEvidence


def clip_of(*shots: Shot, edits: Iterable[Edit] = (), look: Look | None = None) -> Clip:
    """A small clip."""
    return Clip("evidence", shots, tuple(edits), look or Look(), SIZE)


def evidence_of(clip: Clip) -> Evidence:
    """The evidence of a clip's own frames."""
    return evidence_in(
        np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
        for frame in render_frames(clip)
    )


def evidence_in(pictures: Iterable[Image]) -> Evidence:
    """The evidence of grey pictures at 25 frames per second."""
    shown = [measure_frame(picture) for picture in pictures]
    comparer = StepComparer()
    steps = [comparer.compare(*both) for both in pairwise(shown)]
    tiny = np.array([frame.signature for frame in shown], np.float32)

    frames = FrameEvidence(
        pts=np.arange(len(shown), dtype=np.int64),
        match=np.array([*(step.match for step in steps), np.nan], np.float16),
        shift=np.array([*(step.shift for step in steps), np.nan], np.float16),
        luma=np.array([frame.luma for frame in shown], np.float16),
        contrast=np.array([frame.contrast for frame in shown], np.float16),
        detail=np.array([frame.detail for frame in shown], np.float32),
        still=np.array([*(step.temporal_information == 0 for step in steps), False]),
        seconds_per_tick=FRAME_SECONDS,
    )
    return Evidence(frames, lambda first, last: tiny[first:last], _pairs(shown))


def _pairs(shown: list[FrameMeasures]) -> PairEvidence:
    first = np.arange(0, len(shown) - _PAIR_FRAMES, _PAIR_FRAMES)
    rows = [row for at in first for row in _pair(shown[at], shown[at + _PAIR_FRAMES])]
    return PairEvidence(
        first.astype(np.uint32),
        np.array([row["confidence"] for row in rows], np.float16),
        np.array([row["speed"] for row in rows], np.float16),
    )


def _pair(first: FrameMeasures, second: FrameMeasures) -> Iterator[npt.NDArray[np.void]]:
    pair = FramePair.of(first.image, second.image)
    (flow,) = DisFlow(FlowSettings()).estimate([pair])
    time = PairTime(0, _PAIR_FRAMES, float(_PAIR_FRAMES * FRAME_SECONDS))
    yield from pair_features(flow, pair.change, find_picture(first.image), time)
