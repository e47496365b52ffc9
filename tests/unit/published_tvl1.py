"""TV-L1 as Zach, Pock and Bischof (2007) print it, in plain NumPy on one level of the pyramid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def flow_as_published(
    first: Floats,
    second: Floats,
    *,
    threshold_px: float,
    theta: float,
    time_step: float,
    warps: int,
    steps: int,
) -> Floats:
    """Flow `(H, W, 2)` in px of two pictures `(H, W)` from 0 to 1.

    Args:
        first: The picture that flow starts from.
        second: The picture that it leads to.
        threshold_px: lambda * theta.
        theta: Coupling of both flows.
        time_step: tau.
        warps: Linearisations.
        steps: Iterations after each.
    """
    places = np.indices(first.shape, dtype=np.float64)[::-1]
    flow, dual = np.zeros((2, *first.shape)), np.zeros((2, 2, *first.shape))
    for _ in range(warps):
        warped = between_pixels(second, *(places + flow))
        gradient = central_differences(warped)
        square = np.maximum((gradient**2).sum(axis=0), 1e-6)
        constant = warped - first - (gradient * flow).sum(axis=0)
        for _ in range(steps):
            residual = constant + (gradient * flow).sum(axis=0)
            # Equation 15: three cases.
            step = -residual / square
            step[residual < -threshold_px * square] = threshold_px
            step[residual > threshold_px * square] = -threshold_px
            wanted = flow + step * gradient
            for component in range(2):
                # Equations 12 to 14, one step of Chambolle's projection.
                flow[component] = wanted[component] + theta * divergence(dual[component])
                slope = time_step / theta * forward_differences(flow[component])
                dual[component] = (dual[component] + slope) / (1 + np.hypot(*slope))
    return np.moveaxis(flow, 0, -1)


def between_pixels(picture: Floats, x: Floats, y: Floats) -> Floats:
    """A picture at places in px, bilinear; its border goes on."""
    rows, columns = picture.shape
    x, y = np.clip(x, 0, columns - 1), np.clip(y, 0, rows - 1)
    left = np.minimum(x.astype(int), columns - 2)
    top = np.minimum(y.astype(int), rows - 2)
    right_share, lower_share = x - left, y - top
    upper = picture[top, left] * (1 - right_share) + picture[top, left + 1] * right_share
    lower = picture[top + 1, left] * (1 - right_share) + picture[top + 1, left + 1] * right_share
    return np.asarray(upper * (1 - lower_share) + lower * lower_share)


def central_differences(picture: Floats) -> Floats:
    """x and y derivatives of a picture that goes on at its border."""
    wide = np.pad(picture, 1, mode="edge")
    return np.stack(
        [(wide[1:-1, 2:] - wide[1:-1, :-2]) / 2, (wide[2:, 1:-1] - wide[:-2, 1:-1]) / 2]
    )


def forward_differences(values: Floats) -> Floats:
    """x and y differences to the next pixel, none across the border."""
    slope = np.zeros((2, *values.shape))
    slope[0, :, :-1] = np.diff(values, axis=1)
    slope[1, :-1] = np.diff(values, axis=0)
    return slope


def divergence(dual: Floats) -> Floats:
    """The negative adjoint of the forward differences."""
    total = dual.sum(axis=0)
    total[:, 1:] -= dual[0, :, :-1]
    total[1:] -= dual[1, :-1]
    return np.asarray(total)
