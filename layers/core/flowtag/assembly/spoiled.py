"""Frames that damage has spoiled: nothing was measured in them, so others stand in for them.

Edits are found in evidence without holes. A spoiled frame counts as the whole frame before it (at
the beginning: after it), which is no edit; whether the scene is another one when the picture comes
back, the whole frames on both sides say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import FrameEvidence, Signatures, correlation
from flowtag.thresholds import Thresholds

_REACH_CELLS = 6

Indices = npt.NDArray[np.int32]


def stand_ins(spoiled: npt.NDArray[np.bool_]) -> Indices | None:
    """``(frames,)`` index of the frame that counts in each one's place.

    Args:
        spoiled: ``(frames,)`` bool.

    Returns:
        None where no frame needs another, or none could stand in.
    """
    if not spoiled.any() or spoiled.all():
        return None
    index = np.arange(len(spoiled), dtype=np.int32)
    before = np.maximum.accumulate(np.where(spoiled, -1, index)).astype(np.int32)
    return np.where(before < 0, np.int32(np.argmin(spoiled)), before).astype(np.int32)


def with_stand_ins(signatures: Signatures, instead: Indices) -> Signatures:
    """Access to tiny pictures in which whole frames stand in for spoiled ones."""

    def pictures(first: int, last: int) -> npt.NDArray[np.float32]:
        found = signatures(first, last)
        wanted = instead[first : first + len(found)]
        for at in np.flatnonzero(wanted != np.arange(first, first + len(found))).tolist():
            place = int(wanted[at])
            found[at] = signatures(place, place + 1)[0]
        return found

    return pictures


def fill_in(
    frames: FrameEvidence, signatures: Signatures, instead: Indices, limits: Thresholds
) -> None:
    """Writes the stand-ins' evidence, and that of the steps around them, into ``frames``."""
    for values in (frames.luma, frames.contrast, frames.detail):
        values[:] = values[instead]
    for first, last in _spoiled_runs(instead):
        steps = slice(max(first - 1, 0), min(last, len(frames) - 1))
        frames.match[steps], frames.shift[steps], frames.still[steps] = 1.0, 0.0, False
        if first > 0 and last < len(frames):
            before, after = signatures(first - 1, first)[0], signatures(last, last + 1)[0]
            if correlation(before, after, _REACH_CELLS) < limits.turmoil_likeness:
                frames.match[last - 1] = 0.0


def _spoiled_runs(instead: Indices) -> list[list[int]]:
    """``[first, last)`` of each run of spoiled frames."""
    spoiled = np.concatenate([[False], instead != np.arange(len(instead)), [False]])
    edges = np.flatnonzero(np.diff(spoiled.astype(np.int8)))
    runs: list[list[int]] = edges.reshape(-1, 2).tolist()
    return runs
