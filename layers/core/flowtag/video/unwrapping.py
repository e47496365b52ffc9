"""Presentation times as they come, made strictly increasing.

Tapes that were joined, recorders that lost the signal and broken muxers leave pts that are missing,
repeated, reset or far away. Time goes on by one nominal frame over each such place, which is kept
as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from flowtag.contracts.messages import VideoProbe

GapReason = Literal["reset", "jump", "lost"]

_DISCONTINUOUS_FORMATS = {"mpegts", "mpeg", "dv"}
_JUMP_SECONDS = Fraction(10)
_BELIEVED_SECONDS = Fraction(3600)
# Below this a step back is disorder, such as decode times in place of presentation times.
_RESET_FRAMES = 16


@dataclass(frozen=True, slots=True)
class TimeGap:
    """A place where the source's clock did not simply run on, in ticks.

    Attributes:
        from_pts: unwrapped pts of the last frame before it.
        to_pts: unwrapped pts of the first frame after it.
        lost: ticks that the source's clock jumped; negative for a reset.
        reason: ``reset`` backwards or ``jump`` forwards; ``lost``: a reset in a part of a video
            that was planned by its clock, so that frames after it have no place in time.
    """

    from_pts: int
    to_pts: int
    lost: int
    reason: GapReason


def jump_ticks(probe: VideoProbe) -> int:
    """From how many ticks on a step forward is no longer time that passed, where clocks fail."""
    return int(max(_JUMP_SECONDS, 4 / probe.frame_rate) / probe.time_base)


def is_discontinuous(probe: VideoProbe) -> bool:
    """Whether a format's clock may be reset in mid-file, as that of broadcast streams and tapes."""
    return bool(_DISCONTINUOUS_FORMATS & set(probe.container.split(",")))


def believed_ticks(probe: VideoProbe) -> int:
    """From how many ticks on a step forward makes timestamps suspect.

    Broadcast streams restart their clocks; elsewhere a long step in timestamps that are otherwise
    in order is a frame that was shown for long, such as a slide in a screen recording.
    """
    if is_discontinuous(probe):
        return jump_ticks(probe)
    return max(jump_ticks(probe), int(_BELIEVED_SECONDS / probe.time_base))


def nominal_ticks(probe: VideoProbe) -> int:
    """Length of one nominal frame in ticks, at least one."""
    return max(1, round(1 / (probe.frame_rate * probe.time_base)))


@dataclass(slots=True)
class Unwrapper:
    """Maps raw pts, in output order, to strictly increasing ones.

    Attributes:
        frame_ticks: one nominal frame.
        jump: steps forward of more than this become a gap.
        first: what a first frame without pts is given.
        gaps: the gaps met so far.
        missing: frames without pts so far.
        nudged: frames so far whose pts was not above the one before.
    """

    frame_ticks: int
    jump: int
    first: int
    gaps: list[TimeGap] = field(default_factory=list)
    missing: int = 0
    nudged: int = 0
    _last: int | None = None
    _offset: int = 0

    def unwrap(self, raw: int | None) -> int:
        """The pts that a frame is given, above all those before."""
        if raw is None:
            self.missing += 1
        if self._last is None:
            pts = self.first if raw is None else raw
        elif raw is None:
            pts = self._last + self.frame_ticks
        else:
            pts = self._follow(raw, self._last)
        self._last = pts
        return pts

    def _follow(self, raw: int, last: int) -> int:
        step = raw + self._offset - last
        if step < -_RESET_FRAMES * self.frame_ticks or step > self.jump:
            pts = last + self.frame_ticks
            self._offset = pts - raw
            reason: GapReason = "reset" if step < 0 else "jump"
            self.gaps.append(TimeGap(last, pts, step - self.frame_ticks, reason))
            return pts
        if step <= 0:
            self.nudged += 1
            # Half a frame on keeps the next regular frame where it is.
            return last + max(1, self.frame_ticks // 2)
        return last + step
