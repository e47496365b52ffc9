"""What a camera does, in the contract's units and signs, and the pose that follows from it.

On a screen with x to the right, y down and the origin at the picture's centre, a point `q` of the
picture plane is seen at `p = scale * exp(i * angle) * (q - position) + shift`, everything a complex
number. The rates are those that an observer at the picture's centre sees: a pan of 0.2 moves the
content by a fifth of the screen's width in a second whatever the zoom has come to, and along the
screen's own axis whatever the roll has come to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tests.rendering.pictures import Affine, Size

Floats = npt.NDArray[np.float64]
Places = TypeVar("Places", complex, npt.NDArray[np.complex128])

SLOWEST_PAN_WIDTHS = 0.03
SLOWEST_ZOOM = 0.03
SLOWEST_ROLL_DEGREES = 2.0
STEPS_PER_SECOND = 1000
MARGIN_SECONDS = 1.0


@dataclass(frozen=True)
class CameraMove:
    """Constant rates of a camera.

    Attributes:
        pan: Frame widths per second, + when the camera turns right (content moves left).
        tilt: Frame heights per second, + when the camera turns up (content moves down).
        zoom: d ln(scale)/dt per second, + when zooming in.
        roll: Degrees per second, + when the camera turns clockwise (content counter-clockwise).
    """

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    roll: float = 0.0

    def labels(self) -> frozenset[str]:
        """Return the contract's labels for these rates; `static` when nothing moves."""
        signs = {
            ("pan_right", "pan_left"): self.pan / SLOWEST_PAN_WIDTHS,
            ("tilt_up", "tilt_down"): self.tilt * 9 / 16 / SLOWEST_PAN_WIDTHS,
            ("zoom_in", "zoom_out"): self.zoom / SLOWEST_ZOOM,
            ("roll_cw", "roll_ccw"): self.roll / SLOWEST_ROLL_DEGREES,
        }
        found = {pair[0 if rate > 0 else 1] for pair, rate in signs.items() if abs(rate) >= 1}
        return frozenset(found or {"static"})

    def as_array(self) -> Floats:
        """Return pan, tilt, zoom and roll in this order."""
        return np.array([self.pan, self.tilt, self.zoom, self.roll], dtype=np.float64)


@dataclass(frozen=True)
class Part:
    """A stretch of a shot with one camera move."""

    seconds: float
    move: CameraMove = field(default_factory=CameraMove)


@dataclass(frozen=True)
class Shake:
    """A hand that holds the camera: a sum of sinusoids inside a band of frequencies.

    Attributes:
        rms_widths: Root mean square of the displacement, along x and along y, in frame widths.
        rms_roll_degrees: The same of the camera's roll.
        band_hz: Lowest and highest frequency.
        seed: Draws frequencies and phases.
    """

    rms_widths: float = 0.006
    rms_roll_degrees: float = 0.25
    band_hz: tuple[float, float] = (0.8, 4.0)
    seed: int = 0

    def displacement(self, seconds: Floats) -> Floats:
        """Return right, down (widths) and clockwise (radians) displacement on the screen.

        Args:
            seconds: `(N,)` times.

        Returns:
            An `(N, 3)` array.
        """
        draw = np.random.default_rng(self.seed)
        waves = 7
        frequency_hz = draw.uniform(*self.band_hz, (3, waves))
        phase = draw.uniform(0, 2 * np.pi, (3, waves))
        weight = draw.uniform(0.5, 1.0, (3, waves))
        weight *= np.sqrt(2 / (weight**2).sum(axis=1, keepdims=True))
        angle = 2 * np.pi * frequency_hz[None] * seconds[:, None, None] + phase[None]
        amplitude = [self.rms_widths, self.rms_widths, np.radians(self.rms_roll_degrees)]
        return np.asarray((weight * np.sin(angle)).sum(axis=2) * amplitude, dtype=np.float64)


@dataclass(frozen=True)
class Pose:
    """Where the camera is at one instant; the terms of the similarity in the module's text."""

    position: complex
    scale: float
    angle: float
    shift: complex

    def project(self, point: Places) -> Places:
        """Return where points of the picture plane are seen, from the screen's centre."""
        turn = self.scale * complex(np.cos(self.angle), np.sin(self.angle))
        return turn * (point - self.position) + self.shift

    def unproject(self, seen: Places) -> Places:
        """Return the points of the picture plane that are seen at places on the screen."""
        turn = self.scale * complex(np.cos(self.angle), np.sin(self.angle))
        return (seen - self.shift) / turn + self.position

    def matrix(self, size: Size) -> Affine:
        """Return the `(2, 3)` similarity from px of the photograph to px of a screen."""
        origin = self.project(0) + complex(size[0] - 1, size[1] - 1) / 2
        cosine, sine = self.scale * np.cos(self.angle), self.scale * np.sin(self.angle)
        return np.array([[cosine, -sine, origin.real], [sine, cosine, origin.imag]])


def rates_at(parts: tuple[Part, ...], ease_seconds: float, seconds: Floats) -> Floats:
    """Return the camera's rates over time.

    Args:
        parts: The moves of a shot, in order.
        ease_seconds: How long one move takes to give way to the next, centred on their border.
        seconds: `(N,)` times from the start of the shot.

    Returns:
        `(N, 4)`: pan, tilt, zoom and roll.
    """
    rates = np.tile(parts[0].move.as_array(), (len(seconds), 1))
    border_seconds = 0.0
    for before, after in pairwise(parts):
        border_seconds += before.seconds
        along = (seconds - border_seconds) / max(ease_seconds, 1e-9) + 0.5
        along = np.clip(along, 0, 1)
        blend = along * along * (3 - 2 * along)
        rates += blend[:, None] * (after.move.as_array() - before.move.as_array())
    return rates


class Trajectory:
    """The poses of one shot, integrated from its rates in steps of a millisecond."""

    def __init__(
        self,
        parts: tuple[Part, ...],
        size: Size,
        *,
        start: complex,
        scale: float,
        ease_seconds: float = 0.0,
        shake: Shake | None = None,
    ) -> None:
        """Integrate the rates from a second before the shot until a second past its end.

        Args:
            parts: The moves, in order.
            size: Width and height of the screen in px.
            start: What the picture centre looks at when the shot begins, in px of the plane.
            scale: Px of the screen per px of the plane when the shot begins.
            ease_seconds: See `rates_at`.
            shake: The hand that holds the camera, if any.
        """
        total_seconds = sum(part.seconds for part in parts) + 2 * MARGIN_SECONDS
        step = 1 / STEPS_PER_SECOND
        steps = np.arange(round(total_seconds * STEPS_PER_SECOND), dtype=np.float64)
        self._seconds: Floats = steps * step - MARGIN_SECONDS
        middle = rates_at(parts, ease_seconds, self._seconds[:-1] + step / 2)
        # Middle of each step for what is integrated, borders of the steps for what is kept.
        log_scale = np.concatenate([[0.0], np.cumsum(middle[:, 2] * step)])
        angle = np.concatenate([[0.0], np.cumsum(-np.radians(middle[:, 3]) * step)])
        zero = round(MARGIN_SECONDS * STEPS_PER_SECOND)
        angle -= angle[zero]
        self._scale = scale * np.exp(log_scale - log_scale[zero])
        turn = self._scale * np.exp(1j * angle)
        content = -middle[:, 0] * size[0] + 1j * middle[:, 1] * size[1]
        travelled = -content * step * 2 / (turn[:-1] + turn[1:])
        position = np.concatenate([[0j], np.cumsum(travelled)])
        self._position = position - position[zero] + start
        self._angle = angle
        self._shake, self._width_px = shake, size[0]

    def pose(self, seconds: float) -> Pose:
        """Return the pose at a time from the start of the shot."""
        at = self._seconds
        shift, swing = 0j, 0.0
        if self._shake is not None:
            right, down, clockwise = self._shake.displacement(np.array([seconds]))[0]
            shift, swing = complex(right, down) * self._width_px, float(clockwise)
        return Pose(
            position=complex(
                np.interp(seconds, at, self._position.real),
                np.interp(seconds, at, self._position.imag),
            ),
            scale=float(np.interp(seconds, at, self._scale)),
            angle=float(np.interp(seconds, at, self._angle)) + swing,
            shift=shift,
        )
