"""Flow over a long way, followed through the frames between: short steps, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from flowtag.flow.confidence import pixel_positions, sampled_at
from flowtag.flow.field import FloatArray


def followed(steps: Sequence[FloatArray]) -> FloatArray:
    """Where each pixel of the first frame is in the last one.

    A pixel that leaves the picture is carried on by the motion at the border where it left.

    Args:
        steps: ``(H, W, 2)`` float32 px each, from a frame to the next one; at least one.

    Returns:
        ``(H, W, 2)`` float32 px, from the first frame to the last one.
    """
    whole = steps[0]
    positions = pixel_positions(*whole.shape[:2])
    for step in steps[1:]:
        whole = whole + sampled_at(step, positions + whole)
    return whole


def trusted_throughout(steps: Sequence[FloatArray], trust: Sequence[FloatArray]) -> FloatArray:
    """The chance that every step on a pixel's way is right, as if they erred apart.

    Args:
        steps: as of :func:`followed`.
        trust: ``(H, W)`` float32, the chance that the vectors of each step are right.

    Returns:
        ``(H, W)`` float32.
    """
    whole = trust[0]
    for count in range(1, len(steps)):
        to = pixel_positions(*whole.shape) + followed(steps[:count])
        whole = whole * sampled_at(trust[count], to)
    return whole
