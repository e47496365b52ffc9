"""Which shots make up which frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tests.rendering.clips import BLACK_SHOT_SECONDS, Clip, EditKind


@dataclass(frozen=True)
class Stretch:
    """Where a shot stands in its clip.

    Attributes:
        start_seconds: Clip time at which its camera starts to run.
        rise: Half-open range of frames over which it appears; empty after a cut.
        fall: Half-open range of frames over which it goes; empty before a cut.
        from_black: It appears out of black, not out of another shot.
        to_black: It goes into black, not into another shot.
    """

    start_seconds: float
    rise: tuple[int, int]
    fall: tuple[int, int]
    from_black: bool = False
    to_black: bool = False

    def weight(self, frame: int) -> float:
        """Return the shot's share of a frame, 0 to 1."""
        if not self.rise[0] <= frame < self.fall[1]:
            return 0.0
        if frame < self.rise[1]:
            length, done = self.rise[1] - self.rise[0], frame - self.rise[0]
            return done / length if self.from_black else (done + 1) / (length + 1)
        if frame >= self.fall[0]:
            length, done = self.fall[1] - self.fall[0], frame + 1 - self.fall[0]
            return 1 - done / (length if self.to_black else length + 1)
        return 1.0


@dataclass(frozen=True)
class EditSpan:
    """The half-open range of frames that an edit covers; a cut's is empty."""

    kind: EditKind
    start_frame: int
    end_frame: int


@dataclass(frozen=True)
class Timeline:
    """The frames of a clip, one `Stretch` per shot, and the edits."""

    frame_seconds: npt.NDArray[np.float64]
    stretches: tuple[Stretch, ...]
    edits: tuple[EditSpan, ...]


def timeline_of(clip: Clip) -> Timeline:
    """Lay out a clip.

    Args:
        clip: The clip.

    Returns:
        Its frames, stretches and edits. A fade at the clip's own start or end is no edit: there is
        no shot on its other side.
    """
    starts, end_seconds = [0.0], clip.shots[0].seconds
    for edit, shot in zip(clip.edits, clip.shots[1:], strict=True):
        overlap = edit.seconds if edit.kind == "dissolve" else 0.0
        starts.append(end_seconds - overlap + edit.black_seconds)
        end_seconds = starts[-1] + shot.seconds
    pts = clip.cadence.pts(end_seconds, clip.seed)
    frame_seconds = np.array(pts, dtype=np.float64) * float(clip.cadence.time_base)

    def frame_at(seconds: float) -> int:
        return int(np.searchsorted(frame_seconds, seconds - 1e-6))

    opening = frame_at(clip.opening_fade_seconds)
    closing = frame_at(end_seconds - clip.closing_fade_seconds)
    last = len(frame_seconds)
    stretches = [Stretch(0.0, (0, opening), (last, last), from_black=True)]
    edits: list[EditSpan] = []
    for index, edit in enumerate(clip.edits):
        begin, stop = starts[index + 1], starts[index] + clip.shots[index].seconds
        half = edit.seconds / 2 if edit.kind == "fade" else 0.0
        fall = (frame_at(min(stop, begin) - half), frame_at(stop))
        rise = (frame_at(begin), frame_at(max(stop, begin) + half))
        black = edit.kind == "fade"
        stretches[-1] = replace(stretches[-1], fall=fall, to_black=black)
        stretches.append(Stretch(begin, rise, (last, last), from_black=black))
        if edit.black_seconds >= BLACK_SHOT_SECONDS:
            edits += [EditSpan("fade", *fall), EditSpan("fade", *rise)]
        else:
            edits.append(EditSpan(edit.kind, fall[0], rise[1]))
    stretches[-1] = replace(stretches[-1], fall=(closing, last), to_black=True)
    return Timeline(frame_seconds, tuple(stretches), tuple(edits))
