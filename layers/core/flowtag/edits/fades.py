"""Fades through, to and from black or white: contrast runs down to nothing and up again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import Edit, FrameEvidence
from flowtag.thresholds import Thresholds

_WHITE_LUMA = 239.0
_LONGEST_RAMP_SECONDS = 5.0
_SHORTEST_RAMP_FRAMES = 3
_PLATEAU = 0.96
_LOW, _HIGH = 0.12, 0.85
_SLACK = 1.02
_SEEN_CONTRAST = 8.0
_CUT_MATCH = 0.2


@dataclass(frozen=True, slots=True)
class BlankRun:
    """Frames ``[first, last)`` that show nothing, and the ramps that lead there and away.

    Attributes:
        ramp_start: first frame darker than its shot; equals ``first`` where it was a hard cut.
        ramp_end: first frame at full contrast again; equals ``last`` where it was a hard cut.
        black: dark, not white.
    """

    first: int
    last: int
    ramp_start: int
    ramp_end: int
    black: bool


def find_blank_runs(frames: FrameEvidence, limits: Thresholds) -> list[BlankRun]:
    """Runs of blank frames with their ramps."""
    luma, contrast = frames.luma.astype(np.float32), frames.contrast.astype(np.float32)
    plain = contrast < limits.blank_contrast
    # Of a frame this dark a burnt-in logo is all that can be seen.
    black = (plain & (luma < limits.black_luma)) | (luma < limits.black_behind_logo_luma)
    blank = black | (plain & (luma > _WHITE_LUMA))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], blank, [False]]).astype(np.int8)))
    runs = []
    for first, last in edges.reshape(-1, 2).tolist():
        dark = bool(luma[first] < 128)
        height = luma if dark else contrast
        before = _ramp(frames, height, first - 1, -1)
        after = _ramp(frames, height, last, +1)
        runs.append(BlankRun(first, last, first - before, last + after, dark))
    return runs


def fades_of(
    runs: list[BlankRun], frames: FrameEvidence, limits: Thresholds
) -> tuple[list[Edit], list[tuple[int, int]]]:
    """The edits that blank runs make, and the ``[first, last)`` frames of black shots."""
    edits: list[Edit] = []
    shots: list[tuple[int, int]] = []
    for run in runs:
        if run.ramp_start <= 0 and run.ramp_end >= len(frames):
            continue
        long = _seconds(frames, run.first, run.last) >= limits.black_shot_seconds
        if run.black and long:
            shots.append((run.first, run.last))
            if run.first > 0:
                edits.append(_edge(run.ramp_start, run.first, out=True))
            if run.last < len(frames):
                edits.append(_edge(run.last, run.ramp_end, out=False))
            continue
        ramps = run.ramp_start < run.first or run.ramp_end > run.last
        if ramps and run.ramp_start > 0 and run.ramp_end < len(frames) and run.first > 0:
            edits.append(Edit("fade", run.ramp_start, run.ramp_end))
    return edits, shots


def _edge(start: int, end: int, out: bool) -> Edit:
    if start == end:
        return Edit("cut", start, start)
    return Edit("fade", start, end + (1 if out else 0))


def _seconds(frames: FrameEvidence, first: int, last: int) -> float:
    if last < len(frames):
        return frames.seconds_between(first, last)
    return frames.seconds_between(first, len(frames) - 1)


def _ramp(frames: FrameEvidence, height: npt.NDArray[np.float32], edge: int, way: int) -> int:
    """Frames of the ramp that begins next to a blank run at ``edge`` and leads away from it.

    The height (luma from black, contrast from white) must rise steadily and without a cut; a line
    through its middle part tells where it began and ended.
    """
    values = [0.0]
    index = edge
    while 0 <= index < len(frames):
        away = abs(frames.seconds_between(min(edge, index), max(edge, index)))
        if away > _LONGEST_RAMP_SECONDS or float(height[index]) * _SLACK < max(values):
            break
        if len(values) > 1 and _is_cut(frames, min(index, index - way)):
            break
        values.append(float(height[index]))
        index += way
    heights = np.array(values[1:])
    if heights.size < _SHORTEST_RAMP_FRAMES:
        return 0
    top = float(heights.max())
    reached = int(np.argmax(heights >= _PLATEAU * top)) + 1
    middle = np.flatnonzero((heights[:reached] > _LOW * top) & (heights[:reached] < _HIGH * top))
    if middle.size < 2:
        return reached if reached >= _SHORTEST_RAMP_FRAMES else 0
    slope, base = np.polyfit(middle + 1.0, heights[middle], 1)
    if slope <= 0:
        return 0
    return int(np.clip(np.rint((top - base) / slope), _SHORTEST_RAMP_FRAMES, heights.size))


def _is_cut(frames: FrameEvidence, step: int) -> bool:
    """Whether a step between two frames that both show something is unexplained by motion."""
    seen = float(min(frames.contrast[step], frames.contrast[step + 1])) > _SEEN_CONTRAST
    return seen and float(frames.match[step]) < _CUT_MATCH
