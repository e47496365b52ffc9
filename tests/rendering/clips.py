"""A clip as data: shots, the edits between them, the conditions, and the file that it becomes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from tests.rendering.looks import Look
from tests.rendering.moves import CameraMove, Part, Shake, Trajectory
from tests.rendering.pictures import Picture, Size, centre_px, width_px
from tests.rendering.subjects import Subject

EditKind = Literal["cut", "dissolve", "fade"]
BLACK_SHOT_SECONDS = 1.0


@dataclass(frozen=True)
class Shot:
    """One run of a camera.

    Attributes:
        picture: What is filmed.
        parts: The camera's moves, in order.
        ease_seconds: How long one move takes to give way to the next.
        shake: The hand that holds the camera, if any.
        subjects: What moves in the picture, the farthest first.
    """

    picture: Picture = field(default_factory=Picture)
    parts: tuple[Part, ...] = (Part(4.0),)
    ease_seconds: float = 0.0
    shake: Shake | None = None
    subjects: tuple[Subject, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the camera runs, what an edit covers included."""
        return sum(part.seconds for part in self.parts)


def trajectory_of(shot: Shot, size: Size) -> Trajectory:
    """Return the camera's path over the shot's picture, on a screen of a given size."""
    return Trajectory(
        shot.parts,
        size,
        start=centre_px(shot.picture),
        scale=shot.picture.span * size[0] / width_px(shot.picture),
        ease_seconds=shot.ease_seconds,
        shake=shot.shake,
    )


def steady(
    seconds: float,
    *,
    picture: Picture | str = "astronaut",
    pan: float = 0.0,
    tilt: float = 0.0,
    zoom: float = 0.0,
    roll: float = 0.0,
    shake: Shake | None = None,
    subjects: tuple[Subject, ...] = (),
) -> Shot:
    """Return a shot with one camera move from its first frame to its last.

    Args:
        seconds: Its length.
        picture: What is filmed, or the name of the photograph.
        pan: See `CameraMove`; so for `tilt`, `zoom` and `roll`.
        tilt: See `CameraMove`.
        zoom: See `CameraMove`.
        roll: See `CameraMove`.
        shake: The hand that holds the camera, if any.
        subjects: What moves in the picture.
    """
    filmed = Picture(picture) if isinstance(picture, str) else picture
    part = Part(seconds, CameraMove(pan, tilt, zoom, roll))
    return Shot(filmed, (part,), shake=shake, subjects=subjects)


@dataclass(frozen=True)
class Edit:
    """How one shot gives way to the next.

    Attributes:
        kind: A `cut`, a `dissolve`, or a `fade` out to black and in again.
        seconds: Length of a dissolve, during which both shots run; of a fade, both halves together
            without the black.
        black_seconds: How long a fade stays black. From one second it makes two fades, and a black
            shot between them.
    """

    kind: EditKind = "cut"
    seconds: float = 0.0
    black_seconds: float = 0.0


@dataclass(frozen=True)
class Cadence:
    """When frames are taken.

    Attributes:
        frame_rate: Nominal frames per second.
        variable: Whether intervals are drawn from one, two and three halves of a frame.
    """

    frame_rate: Fraction = Fraction(25)
    variable: bool = False

    @property
    def time_base(self) -> Fraction:
        """The unit of `pts`."""
        return 1 / self.frame_rate / (2 if self.variable else 1)

    def pts(self, seconds: float, seed: int) -> tuple[int, ...]:
        """Return the presentation times of all frames before an end, in units of the time base."""
        ticks = np.arange(round(seconds / self.time_base))
        if self.variable:
            intervals = np.random.default_rng(seed).integers(1, 4, len(ticks))
            ticks = np.concatenate([[0], np.cumsum(intervals)])[: len(ticks)]
            ticks = ticks[ticks * float(self.time_base) < seconds - 1e-6]
        return tuple(int(tick) for tick in ticks)


@dataclass(frozen=True)
class Expectation:
    """What may be asked of a reader of the clip beyond its geometry.

    Attributes:
        still: The level has to be null or static, whatever flickers.
        unknowable: So little can be seen that a null level is as good an answer as the right one.
        flags: Flags, one of which has to be raised by some segment.
    """

    still: bool = False
    unknowable: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clip:
    """Everything that decides the frames of a file.

    Attributes:
        name: Also the stem of the file's name, and the seed of what is drawn.
        shots: In order.
        edits: One fewer than shots.
        look: Conditions, the same all along.
        size: Width and height in px.
        cadence: When frames are taken.
        codec: A key of `tests.rendering.encoding.CODECS`.
        opening_fade_seconds: Length of a fade in from black at the start.
        closing_fade_seconds: Length of a fade out to black at the end.
        expectation: What may be asked beyond geometry.
    """

    name: str
    shots: tuple[Shot, ...]
    edits: tuple[Edit, ...] = ()
    look: Look = field(default_factory=Look)
    size: Size = (640, 360)
    cadence: Cadence = field(default_factory=Cadence)
    codec: str = "h264"
    opening_fade_seconds: float = 0.0
    closing_fade_seconds: float = 0.0
    expectation: Expectation = field(default_factory=Expectation)

    def __post_init__(self) -> None:
        """Refuse a number of edits that does not fit the shots."""
        if len(self.edits) != len(self.shots) - 1:
            raise ValueError(f"{self.name}: {len(self.shots)} shots, {len(self.edits)} edits")

    @property
    def seed(self) -> int:
        """What noise and irregular intervals are drawn from."""
        return zlib.crc32(self.name.encode())
