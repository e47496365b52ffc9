"""How far the chunks of one plan are, in chunks, frames and seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence

from flowtag.chunk_results import ChunkState
from flowtag.contracts.messages import Plan
from flowtag.errors import FlowtagError
from flowtag.local.outcomes import Progress, Stage
from flowtag.places import Address


class Tally:
    """Counts what is done of a plan.

    Attributes:
        total: how many chunks there are.
        analysed: chunks analysed in this attempt, in order of completion.
        failures: chunks that failed in this attempt.
    """

    def __init__(self, plan: Plan, states: Sequence[ChunkState]) -> None:
        self.total = len(states)
        self.analysed: list[int] = []
        self.failures: dict[int, FlowtagError] = {}
        self._reused = {index for index, state in enumerate(states) if state == "done"}
        self._slots: dict[int, int] = {}
        self._frame_rate = float(plan.probe.frame_rate)
        self._frames = [_expected_frames(plan, index) for index in range(self.total)]
        self._clock_start: float | None = None

    @property
    def done(self) -> int:
        """Chunks with a result, earlier attempts' included."""
        return len(self._reused) + len(self.analysed)

    @property
    def is_settled(self) -> bool:
        """Whether each chunk has been analysed or has failed."""
        return self.done + len(self.failures) == self.total

    def begin(self, index: int, slot: int) -> None:
        """A chunk is handed out; its process reports frames in a slot."""
        self._slots[index] = slot

    def succeed(self, index: int) -> None:
        """A chunk has been analysed."""
        self._slots.pop(index, None)
        self.analysed.append(index)

    def fail(self, index: int, error: FlowtagError) -> None:
        """A chunk has failed."""
        self._slots.pop(index, None)
        self.failures[index] = error

    def progress(self, video: Address, stage: Stage, frames_done: Sequence[int]) -> Progress:
        """The state of the video, given what each slot reports."""
        ended = [self._frames[i] or 0 for i in (*self.analysed, *self.failures)]
        fresh = sum(ended) + sum(frames_done[slot] for slot in self._slots.values())
        if self._clock_start is None and fresh > 0:
            # Not before: the chunks may have waited for those of another video.
            self._clock_start = time.monotonic()
        total = None if None in self._frames else sum(count or 0 for count in self._frames)
        done = fresh + sum(self._frames[i] or 0 for i in self._reused)
        done = done if total is None else min(done, total)
        return Progress(
            input=video,
            stage=stage,
            frames_done=done,
            frames_expected=total,
            seconds_done=fresh / self._frame_rate,
            seconds_left=None if total is None else (total - done) / self._frame_rate,
            elapsed_seconds=self._elapsed_seconds(),
        )

    def _elapsed_seconds(self) -> float:
        return 0.0 if self._clock_start is None else time.monotonic() - self._clock_start


def _expected_frames(plan: Plan, index: int) -> int | None:
    chunk, probe = plan.chunks[index], plan.probe
    start = probe.start_pts if chunk.start_pts is None else chunk.start_pts
    end = probe.end_pts if chunk.end_pts is None else chunk.end_pts
    if end is None:
        return None
    return max(round((end - start) * probe.time_base * probe.frame_rate), 0)
