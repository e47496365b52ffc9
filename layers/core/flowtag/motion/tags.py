"""From numbers to tags: camera labels, steadiness, levels, MPEG-7 activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from flowtag.contracts.metadata import CameraLabel, Level, Steadiness
from flowtag.motion.series import FloatColumn, PairSeries
from flowtag.settings import Thresholds

_LEVELS: tuple[Level, ...] = get_args(Level)
_SHAKE_WINDOW_SECONDS = 0.8
# The flow's own unrest grows with speed: this share of it is not the camera's.
_UNREST_OF_SPEED = 0.08
_CLIP_DEVIATIONS = 6.0


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
    shake = shake_of(series)
    moves = camera_moves((pan, tilt, zoom, roll), shake, series, limits)
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
    shake: float,
    series: PairSeries,
    limits: Thresholds,
) -> tuple[CameraLabel, ...]:
    """Labels of the moves that stand out from zero, from the largest move and from shake."""
    pan, tilt, zoom, roll = rates
    shape = series.shape
    # A move's weight: the speed it gives the picture, so that moves can be compared.
    weights = np.abs(
        [
            pan * shape.width_diagonals,
            tilt * shape.height_diagonals,
            zoom * 0.5,
            np.radians(roll) * 0.5,
        ]
    )
    sway = limits.shake_over_move * shake if shake > limits.locked_shake else 0.0
    floor = max(limits.side_move * float(weights.max()), 0.0)
    names: tuple[tuple[CameraLabel, CameraLabel], ...] = (
        ("pan_right", "pan_left"),
        ("tilt_up", "tilt_down"),
        ("zoom_in", "zoom_out"),
        ("roll_cw", "roll_ccw"),
    )
    least = (limits.pan_tilt, limits.pan_tilt, limits.zoom, limits.roll)
    moves: list[CameraLabel] = []
    for rate, weight, limit, (plus, minus) in zip(rates, weights, least, names, strict=True):
        if abs(rate) >= limit and weight >= max(floor, sway):
            moves.append(plus if rate > 0 else minus)
    return tuple(moves)


def shake_of(series: PairSeries) -> float:
    """RMS of the camera's velocity about its moving average, diagonals per second; NaN if unknown.

    The average runs over 0.8 s: slower changes are moves, faster ones unsteadiness.
    """
    velocity = series.camera_velocity()
    known = np.isfinite(velocity[:, 0])
    if np.count_nonzero(known) < 3:
        return 0.0 if known.any() else float("nan")
    velocity = velocity[known]
    usual = float(np.median(series.seconds[known]))
    window = max(round(_SHAKE_WINDOW_SECONDS / usual) | 1, 3)
    unsteady = velocity - _moving_average(velocity, window)
    inner = unsteady[window // 2 : -(window // 2)] if len(unsteady) > 2 * window else unsteady
    power = (inner**2).sum(axis=-1)
    # One bad fit among many is not shake.
    ceiling = 30 * float(np.median(power)) + 1e-6
    return float(np.sqrt(np.minimum(power, ceiling).mean()))


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
