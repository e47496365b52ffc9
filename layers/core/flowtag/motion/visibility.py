"""Whether a picture has anything in it that would show motion.

Over a blurred wall flow is zero, both ways, and looks sure of it: what the codec kept does not
change, however the camera moves. So it is asked what a move would have changed.
"""

from __future__ import annotations

import cv2
import numpy as np

from flowtag.flow.field import FloatArray, FlowField

# From this share of the picture with texture on, nobody needs to ask.
_TEXTURE_ENOUGH = 0.12
_SHIFT_WIDTHS = 0.02
# With the contrast raised as for flow, sixfold where it is this low: a third of a level as coded,
# less than codecs keep.
_LEAST_CHANGE_LEVELS = 1.8


def would_show_motion(field: FlowField, texture: float) -> bool:
    """Whether a shift by a fiftieth of the width would change the picture at all.

    Args:
        field: gives the pictures, equal in brightness and with their contrast raised.
        texture: share of the picture with enough texture to see motion.
    """
    if texture >= _TEXTURE_ENOUGH:
        return True
    # Averaged, or noise alone would tell a picture from itself.
    averaged = cv2.boxFilter(field.frames[0], cv2.CV_32F, (7, 7))
    picture = np.asarray(averaged, dtype=np.float32)
    shift_px = max(round(_SHIFT_WIDTHS * field.picture_size[0]), 1)
    across = _mean_change(picture[:, shift_px:], picture[:, :-shift_px])
    down = _mean_change(picture[shift_px:], picture[:-shift_px])
    return max(across, down) >= _LEAST_CHANGE_LEVELS


def _mean_change(a: FloatArray, b: FloatArray) -> float:
    return float(np.abs(a - b).mean())
