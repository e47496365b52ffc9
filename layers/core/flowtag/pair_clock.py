"""Which frames form pairs, from their timestamps alone: so chunk borders cannot show."""

from __future__ import annotations

from fractions import Fraction

from flowtag.settings import FlowSettings
from flowtag.timing import Timeline, round_half_up

_LONGEST_PAIR_SECONDS = Fraction(1, 2)


class PairClock:
    """Which frames begin and end pairs, from their timestamps alone.

    The timeline is cut into cells of a whole number of nominal frames; the last frame of a cell
    is an anchor, and flow runs from anchor to anchor. That a frame is the last of its cell shows
    by the frame after it, so a worker need not know what came before its chunk.
    """

    def __init__(self, timeline: Timeline, settings: FlowSettings) -> None:
        self._timeline = timeline
        self.frames_per_pair = max(
            round_half_up(timeline.frame_rate / settings.pairs_per_second), 1
        )
        longest = max(_LONGEST_PAIR_SECONDS, 3 * self.frames_per_pair / timeline.frame_rate)
        self._frame_pts = max(int(1 / (timeline.frame_rate * timeline.time_base)), 1)
        self._longest_pts = int(longest / timeline.time_base)

    def is_anchor(self, pts: int, next_pts: int) -> bool:
        """Whether the frame at ``pts``, followed by the one at ``next_pts``, is an anchor."""
        return self._cell(pts) != self._cell(next_pts)

    def should_be_anchor(self, pts: int) -> bool:
        """Whether the frame at ``pts`` is an anchor if the one after it comes when it is due."""
        return self.is_anchor(pts, pts + self._frame_pts)

    def too_long(self, pts: int, second_pts: int) -> bool:
        """Whether frames are missing between, so that flow would say nothing of the time."""
        return second_pts - pts > self._longest_pts

    def crosses_second(self, pts: int, next_pts: int) -> bool:
        """Whether a whole second lies in ``(pts, next_pts]``."""
        return self._timeline.whole_seconds(next_pts) > self._timeline.whole_seconds(pts)

    def _cell(self, pts: int) -> int:
        return -(-self._timeline.frame(pts) // self.frames_per_pair)
