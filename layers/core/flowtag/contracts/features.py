"""Per-frame and per-pair features: the columns that workers write and assembly reads.

Two tables. ``frames`` has a row for every frame, whose evidence concerns the step from that frame
to the next one that was decoded. ``pairs`` has a row for every pair that flow was estimated for.
Sizes are those of the upright picture; rates are per second; unknown is NaN.
"""

from __future__ import annotations

from enum import IntFlag

import numpy as np
import numpy.typing as npt

FEATURES_SCHEMA = "flowtag.features/1"
"""Name and version of these columns, as written into ``frames.parquet``."""

SIGNATURE_SHAPE = (18, 32)
"""Rows and columns of the tiny grey picture kept of each frame, to compare frames far apart."""

GRID_SHAPE = (18, 32)
"""Rows and columns of the coarse flow grids kept once a second for display."""

DIRECTION_SECTORS = 8
"""Sectors of the direction histogram, centred on 0, 45, … degrees (0 right, 90 up)."""

FRAME_CORRUPT = 1
FRAME_RESIZED = 2
FRAME_SKIPPED = 4


class PairGate(IntFlag):
    """Which way the flow of a pair was estimated, and why: the bits of the column ``gate``.

    None is set where no costlier model was to be asked, or nothing called for it.
    """

    ASKED = 1
    """The model estimated the pair's flow again."""
    REFINED = 2
    """and explained the pictures better: its flow is what the row tells of."""
    FOLLOWED = 4
    """It followed the flow through the frames between."""
    LOW_CONFIDENCE = 8
    COMPLEXITY = 16
    DISAGREEMENT = 32
    LARGE_DISPLACEMENT = 64
    ACROSS_CUT = 128
    """Not asked: flow has to fail there."""
    NOTHING_TO_GAIN = 256
    """Not asked: the frames are the same, or show nothing that would tell motion."""


FRAME_DTYPE = np.dtype(
    [
        ("pts", "<i8"),
        ("duration_pts", "<i8"),
        ("luma", "<f4"),  # mean, 0 to 255 full range
        ("contrast", "<f4"),  # standard deviation of luma
        ("detail", "<f4"),  # mean squared difference of neighbouring pixels
        ("difference", "<f4"),  # to the next frame: mean absolute, gain and offset taken out
        ("temporal_information", "<f4"),  # to the next frame: ITU-T P.910 TI, 8-bit full range
        ("match", "<f4"),  # to the next frame: share of texture that motion explains, 0 to 1
        ("shift", "<f4"),  # to the next frame: median displacement, frame widths
        ("flags", "<u1"),  # FRAME_CORRUPT, FRAME_RESIZED, FRAME_SKIPPED
    ]
)

PAIR_DTYPE = np.dtype(
    [
        ("pts", "<i8"),  # first frame
        ("second_pts", "<i8"),
        ("pan", "<f4"),  # frame widths per second, + camera turns right
        ("tilt", "<f4"),  # frame heights per second, + camera turns up
        ("zoom", "<f4"),  # d ln(scale)/dt, + zooms in
        ("roll", "<f4"),  # degrees per second, + camera rolls clockwise
        ("camera_confidence", "<f4"),
        ("speed", "<f4"),  # mean over trusted vectors, diagonals per second
        ("speed_spread", "<f4"),  # standard deviation of the vectors' lengths, diagonals per second
        ("moving_area", "<f4"),  # share of the trusted picture
        ("velocity_x", "<f4"),  # mean vector, diagonals per second, x right
        ("velocity_y", "<f4"),  # y down
        ("subject_speed", "<f4"),  # inside the subject's edge, diagonals per second
        ("subject_area", "<f4"),  # share of the picture
        ("subject_x", "<f4"),  # centroid, 0 to 1 from the top left
        ("subject_y", "<f4"),
        ("confidence", "<f4"),  # mean over the picture
        ("coverage", "<f4"),  # share of the picture at or above the threshold
        ("texture", "<f4"),  # share of the picture with enough texture to see motion
        ("luma", "<f4"),  # of the first frame, 0 to 255
        ("gain", "<f4"),  # photometric: second ≈ gain · first + offset
        ("offset", "<f4"),
        ("directions", "<u1", (DIRECTION_SECTORS,)),  # histogram in 1/255
        ("gate", "<u2"),  # PairGate
    ]
)

_LEAST_LUMA = 8.0


def light_change(
    gain: npt.NDArray[np.floating], offset: npt.NDArray[np.floating], luma: npt.NDArray[np.floating]
) -> npt.NDArray[np.floating]:
    """Change of the mean brightness within pairs, relative to the first frame's, signed.

    Args:
        gain: of pairs, a column of :data:`PAIR_DTYPE`; ``offset`` and ``luma`` alike.
        offset: grey levels.
        luma: grey levels; in the dark 8 of them count, where codecs alone change as much.
    """
    change: npt.NDArray[np.floating] = ((gain - 1) * luma + offset) / np.maximum(luma, _LEAST_LUMA)
    return change


FrameTable = npt.NDArray[np.void]
"""Structured array of :data:`FRAME_DTYPE`, in order of pts."""

PairTable = npt.NDArray[np.void]
"""Structured array of :data:`PAIR_DTYPE`, in order of pts."""
