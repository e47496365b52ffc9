"""Exact time: integer pts, Fractions, and SMPTE timecode.

Times are integers of the stream's time base until the moment they are printed. Rounding happens
once, in :meth:`Timeline.frame` and :meth:`Timeline.seconds`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

_TIMECODE = re.compile(r"^(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})$")


def round_half_up(value: Fraction) -> int:
    """Rounds to the nearest integer, halves upwards, without a float in between."""
    return math.floor(value + Fraction(1, 2))


def drops_frames(frame_rate: Fraction) -> bool:
    """Whether SMPTE ST 12-1 drop-frame counting exists for a rate (29.97 and 59.94 fps)."""
    return frame_rate in (Fraction(30000, 1001), Fraction(60000, 1001))


def format_timecode(frame: int, frame_rate: Fraction, drop_frame: bool) -> str:
    """Writes a frame number as SMPTE timecode, drop-frame with ``;``.

    Args:
        frame: frames since midnight; wraps after 24 hours, as a tape's counter does.
        frame_rate: the nominal rate, e.g. 30000/1001.
        drop_frame: skip two numbers (four at 59.94) each minute but the tenth, per SMPTE ST 12-1.
    """
    base = round_half_up(frame_rate)
    if base <= 0:
        raise ValueError(f"no timecode at {frame_rate} frames per second")
    if drop_frame:
        dropped = 2 * base // 30
        per_minute = base * 60 - dropped
        per_ten = base * 600 - 9 * dropped
        frame %= per_ten * 144
        tens, rest = divmod(frame, per_ten)
        minutes = 0 if rest < base * 60 else 1 + (rest - base * 60) // per_minute
        frame += dropped * (9 * tens + minutes)
    frame %= base * 86400
    seconds, frames = divmod(frame, base)
    digits = 3 if base > 100 else 2
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}{';' if drop_frame else ':'}{frames:0{digits}d}"


def parse_timecode(text: str, frame_rate: Fraction) -> tuple[int, bool]:
    """Reads SMPTE timecode into frames since midnight and whether it drops frames.

    Raises:
        ValueError: if the text is no timecode, or its frame number does not exist at this rate.
    """
    match = _TIMECODE.match(text.strip())
    if match is None:
        raise ValueError(f"not a timecode: {text!r} (want HH:MM:SS:FF, or HH:MM:SS;FF)")
    hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
    base = round_half_up(frame_rate)
    drop_frame = match[4] != ":" and drops_frames(frame_rate)
    if minutes > 59 or seconds > 59 or frames >= base:
        raise ValueError(f"{text!r} does not exist at {base} frames per second")
    number = (hours * 3600 + minutes * 60 + seconds) * base + frames
    if drop_frame:
        if minutes % 10 and not seconds and frames < 2 * base // 30:
            raise ValueError(f"{text!r} is a number that drop-frame counting leaves out")
        total_minutes = hours * 60 + minutes
        number -= 2 * base // 30 * (total_minutes - total_minutes // 10)
    return number, drop_frame


@dataclass(frozen=True)
class Timeline:
    """Maps pts of one stream to seconds, frame numbers and timecode.

    Attributes:
        time_base: seconds per tick.
        start_pts: pts of the first displayed frame, after edit lists.
        frame_rate: the nominal rate that frame numbers are conformed to.
        start_frame: frames since midnight of the first frame's timecode.
        drop_frame: whether the source counts in drop-frame.
    """

    time_base: Fraction
    start_pts: int
    frame_rate: Fraction
    start_frame: int = 0
    drop_frame: bool = False

    def seconds(self, pts: int) -> Fraction:
        """Exact seconds since the first displayed frame."""
        return (pts - self.start_pts) * self.time_base

    def frame(self, pts: int) -> int:
        """Number of the frame shown at a pts, conformed to the nominal rate."""
        frames, ticks = self._frames_and_ticks
        return (2 * (pts - self.start_pts) * frames + ticks) // (2 * ticks)

    def whole_seconds(self, pts: int) -> int:
        """Seconds since the first displayed frame, rounded down."""
        return (pts - self.start_pts) * self.time_base.numerator // self.time_base.denominator

    def timecode(self, pts: int) -> str:
        """SMPTE timecode at a pts, start timecode included."""
        return format_timecode(self.start_frame + self.frame(pts), self.frame_rate, self.drop_frame)

    def pts_at(self, seconds: Fraction) -> int:
        """The first pts at or after a time."""
        return self.start_pts + math.ceil(seconds / self.time_base)

    @cached_property
    def _frames_and_ticks(self) -> tuple[int, int]:
        # Asked for every frame, where Fractions would cost more than the measuring.
        return (self.time_base * self.frame_rate).as_integer_ratio()
