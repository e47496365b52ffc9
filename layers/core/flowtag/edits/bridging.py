"""Frames that were never decoded: what the search for edits takes in their place.

Nothing is made up that could pass for an event: measures run straight from the decoded frame before
to the one after, as those of a dissolve or a fade do, and a step that leads over skipped frames is
spread evenly over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from flowtag.edits.edit import FrameEvidence, Signatures

Flags = npt.NDArray[np.bool_]


class _Ways(NamedTuple):
    """Of some frames: the whole frames around each, and how far between them it lies, 0 to 1."""

    before: npt.NDArray[np.int32]
    after: npt.NDArray[np.int32]
    share: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bridges:
    """Which frames are bridged, and from where to where.

    Attributes:
        skipped: ``(frames,)`` bool.
        whole: indices of the frames that were decoded without damage, rising.
        pts: ``(frames,)``, rising.
    """

    skipped: Flags
    whole: npt.NDArray[np.int32]
    pts: npt.NDArray[np.int64]

    @classmethod
    def over(cls, skipped: Flags, corrupt: Flags, pts: npt.NDArray[np.int64]) -> Self | None:
        """The bridges over skipped frames; None where none was skipped, or nothing was seen.

        Args:
            skipped: ``(frames,)`` bool: never decoded; kept.
            corrupt: ``(frames,)`` bool: decoded, but not whole.
            pts: of the frames, rising; kept.
        """
        whole = np.flatnonzero(~skipped & ~corrupt).astype(np.int32)
        if not skipped.any() or not whole.size:
            return None
        return cls(skipped, whole, pts)

    def _ways(self, at: npt.NDArray[np.intp]) -> _Ways:
        """The first frames have the whole one after them on both sides, the last likewise."""
        last = self.whole.size - 1
        before = self.whole[np.maximum(np.searchsorted(self.whole, at, side="right") - 1, 0)]
        after = self.whole[np.minimum(np.searchsorted(self.whole, at), last)]
        start = self.pts[before]
        length = (self.pts[after] - start).astype(np.float64)
        share = np.clip((self.pts[at] - start) / np.where(length > 0, length, 1.0), 0, 1)
        return _Ways(before, after, share.astype(np.float32))

    def fill(self, frames: FrameEvidence, doubtful_match: float) -> None:
        """Writes what is taken for skipped frames, and for the steps over them.

        Args:
            frames: evidence, changed in place.
            doubtful_match: a step over skipped frames that is explained less is told of at its
                end, where a frame was seen.
        """
        at = np.flatnonzero(self.skipped)
        before, after, share = self._ways(at)
        for values in (frames.luma, frames.contrast, frames.detail):
            first = values[before].astype(np.float32)
            second = values[after].astype(np.float32)
            values[at] = first + (second - first) * share
        self._spread(frames, at, doubtful_match)

    def _spread(
        self, frames: FrameEvidence, at: npt.NDArray[np.intp], doubtful_match: float
    ) -> None:
        decoded = np.flatnonzero(~self.skipped)
        place = np.searchsorted(decoded, at) - 1
        frames.match[at[place < 0]], frames.shift[at[place < 0]] = 1.0, 0.0
        at, place = at[place >= 0], place[place >= 0]
        owner = decoded[place]
        following = decoded[np.minimum(place + 1, decoded.size - 1)]
        steps = np.maximum(following - owner, 1)
        match, shift, still = frames.match[owner], frames.shift[owner], frames.still[owner]
        doubtful = match < doubtful_match
        frames.match[at] = np.where(doubtful & (at < following - 1), 1.0, match)
        frames.shift[at] = shift / steps
        frames.still[at] = still
        begun = np.unique(place)
        first, last = decoded[begun], decoded[np.minimum(begun + 1, decoded.size - 1)]
        frames.shift[first] /= np.maximum(last - first, 1)
        frames.match[first] = np.where(
            frames.match[first] < doubtful_match, 1.0, frames.match[first]
        )

    def signatures(self, signatures: Signatures) -> Signatures:
        """Access to tiny pictures in which mixtures of their neighbours stand for skipped ones."""

        def pictures(first: int, last: int) -> npt.NDArray[np.float32]:
            last = min(last, len(self.skipped))
            if first >= last:
                return signatures(first, last)
            before, after, share = self._ways(np.arange(first, last))
            low, high = min(int(before.min()), first), max(int(after.max()), last - 1)
            seen = signatures(low, high + 1)
            found = seen[first - low : last - low]
            for at in np.flatnonzero(self.skipped[first:last]).tolist():
                mixed = (1 - share[at]) * seen[before[at] - low]
                found[at] = mixed + share[at] * seen[after[at] - low]
            return found

        return pictures
