"""Where a window that was decoded sparsely must be decoded wholly: around candidate edits.

From the frames of the window alone, so that chunk borders cannot show. Each rule asks a little less
than the search whose result it serves, since what is seen over a longer interval differs more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.edits.bridging import Bridges
from flowtag.edits.dissolves import detail_dips
from flowtag.edits.edit import FrameEvidence, Signatures
from flowtag.thresholds import Thresholds

# Margins are frames of the video. The search for cuts looks so far to both sides of a step.
_CUT_MARGIN = 6
_BLANK_MARGIN = 3
_DISSOLVE_MARGIN = 8
# A longer one is told well enough by some of its frames, and costs too much to go back to.
_LONGEST_DISSOLVE_SECONDS = 2.0
_NEIGHBOURS = 4
_LEAST_MIXED, _PLAINLY_MIXED = 0.15, 0.9
_SUSPECT_MATCH = 0.5
_SUSPECT_DROP = 0.8
_SUSPECT_JUMP_ALONE = 0.35
_FLASH_LEVELS = 24.0

Span = tuple[int, int]
"""First and last frame of a stretch, by index in the window."""


@dataclass(frozen=True, slots=True)
class SparseWindow:
    """What is known of a window of which some frames were not decoded.

    Attributes:
        frames: evidence of all its frames and of the one after it, NaN where skipped; that of a
            step concerns the way to the next decoded frame.
        skipped: ``(frames,)`` bool.
        signatures: the tiny pictures, by index; of skipped ones nothing.
    """

    frames: FrameEvidence
    skipped: npt.NDArray[np.bool_]
    signatures: Signatures


def stretches_to_decode(window: SparseWindow, limits: Thresholds) -> list[Span]:
    """The stretches of a window of which every frame must be decoded, in order.

    Args:
        window: as it was seen.
        limits: of the search for edits.
    """
    found = [
        *_suspected_cuts(window, limits),
        *_blank_borders(window, limits),
        *_suspected_dissolves(window, limits),
    ]
    last = len(window.skipped) - 1
    joined = _joined([(max(first, 0), min(end, last)) for first, end in found])
    return [(first, end) for first, end in joined if window.skipped[first : end + 1].any()]


def _gaps(window: SparseWindow) -> Iterator[tuple[int, int, int]]:
    """Place among the decoded, first and last frame of each step over skipped frames."""
    decoded = np.flatnonzero(~window.skipped)
    for place in np.flatnonzero(np.diff(decoded) > 1).tolist():
        yield place, int(decoded[place]), int(decoded[place + 1])


def _suspected_cuts(window: SparseWindow, limits: Thresholds) -> Iterator[Span]:
    frames = window.frames
    decoded = np.flatnonzero(~window.skipped)
    match = np.nan_to_num(frames.match[decoded].astype(np.float64), nan=1.0)
    shift = np.nan_to_num(frames.shift[decoded].astype(np.float64))
    luma = frames.luma.astype(np.float64)
    for place, first, second in _gaps(window):
        around = np.r_[max(place - _NEIGHBOURS, 0) : place, place + 1 : place + 1 + _NEIGHBOURS]
        around = around[around < len(decoded) - 1]
        usual = np.sort(match[around])[-min(3, around.size)] if around.size else 1.0
        is_cut = match[place] < min(_SUSPECT_MATCH, _SUSPECT_DROP * usual)
        beside = shift[around].max(initial=0.0)
        is_jump = shift[place] >= limits.jump_widths and (
            beside <= _SUSPECT_JUMP_ALONE * shift[place]
        )
        if is_cut or is_jump or abs(luma[second] - luma[first]) > _FLASH_LEVELS:
            yield first - _CUT_MARGIN, second + _CUT_MARGIN


def _blank_borders(window: SparseWindow, limits: Thresholds) -> Iterator[Span]:
    """Steps that lead from a picture to none, or back."""
    frames = window.frames
    blank = (frames.contrast < limits.blank_contrast) | (
        frames.luma < limits.black_behind_logo_luma
    )
    for _, first, second in _gaps(window):
        if blank[first] != blank[second]:
            yield first - _BLANK_MARGIN, second + _BLANK_MARGIN


def _suspected_dissolves(window: SparseWindow, limits: Thresholds) -> Iterator[Span]:
    """Dips of detail at which a frame is a mix of those to both sides."""
    pts, skipped = window.frames.pts, window.skipped
    bridges = Bridges.over(skipped, np.zeros_like(skipped), pts)
    if bridges is None:
        return
    frames = window.frames.copy()
    bridges.fill(frames, limits.cut_match)
    signatures = bridges.signatures(window.signatures)
    for dip in detail_dips(frames, limits):
        first, last = dip.centre - dip.half_span, dip.centre + dip.half_span
        if frames.seconds_between(first, last) > _LONGEST_DISSOLVE_SECONDS:
            continue
        if _is_mixed(signatures(first, last + 1)[[0, dip.half_span, -1]], limits):
            yield first - _DISSOLVE_MARGIN, last + _DISSOLVE_MARGIN


def _is_mixed(pictures: npt.NDArray[np.float32], limits: Thresholds) -> bool:
    """Whether the second of three tiny pictures is a mix of the others, which differ."""
    old, middle, new = (picture.ravel() - picture.mean() for picture in pictures)
    spread = float(np.linalg.norm(old) * np.linalg.norm(new))
    if spread <= 0 or float(old @ new) > limits.same_picture * spread:
        return False
    weights, *_ = np.linalg.lstsq(np.stack([old, new], axis=1), middle, rcond=None)
    left = middle - weights[0] * old - weights[1] * new
    explained = 1 - float(left @ left) / max(float(middle @ middle), 1e-6)
    return explained >= _PLAINLY_MIXED and float(weights.min()) >= _LEAST_MIXED


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
