"""Things that move inside the picture on their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from tests.rendering.moves import Pose
from tests.rendering.pictures import Affine, Image, Size, photograph

OVERSAMPLING = 2


@dataclass(frozen=True)
class Subject:
    """A textured patch that bounces inside the picture.

    Attributes:
        picture: Name of the photograph that it is cut from.
        area: Its fraction of the frame, 0.03 to 0.5.
        velocity: To the right and down, both in frame widths per second.
        attached: What the velocity is measured against: the `screen`, as when the camera follows
            a subject, or the `world`, as when it doesn't.
        shape: An `ellipse` or a `rectangle`.
        aspect: Width over height.
        start: Where its centre is at first, as fractions of the frame.
    """

    picture: str = "chelsea"
    area: float = 0.1
    velocity: tuple[float, float] = (0.25, 0.1)
    attached: Literal["screen", "world"] = "screen"
    shape: Literal["ellipse", "rectangle"] = "ellipse"
    aspect: float = 1.3
    start: tuple[float, float] = (0.5, 0.5)

    def size_px(self, size: Size) -> tuple[float, float]:
        """Return width and height of the patch on a screen of the given size."""
        box_px = self.area * size[0] * size[1] * (4 / np.pi if self.shape == "ellipse" else 1.0)
        return float(np.sqrt(box_px * self.aspect)), float(np.sqrt(box_px / self.aspect))

    def centre(self, seconds: float, size: Size) -> complex:
        """Return the place of its centre, from the screen's centre, before any camera move."""
        path = []
        for axis, side in enumerate(self.size_px(size)):
            room = max(size[axis] - side, 1e-6)
            start = self.start[axis] * size[axis] - side / 2
            travelled = start + self.velocity[axis] * size[0] * seconds
            path.append(room - abs(travelled % (2 * room) - room) + side / 2 - size[axis] / 2)
        return complex(*path)


@lru_cache(maxsize=16)
def sprite(subject: Subject, size: Size) -> Image:
    """Cut a subject out of its photograph.

    Args:
        subject: The subject.
        size: Width and height of the screen.

    Returns:
        Premultiplied RGB and alpha, at `OVERSAMPLING` times the size on the screen.
    """
    width, height = (round(side * OVERSAMPLING) for side in subject.size_px(size))
    image = photograph(subject.picture)
    enlarged = max(width / image.shape[1], height / image.shape[0])
    texture = cv2.resize(image, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC)
    texture = texture[:height, :width]
    alpha = np.zeros(texture.shape[:2], np.uint8)
    if subject.shape == "ellipse":
        middle = (texture.shape[1] // 2, texture.shape[0] // 2)
        cv2.ellipse(alpha, middle, (middle[0] - 1, middle[1] - 1), 0, 0, 360, 255, -1, cv2.LINE_AA)
    else:
        alpha[1:-1, 1:-1] = 255
    colour = np.rint(texture * (alpha[..., None] / 255.0)).astype(np.uint8)
    return np.dstack([colour, alpha])


def placement(subject: Subject, seconds: float, size: Size, poses: tuple[Pose, Pose]) -> Affine:
    """Return the similarity from px of a subject's sprite to px of the screen.

    Args:
        subject: The subject.
        seconds: Time from the start of the shot.
        size: Width and height of the screen.
        poses: The camera's at the start of the shot, and now.
    """
    height, width = sprite(subject, size).shape[:2]
    centre, turn = subject.centre(seconds, size), complex(1 / OVERSAMPLING)
    if subject.attached == "world":
        first, now = poses
        centre = now.project(first.unproject(centre))
        turn *= now.scale / first.scale * np.exp(1j * (now.angle - first.angle))
    middle = complex(width - 1, height - 1) / 2
    origin = centre + complex(size[0] - 1, size[1] - 1) / 2 - turn * middle
    return np.array([[turn.real, -turn.imag, origin.real], [turn.imag, turn.real, origin.imag]])


def draw_subject(frame: Image, patch: Image, matrix: Affine) -> Image:
    """Lay a sprite over a frame.

    Args:
        frame: `(H, W, 3)`.
        patch: Premultiplied RGB and alpha.
        matrix: From px of the patch to px of the frame.

    Returns:
        A new frame.
    """
    seen = cv2.warpAffine(patch, matrix, (frame.shape[1], frame.shape[0]), flags=cv2.INTER_LINEAR)
    clear = 1 - seen[..., 3:].astype(np.float32) / 255
    return np.asarray(np.rint(frame * clear + seen[..., :3]), dtype=np.uint8)


def subject_mask(patch: Image, matrix: Affine, size: Size) -> Image:
    """Return where a sprite covers the screen, 255 inside and 0 outside."""
    alpha = np.ascontiguousarray(patch[..., 3])
    seen = cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_LINEAR)
    return np.where(seen > 127, 255, 0).astype(np.uint8)
