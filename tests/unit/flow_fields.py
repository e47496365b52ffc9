"""Flow fields whose motion is known: made up, or estimated between two rendered pictures."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from flowtag.contracts.features import PairTable
from flowtag.flow.dis import DisFlow
from flowtag.flow.field import FlowField
from flowtag.flow.frame_pair import FramePair
from flowtag.motion.picture_area import find_picture
from flowtag.motion.statistics import PairTime, pair_features
from flowtag.settings import FlowSettings
from tests.rendering import Film, Look, Shot
from tests.rendering.looks import apply_look
from tests.rendering.pictures import Image

WIDTH, HEIGHT = SIZE = (256, 144)
STEP_PX = 4
ROWS, COLUMNS = HEIGHT // STEP_PX, WIDTH // STEP_PX
SECONDS = 0.08
DIAGONAL_PX = float(np.hypot(WIDTH, HEIGHT))

Mask = npt.NDArray[np.bool_]
EVERYWHERE: Mask = np.ones((ROWS, COLUMNS), np.bool_)


def places() -> npt.NDArray[np.complex128]:
    """``(ROWS, COLUMNS)``: where the grid's points lie from the picture's centre, x + iy."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS] * STEP_PX + STEP_PX // 2
    return np.asarray(column - (WIDTH - 1) / 2 + 1j * (row - (HEIGHT - 1) / 2))


def moved_by(shift: complex, growth: float = 0.0, turn_degrees: float = 0.0) -> FlowField:
    """The content shifts (px, y down), grows (logarithm) and turns clockwise about the centre."""
    spin = np.exp(complex(growth, np.radians(turn_degrees)))
    return make_field(places() * (spin - 1) + shift)


def make_field(
    motion: npt.NDArray[np.complex128], confidence: npt.NDArray[np.float32] | None = None
) -> FlowField:
    """A field of vectors x + iy in px, all of them trusted by default."""
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    level = np.ones((ROWS, COLUMNS), np.float32)
    return FlowField(
        vectors=np.stack([motion.real, motion.imag], axis=-1).astype(np.float32),
        confidence=0.95 * level if confidence is None else confidence,
        residual=level,
        round_trip_px=0 * level,
        texture=400 * level,
        step_px=STEP_PX,
        frames=(picture, picture),
    )


def box(left: float, top: float, right: float, bottom: float) -> Mask:
    """Which of the grid's points lie in a box, given in fractions of the picture."""
    x, y = places().real / WIDTH + 0.5, places().imag / HEIGHT + 0.5
    return np.asarray((x >= left) & (x < right) & (y >= top) & (y < bottom))


def with_part(field: FlowField, part: Mask, shift: complex) -> FlowField:
    """The field with a part that moves by itself."""
    motion = field.vectors[..., 0] + 1j * field.vectors[..., 1]
    return make_field(np.where(part, shift, motion))


def grey(picture: Image) -> Image:
    """A picture without its colours."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def two_pictures(shot: Shot, look: Look | None = None) -> tuple[Image, Image]:
    """A shot half a second from its start, and a pair's time later; grey, without any codec."""
    film, begin = Film(shot, SIZE), 0.5
    first, second = (
        apply_look(film.instant(at), look or Look(), at, 0.04, seed=round(at * 100))
        for at in (begin, begin + SECONDS)
    )
    return grey(first), grey(second)


def features_between(first: Image, second: Image, seconds: float = SECONDS) -> PairTable:
    """The row that a worker writes about two pictures."""
    pair = FramePair.of(first, second)
    (flow,) = DisFlow(FlowSettings()).estimate([pair])
    row = pair_features(flow, pair.change, find_picture(first), PairTime(0, 2, seconds))
    return np.asarray(row[0])


def features_of(shot: Shot, look: Look | None = None) -> PairTable:
    """The row that a worker writes about two pictures of a shot."""
    return features_between(*two_pictures(shot, look))
