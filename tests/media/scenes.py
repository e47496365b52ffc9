"""Pictures to reduce, as frames of any pixel format."""

from __future__ import annotations

import av
import cv2
import numpy as np

from tests.media.movies import Image, as_frame


def clouds(width: int, height: int, seed: int = 1) -> Image:
    """Grey clouds of all levels, as RGB `(h, w, 3)`."""
    noise = np.random.default_rng(seed).uniform(0, 255, (9, 16)).astype(np.float32)
    grey = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def in_format(picture: Image, name: str) -> av.VideoFrame:
    """An RGB picture as a frame of a pixel format, of the range that is usual for it."""
    full = "JPEG" if name.startswith(("yuvj", "gray")) else None
    return as_frame(picture).reformat(format=name, dst_color_range=full)
