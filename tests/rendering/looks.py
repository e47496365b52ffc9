"""What lies between a scene and the file: light, sensor, bars and burnt-in graphics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from tests.rendering.pictures import Image, Size, photograph

TICKER_WIDTHS_PER_SECOND = 0.16
TICKER_TEXT = (
    "MARKETS CLOSE HIGHER  +++  RAIN EXPECTED IN THE NORTH  +++  TALKS RESUME ON MONDAY  +++  "
)
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Flash:
    """A burst of light.

    Attributes:
        seconds: When its first frame is due.
        frames: How many frames it lasts.
        strength: How far the picture goes to white, 0 to 1.
    """

    seconds: float
    frames: int = 1
    strength: float = 0.85


@dataclass(frozen=True)
class Look:
    """The conditions under which a clip was made.

    Attributes:
        letterbox: Height of each black bar above and below, as a fraction of the frame's height.
        pillarbox: Width of each black bar left and right, as a fraction of the frame's width.
        logo: A station's logo in the upper right corner.
        timecode: A running timecode burnt in at the bottom.
        ticker: A band of news running to the left along the bottom.
        motion_blur: A shutter of 180 degrees instead of an infinitely short one.
        noise: Standard deviation of the sensor's noise in 8-bit values.
        flicker: Swing of the brightness about its mean, 0.25 for a quarter up and down.
        brightness: Factor on all values.
        flashes: Bursts of light.
        strobe_hz: Rate of a strobe light, 0 for none.
    """

    letterbox: float = 0.0
    pillarbox: float = 0.0
    logo: bool = False
    timecode: bool = False
    ticker: bool = False
    motion_blur: bool = False
    noise: float = 0.0
    flicker: float = 0.0
    brightness: float = 1.0
    flashes: tuple[Flash, ...] = ()
    strobe_hz: float = 0.0

    def bars_px(self, size: Size) -> tuple[int, int]:
        """Return the width of each side bar and the height of each bar above and below."""
        return round(self.pillarbox * size[0]), round(self.letterbox * size[1])


def apply_look(scene: Image, look: Look, seconds: float, frame_seconds: float, seed: int) -> Image:
    """Photograph a scene under given conditions.

    Args:
        scene: `(H, W, 3)`.
        look: The conditions.
        seconds: Time of the frame in the clip.
        frame_seconds: How long a frame lasts.
        seed: Draws the noise of this frame.

    Returns:
        The frame as it stands in the file.
    """
    frame = expose(scene, look, seconds, frame_seconds)
    if look.noise:
        frame = add_noise(frame, look.noise, seed)
    for wanted, draw in (
        (look.logo, draw_logo),
        (look.timecode, draw_timecode),
        (look.ticker, draw_ticker),
    ):
        if wanted:
            frame = draw(frame, seconds, frame_seconds)
    side, above = look.bars_px((frame.shape[1], frame.shape[0]))
    frame[:above] = frame[frame.shape[0] - above :] = 0
    frame[:, :side] = frame[:, frame.shape[1] - side :] = 0
    return frame


def expose(scene: Image, look: Look, seconds: float, frame_seconds: float) -> Image:
    """Return a copy of the scene in the light of the moment; arguments as `apply_look`."""
    gain, white = look.brightness, 0.0
    # Two frequencies that share no period with any frame rate, as lamps and shutters do.
    wave = 0.6 * np.sin(2 * np.pi * 3.7 * seconds) + 0.4 * np.sin(2 * np.pi * 9.1 * seconds + 1)
    gain *= 1 + look.flicker * float(wave)
    for flash in look.flashes:
        if -0.5 <= (seconds - flash.seconds) / frame_seconds < flash.frames - 0.5:
            white = flash.strength
    if look.strobe_hz and seconds * look.strobe_hz % 1 < 0.3:
        white = max(white, 0.7)
    values = np.arange(256) * gain
    table = np.clip(np.rint(values + white * (255 - values)), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(scene, table), dtype=np.uint8)


def add_noise(frame: Image, sigma: float, seed: int) -> Image:
    """Return a frame with Gaussian noise, independent per frame, px and channel."""
    noise = np.zeros(frame.shape, np.int16)
    cv2.setRNGSeed(seed % 2**31)
    # Drawn at eight times the size: rounding to whole values would lose a sigma near 1.
    cv2.randn(noise, np.zeros(3), np.full(3, sigma * 8))
    return np.clip(np.rint(frame + noise / 8), 0, 255).astype(np.uint8)


def draw_logo(frame: Image, seconds: float, frame_seconds: float) -> Image:
    """Lay a half-transparent logo over the upper right corner."""
    del seconds, frame_seconds
    height, width = frame.shape[:2]
    side = height // 6
    logo = cv2.resize(photograph("logo"), (side, side), interpolation=cv2.INTER_AREA)
    top, left = height // 7, width - width // 10 - side
    corner = frame[top : top + side, left : left + side]
    frame[top : top + side, left : left + side] = np.rint(0.25 * corner + 0.75 * logo)
    return frame


def draw_timecode(frame: Image, seconds: float, frame_seconds: float) -> Image:
    """Burn a running timecode into a box at the bottom."""
    height, width = frame.shape[:2]
    rate = round(1 / frame_seconds)
    count = round(seconds / frame_seconds)
    text = f"01:00:{count // rate:02d}:{count % rate:02d}"
    size = height / 400
    (wide, tall), _ = cv2.getTextSize(text, FONT, size, 2)
    left, base = (width - wide) // 2, round(height * 0.8)
    cv2.rectangle(frame, (left - 8, base - tall - 8), (left + wide + 8, base + 8), (0, 0, 0), -1)
    cv2.putText(frame, text, (left, base), FONT, size, (255, 255, 255), 2, cv2.LINE_AA)
    return frame


@lru_cache(maxsize=4)
def ticker_band(size: Size) -> Image:
    """Draw the ticker's text once, on a band that is wider than the screen."""
    tall = size[1] // 9
    (wide, _), _ = cv2.getTextSize(TICKER_TEXT, FONT, tall / 45, 2)
    repeats = -(-size[0] // wide) + 1
    band = np.full((tall, wide * repeats, 3), (20, 30, 110), np.uint8)
    for repeat in range(repeats):
        place = (repeat * wide, round(tall * 0.7))
        cv2.putText(band, TICKER_TEXT, place, FONT, tall / 45, (240, 240, 240), 2, cv2.LINE_AA)
    return band


def draw_ticker(frame: Image, seconds: float, frame_seconds: float) -> Image:
    """Run a band of text along the bottom."""
    del frame_seconds
    height, width = frame.shape[:2]
    band = ticker_band((width, height))
    shift = -TICKER_WIDTHS_PER_SECOND * width * seconds
    matrix = np.array([[1.0, 0.0, shift], [0.0, 1.0, 0.0]])
    seen = cv2.warpAffine(band, matrix, (width, band.shape[0]), borderMode=cv2.BORDER_WRAP)
    top = round(height * 0.86)
    frame[top : top + band.shape[0]] = seen[: height - top]
    return frame
