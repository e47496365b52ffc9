from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.contracts.messages import VideoProbe
from flowtag.video.pictures import MIN_SIDE_PX, small_luma, working_size
from tests.media.movies import Image, as_frame
from tests.media.scenes import clouds, in_format


def _probe(
    width: int, height: int, rotation: int = 0, aspect: Fraction = Fraction(1)
) -> VideoProbe:
    return VideoProbe.model_validate(
        {
            "container": "mov",
            "codec": "h264",
            "stream_index": 0,
            "width": width,
            "height": height,
            "rotation": rotation,
            "sample_aspect_ratio": aspect,
            "pixel_format": "yuv420p",
            "time_base": Fraction(1, 25),
            "frame_rate": Fraction(25),
            "start_pts": 0,
        }
    )


def _corners(width: int, height: int) -> Image:
    """Four quarters of levels 40 90 / 140 190, as RGB."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = 40
    picture[: height // 2, width // 2 :] = 90
    picture[height // 2 :, : width // 2] = 140
    picture[height // 2 :, width // 2 :] = 190
    return picture


def _levels(luma: Image) -> list[list[int]]:
    """Levels at the centres of the four quarters."""
    height, width = luma.shape
    return [
        [int(luma[y, x]) for x in (width // 4, 3 * width // 4)]
        for y in (height // 4, 3 * height // 4)
    ]


# ── working_size ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("width", "height", "rotation", "aspect", "expected"),
    [
        (1920, 1080, 0, Fraction(1), (256, 144)),
        (1920, 1080, 90, Fraction(1), (144, 256)),
        (1080, 1920, 0, Fraction(1), (144, 256)),
        (720, 576, 0, Fraction(64, 45), (256, 144)),
        (720, 576, 270, Fraction(64, 45), (144, 256)),
        (1440, 1080, 0, Fraction(4, 3), (256, 144)),
        (200, 100, 0, Fraction(1), (200, 100)),
        (161, 91, 0, Fraction(1), (160, 92)),
        (16, 16, 0, Fraction(1), (32, 32)),
        (4000, 100, 0, Fraction(1), (1024, 32)),
        (2, 2000, 0, Fraction(1), (32, 1024)),
    ],
)
def test_working_sizes(
    width: int, height: int, rotation: int, aspect: Fraction, expected: tuple[int, int]
) -> None:
    assert working_size(_probe(width, height, rotation, aspect), 256) == expected


@given(
    st.integers(1, 9000),
    st.integers(1, 9000),
    st.sampled_from([0, 90, 180, 270]),
    st.sampled_from([192, 256, 480]),
)
def test_working_sizes_can_always_be_worked_with(
    width: int, height: int, rotation: int, long_side: int
) -> None:
    size = working_size(_probe(width, height, rotation), long_side)
    assert min(size) >= MIN_SIDE_PX
    assert max(size) <= 4 * long_side
    assert all(side % 2 == 0 for side in size)
    shown = _probe(width, height, rotation).display_size()
    long, short = max(shown), min(shown)
    if long >= long_side and long <= 5 * short:
        assert max(size) == long_side
        assert abs(size[0] / size[1] / (shown[0] / shown[1]) - 1) < 0.06


# ── small_luma ───────────────────────────────────────────────────────────────────────────────

PLANAR = ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "gray", "yuva420p", "yuv411p"]
DEEP = ["yuv420p10le", "yuv422p10le", "yuv444p12le", "p010le", "gray10le", "gray16le"]
OTHERS = ["rgb24", "rgba", "argb", "bgr24", "gbrp", "gbrp10le", "yuyv422", "uyvy422", "rgb48le"]


@pytest.mark.parametrize("name", [*PLANAR, *DEEP, *OTHERS])
def test_all_formats_give_the_same_levels(name: str) -> None:
    picture = clouds(640, 360)
    luma = small_luma(in_format(picture, name), (128, 72), 0)
    truth = cv2.resize(picture[:, :, 0], (128, 72), interpolation=cv2.INTER_AREA)
    assert luma.shape == (72, 128)
    assert luma.dtype == np.uint8
    difference = luma.astype(int) - truth
    # The truth is taken in one step, the picture in several that round each time.
    assert np.abs(difference).max() <= 5
    assert abs(difference.mean()) < 0.7


@pytest.mark.parametrize("name", ["yuv420p10le", "p010le", "yuv422p10le", "rgb24", "uyvy422"])
def test_all_formats_give_the_same_picture(name: str) -> None:
    picture = clouds(640, 360)
    plain = small_luma(in_format(picture, "yuv420p"), (128, 72), 0).astype(int)
    other = small_luma(in_format(picture, name), (128, 72), 0).astype(int)
    assert np.abs(other - plain).max() <= 2


@pytest.mark.parametrize("name", [*PLANAR, *DEEP, *OTHERS])
def test_black_and_white_are_0_and_255(name: str) -> None:
    for level in (0, 255):
        picture = np.full((64, 96, 3), level, np.uint8)
        luma = small_luma(in_format(picture, name), (48, 32), 0)
        assert abs(int(luma.min()) - level) <= 1
        assert abs(int(luma.max()) - level) <= 1


def test_a_tagged_range_is_believed() -> None:
    plane = np.full((64, 96), 16, np.uint8)
    frame = av.VideoFrame(96, 64, "yuv420p")
    frame.planes[0].update(plane.tobytes())
    frame.color_range = 1
    assert small_luma(frame, (48, 32), 0).max() == 0
    frame.color_range = 2
    assert small_luma(frame, (48, 32), 0).min() == 16


@pytest.mark.parametrize(
    ("rotation", "levels"),
    [
        (0, [[40, 90], [140, 190]]),
        (90, [[140, 40], [190, 90]]),
        (180, [[190, 140], [90, 40]]),
        (270, [[90, 190], [40, 140]]),
    ],
)
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "rgb24"])
def test_rotation_is_clockwise(rotation: int, levels: list[list[int]], name: str) -> None:
    size = (64, 96) if rotation in (90, 270) else (96, 64)
    luma = small_luma(in_format(_corners(192, 128), name), size, rotation)
    assert luma.shape == (size[1], size[0])
    assert np.abs(np.array(_levels(luma)) - levels).max() <= 2


@pytest.mark.parametrize("size", [(161, 91), (1919, 1079), (33, 400), (64, 64)])
def test_odd_sizes_and_padded_rows(size: tuple[int, int]) -> None:
    luma = small_luma(in_format(_corners(*size), "yuv420p"), (64, 48), 0)
    assert np.abs(np.array(_levels(luma)) - [[40, 90], [140, 190]]).max() <= 2


def test_the_picture_is_not_changed_and_not_kept() -> None:
    frame = in_format(clouds(96, 64), "gray")
    before = frame.to_ndarray().copy()
    luma = small_luma(frame, (96, 64), 0)
    luma[:] = 0
    assert np.array_equal(frame.to_ndarray(), before)


def test_fine_detail_is_averaged_and_does_not_alias() -> None:
    picture = np.zeros((256, 512, 3), np.uint8)
    picture[:, ::2] = 255
    luma = small_luma(in_format(picture, "gray"), (128, 64), 0)
    assert luma.min() >= 126
    assert luma.max() <= 129


# ── fields ───────────────────────────────────────────────────────────────────────────────────


def _woven(scene: Image, step: int, interlaced: bool) -> Image:
    """A frame of a pan of `step` px a field: even rows at one time, odd rows a field later."""
    first, second = scene[:, :720], scene[:, step : 720 + step]
    frame = first.copy()
    if interlaced:
        frame[1::2] = second[1::2]
    return frame


def _interlaced_frame(picture: Image) -> av.VideoFrame:
    """The frame as a decoder gives it, flagged."""
    encoder = av.CodecContext.create("mpeg2video", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 720, 576, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.framerate = Fraction(25)
    encoder.bit_rate = 60_000_000
    encoder.options = {"flags": "+ildct+ilme", "qmin": "1", "qmax": "1"}
    packets = [*encoder.encode(as_frame(picture)), *encoder.encode(None)]
    decoder = av.CodecContext.create("mpeg2video", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    assert frames[0].interlaced_frame
    return frames[0]


def _comb(luma: Image) -> float:
    """How much rows alternate."""
    rows = luma.astype(float)
    return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())


@pytest.mark.parametrize("size", [(256, 206), (480, 384)])
def test_a_pan_in_fields_shows_no_combs(size: tuple[int, int]) -> None:
    scene = clouds(900, 576, seed=3)
    still = small_luma(as_frame(_woven(scene, 24, False)), size, 0)
    moving = small_luma(_interlaced_frame(_woven(scene, 24, True)), size, 0)
    assert _comb(moving) < _comb(still) + 0.3


def test_combs_would_be_seen_by_that_measure() -> None:
    scene = clouds(900, 576, seed=3)
    woven = _woven(scene, 24, True)[:, :, 0]
    assert _comb(woven) > 5
