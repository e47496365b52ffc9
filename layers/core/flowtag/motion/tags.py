"""From numbers to tags: camera labels, steadiness, levels, MPEG-7 activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from flowtag.contracts.metadata import CameraLabel, Level, Steadiness
from flowtag.motion.series import MEAN_RADIUS_DIAGONALS, FloatColumn, PairSeries
from flowtag.thresholds import Thresholds

_LEVELS: tuple[Level, ...] = get_args(Level)
_SHAKE_WINDOW_SECONDS = 0.8
# The flow's own unrest grows with speed: this share of it is not the camera's.
_UNREST_OF_SPEED = 0.08
_CLIP_DEVIATIONS = 6.0
_SPIKE = 0.1
_FLICK_OVER_USUAL = 30.0
_AT_CORNER = 0.5 / MEAN_RADIUS_DIAGONALS


@dataclass(frozen=True, slots=True)
class CameraTags:
    """What the camera does over some pairs.

    Attributes:
        rates: pan, tilt (widths, heights per second), zoom (1/s), roll (degrees/s); NaN: unknown.
        moves: labels of moves, without static and handheld.
        steadiness: None where the camera is unknown.
        shake: RMS unsteady rate, diagonals per second; NaN: unknown.
        confidence: 0 to 1.
    """

    rates: tuple[float, float, float, float]
    moves: tuple[CameraLabel, ...]
    steadiness: Steadiness | None
    shake: float
    confidence: float

    def labels(self) -> list[CameraLabel]:
        """All labels: the moves, ``static`` where there is none, ``handheld`` where unsteady."""
        if self.steadiness is None:
            return []
        if self.steadiness in ("handheld", "shaky"):
            return [*self.moves, "handheld"]
        return list(self.moves) or ["static"]


def weighted_mean(values: FloatColumn, weights: FloatColumn) -> float:
    """Mean of the known values; NaN if there is none."""
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return float("nan")
    return float(np.average(values[known], weights=weights[known]))


def robust_mean(values: FloatColumn, weights: FloatColumn) -> float:
    """Mean after pulling outliers in to six median absolute deviations; NaN if none is known."""
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return float("nan")
    inner, weight = values[known], weights[known]
    middle = np.median(inner)
    reach = _CLIP_DEVIATIONS * np.median(np.abs(inner - middle)) + 1e-3
    return float(np.average(np.clip(inner, middle - reach, middle + reach), weights=weight))


def tag_camera(series: PairSeries, limits: Thresholds) -> CameraTags:
    """Rates, moves and steadiness of the camera over some pairs."""
    known = series.camera_known()
    if not known.any():
        unknown = float("nan")
        return CameraTags((unknown,) * 4, (), None, unknown, 0.0)
    trust = np.where(known, series.column("camera_confidence"), 0) * series.seconds
    pan, tilt, zoom, roll = (
        robust_mean(series.column(name), trust) for name in ("pan", "tilt", "zoom", "roll")
    )
    unsteady = unsteadiness(series)
    shake = float(np.sqrt((unsteady**2).sum()))
    moves = camera_moves((pan, tilt, zoom, roll), unsteady, series, limits)
    speed = float(
        np.hypot(pan * series.shape.width_diagonals, tilt * series.shape.height_diagonals)
    )
    own = float(np.sqrt(max(shake**2 - (_UNREST_OF_SPEED * speed) ** 2, 0.0)))
    steadiness = steadiness_of(own, bool(moves), limits)
    share = float(series.seconds[known].sum() / series.seconds.sum())
    sure = weighted_mean(series.column("camera_confidence"), known * series.seconds)
    return CameraTags((pan, tilt, zoom, roll), moves, steadiness, own, share * sure)


def camera_moves(
    rates: tuple[float, float, float, float],
    unsteady: npt.NDArray[np.float64],
    series: PairSeries,
    limits: Thresholds,
) -> tuple[CameraLabel, ...]:
    """Labels of the moves that stand out from zero, from the largest move and from shake."""
    pan, tilt, zoom, roll = rates
    speeds = np.abs(
        [
            pan * series.shape.width_diagonals,
            tilt * series.shape.height_diagonals,
            zoom * MEAN_RADIUS_DIAGONALS,
            np.radians(roll) * MEAN_RADIUS_DIAGONALS,
        ]
    )
    # Zoom and roll show most at the picture's corners: there they weigh against a pan.
    floor = limits.side_move * float((speeds * (1, 1, _AT_CORNER, _AT_CORNER)).max())
    held = float(np.sqrt((unsteady**2).sum())) > limits.locked_shake
    sway = limits.shake_over_move * unsteady if held else np.zeros(4)
    names: tuple[tuple[CameraLabel, CameraLabel], ...] = (
        ("pan_right", "pan_left"),
        ("tilt_up", "tilt_down"),
        ("zoom_in", "zoom_out"),
        ("roll_cw", "roll_ccw"),
    )
    least = (limits.pan_tilt, limits.pan_tilt, limits.zoom, limits.roll)
    corner = (1.0, 1.0, _AT_CORNER, _AT_CORNER)
    moves: list[CameraLabel] = []
    for axis, (plus, minus) in enumerate(names):
        stands_out = speeds[axis] * corner[axis] >= floor and speeds[axis] >= sway[axis]
        if abs(rates[axis]) >= least[axis] and stands_out:
            moves.append(plus if rates[axis] > 0 else minus)
    return tuple(moves)


def unsteadiness(series: PairSeries) -> npt.NDArray[np.float64]:
    """``(4,)``: RMS of pan, tilt, zoom and roll about their moving average, diagonals per second.

    The average runs over 0.8 s: slower changes are moves, faster ones unsteadiness. NaN where the
    camera is unknown.
    """
    velocity = series.camera_velocity()
    known = np.isfinite(velocity[:, 0])
    if np.count_nonzero(known) < 3:
        return np.full(4, 0.0 if known.any() else np.nan)
    velocity = _without_spikes(velocity[known])
    usual = float(np.median(series.seconds[known]))
    window = max(round(_SHAKE_WINDOW_SECONDS / usual) | 1, 3)
    unsteady = velocity - _moving_average(velocity, window)
    inner = unsteady[window // 2 : -(window // 2)] if len(unsteady) > 2 * window else unsteady
    # A flick between two rests is a move, however fast: shake goes on.
    power = (inner**2).sum(axis=-1)
    ceiling = _FLICK_OVER_USUAL * float(np.median(power)) + 1e-6
    tamed = inner * np.sqrt(np.minimum(ceiling / np.maximum(power, 1e-12), 1))[:, None]
    rms: npt.NDArray[np.float64] = np.sqrt((tamed**2).mean(axis=0))
    return rms


def _without_spikes(velocity: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Takes the median of five where one pair, or two, leap away: a fit gone wrong, not a hand."""
    if len(velocity) < 5:
        return velocity
    padded = np.pad(velocity, ((2, 2), (0, 0)), mode="edge")
    around = np.stack([padded[i : i + len(velocity)] for i in range(5)])
    middle = np.median(around, axis=0)
    usual = np.median(np.abs(around - middle), axis=0)
    spike = np.abs(velocity - middle) > np.maximum(6 * usual, _SPIKE)
    return np.where(spike.any(axis=-1, keepdims=True), middle, velocity)


def _moving_average(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    half = window // 2
    padded = np.pad(
        values, ((half, half), (0, 0)), mode="reflect" if len(values) > half else "edge"
    )
    sums = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), padded]), axis=0)
    average: npt.NDArray[np.float64] = (sums[window:] - sums[:-window]) / window
    return average


def steadiness_of(shake: float, moves: bool, limits: Thresholds) -> Steadiness:
    """How steadily the camera is held."""
    if shake >= limits.shaky_shake:
        return "shaky"
    if shake >= limits.locked_shake:
        return "handheld"
    return "smooth" if moves else "locked"


def level_of(speed: float, limits: Thresholds) -> Level:
    """The level of a speed in diagonals per second."""
    steps = (limits.level_low, limits.level_medium, limits.level_high, limits.level_extreme)
    return _LEVELS[int(np.searchsorted(steps, speed, side="right"))]


def activity_of(spread: float, limits: Thresholds) -> int:
    """MPEG-7 intensity of motion activity, 1 to 5 (ISO/IEC 15938-3; Jeannin, Divakaran 2001)."""
    return 1 + int(np.searchsorted(limits.activity, spread, side="right"))
