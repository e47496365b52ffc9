"""What is found in the headers and the first frame of files as they come."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from flowtag.video.pictures import small_luma, working_size
from flowtag.video.probing import probe_video
from tests.media.movies import Image, Movie, numbered_picture, write_movie, x264
from tests.media.patching import display_matrix, patch
from tests.media.unusual import (
    write_several,
    write_with_attachment,
    write_with_cover,
)
from tests.media.viewing import frames_from_start, see

NTSC = Fraction(30000, 1001)
X265 = {"preset": "ultrafast", "x265-params": "log-level=none"}


def test_plain_facts(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", Movie(count=30, size=(192, 112), b_frames=2))
    probe = probe_video(path)
    assert probe.container == "mov,mp4,m4a,3gp,3g2,mj2"
    assert (probe.codec, probe.pixel_format) == ("h264", "yuv420p")
    assert (probe.width, probe.height, probe.rotation) == (192, 112, 0)
    assert (probe.time_base, probe.frame_rate) == (Fraction(1, 12800), Fraction(25))
    assert (probe.start_pts, probe.end_pts, probe.frames_expected) == (0, 30 * 512, 30)
    assert (probe.timecode, probe.start_frame, probe.drop_frame) == (None, 0, False)
    assert (probe.field_order, probe.full_range, probe.color_transfer) == (
        "progressive",
        False,
        None,
    )
    assert not probe.still_image
    assert probe.warnings == ()


# ── which stream ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.mkv"])
def test_cover_art_is_never_taken_for_the_film(name: str, tmp_path: Path) -> None:
    write = write_with_attachment if name.endswith("mkv") else write_with_cover
    path = write(tmp_path / name, 12, (96, 64), numbered_picture(700, (640, 480)))
    seen = see(path)
    assert (seen.probe.width, seen.probe.height) == (96, 64)
    assert seen.numbers == list(range(12))
    assert seen.probe.warnings == ()


@pytest.mark.parametrize(("name", "default"), [("film.mkv", 2), ("film.mkv", 0)])
def test_the_default_stream_is_analysed(name: str, default: int, tmp_path: Path) -> None:
    path = write_several(tmp_path / name, [(64, 64), (128, 96), (96, 64)], default, 10)
    seen = see(path)
    assert seen.probe.stream_index == default
    assert seen.numbers == [100 * default + number for number in range(10)]
    assert len(seen.probe.warnings) == 1
    assert f"3 video streams: stream {default} is analysed" in seen.probe.warnings[0]


def test_without_a_default_the_largest_stream_is_analysed(tmp_path: Path) -> None:
    path = write_several(tmp_path / "film.ts", [(64, 64), (128, 96), (96, 64)], 0, 10)
    seen = see(path)
    assert (seen.probe.width, seen.probe.height) == (128, 96)
    assert seen.numbers == [100 + number for number in range(10)]


# ── how it is displayed ──────────────────────────────────────────────────────────────────────


def _bright_left(size: tuple[int, int]) -> Image:
    """Bright on its left quarter, dark elsewhere."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:, : size[0] // 4] = 255
    return picture


# QuickTime's matrix: x' = ax + cy, y' = bx + dy, y downwards. So a quarter turn clockwise takes the
# left edge (x small) to the top (y' small): y' = x.
TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@pytest.mark.parametrize(
    ("degrees", "edge"), [(0, "left"), (90, "top"), (180, "right"), (270, "bottom")]
)
def test_rotation_turns_the_drawn_edge_where_a_player_shows_it(
    degrees: int, edge: str, tmp_path: Path
) -> None:
    movie = Movie(count=2, size=(128, 64))
    path = write_movie(tmp_path / "film.mp4", movie, [_bright_left((128, 64))] * 2)
    patch(path, "moov/trak/tkhd", display_matrix(*TURNS[degrees]))
    probe = probe_video(path)
    assert probe.rotation == degrees
    upright = (64, 128) if degrees in (90, 270) else (128, 64)
    assert probe.display_size() == upright
    frame = next(frames_from_start(path))
    luma = small_luma(frame, upright, probe.rotation)
    quarter = upright[0] // 4 if edge in ("left", "right") else upright[1] // 4
    bright = {
        "left": luma[:, :quarter],
        "right": luma[:, -quarter:],
        "top": luma[:quarter],
        "bottom": luma[-quarter:],
    }[edge]
    assert bright.mean() > 240
    assert luma.mean() < 255 / 4 + 10


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.mov"])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_read_from_every_container(name: str, degrees: int, tmp_path: Path) -> None:
    path = write_movie(tmp_path / name, Movie(count=2, rotation=degrees))
    assert probe_video(path).rotation == degrees


@pytest.mark.parametrize(("matrix", "rotation"), [((-1, 0, 0, 1), 0), ((1, 0, 0, -1), 0)])
def test_mirrored_pictures_are_mentioned(
    matrix: tuple[int, int, int, int], rotation: int, tmp_path: Path
) -> None:
    path = patch(
        write_movie(tmp_path / "film.mp4", Movie(count=2)),
        "moov/trak/tkhd",
        display_matrix(*matrix),
    )
    probe = probe_video(path)
    assert probe.rotation == rotation
    assert any("mirrored" in warning for warning in probe.warnings)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_pixels_that_are_not_square(name: str, tmp_path: Path) -> None:
    path = write_movie(tmp_path / name, Movie(count=5, size=(176, 144), aspect=Fraction(16, 11)))
    probe = probe_video(path)
    assert probe.sample_aspect_ratio == Fraction(16, 11)
    assert probe.display_size() == (256, 144)
    assert working_size(probe, 128) == (128, 72)


@pytest.mark.parametrize(
    ("movie", "pixel_format"),
    [
        (Movie("libx265", count=10, pixel_format="yuv420p10le", options=X265), "yuv420p10le"),
        (Movie("prores_ks", count=4, pixel_format="yuv422p10le"), "yuv422p10le"),
        (
            Movie("prores_ks", count=4, pixel_format="yuva444p10le", options={"profile": "4444"}),
            "yuva444p12le",
        ),
        (Movie("qtrle", count=10, pixel_format="argb"), "argb"),
        (Movie("png", count=4, pixel_format="rgb24"), "rgb24"),
        (Movie("png", count=4, pixel_format="rgba"), "rgba"),
        (Movie("mjpeg", count=4, pixel_format="yuvj422p"), "yuvj422p"),
        (Movie("rawvideo", count=4, pixel_format="uyvy422"), "uyvy422"),
        (Movie(count=10, pixel_format="yuv444p", size=(161, 91)), "yuv444p"),
    ],
)
def test_pixel_formats(movie: Movie, pixel_format: str, tmp_path: Path) -> None:
    seen = see(write_movie(tmp_path / "film.mov", movie))
    assert seen.probe.pixel_format == pixel_format
    assert (seen.probe.width, seen.probe.height) == movie.size
    assert seen.numbers == list(range(movie.count))


@pytest.mark.parametrize("pixel_format", ["gray", "gray10le", "gray16le", "yuv420p", "yuva420p"])
@pytest.mark.parametrize("size", [(161, 91), (33, 47), (192, 112)])
def test_grey_alpha_and_odd_sizes(pixel_format: str, size: tuple[int, int], tmp_path: Path) -> None:
    movie = Movie("ffv1", count=6, pixel_format=pixel_format, size=size)
    seen = see(write_movie(tmp_path / "film.mkv", movie))
    assert seen.probe.pixel_format == pixel_format
    assert set(seen.sizes) == {size}
    assert seen.numbers == list(range(6))


def test_alpha_of_vp9(tmp_path: Path) -> None:
    options = {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"}
    movie = Movie("libvpx-vp9", count=8, pixel_format="yuva420p", options=options)
    seen = see(write_movie(tmp_path / "film.webm", movie))
    assert seen.probe.codec == "vp9"
    assert seen.numbers == list(range(8))


@pytest.mark.parametrize(("number", "name"), [(16, "pq"), (18, "hlg"), (1, "bt709")])
def test_transfer_functions(number: int, name: str, tmp_path: Path) -> None:
    movie = Movie("libx265", count=4, pixel_format="yuv420p10le", options=X265, color_trc=number)
    assert probe_video(write_movie(tmp_path / "film.mp4", movie)).color_transfer == name


@pytest.mark.parametrize(("color_range", "full"), [(1, False), (2, True), (None, False)])
def test_range_of_levels(color_range: int | None, full: bool, tmp_path: Path) -> None:
    movie = Movie(count=4, color_range=color_range)
    assert probe_video(write_movie(tmp_path / "film.mp4", movie)).full_range is full


@pytest.mark.parametrize(("parameter", "order"), [("tff=1", "tt"), ("bff=1", "bb")])
def test_field_order(parameter: str, order: str, tmp_path: Path) -> None:
    seen = see(write_movie(tmp_path / "film.mp4", x264(12, parameter)))
    assert seen.probe.field_order == order
    assert seen.probe.frame_rate == 25
    assert seen.numbers == list(range(12))


# ── when it is displayed ─────────────────────────────────────────────────────────────────────

MPEG2 = Movie("mpeg2video", count=10, pixel_format="yuv422p", bit_rate=3_000_000)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "mxf"])
@pytest.mark.parametrize(
    ("rate", "text", "frame", "drop_frame"),
    [
        (NTSC, "01:00:00;00", 107_892, True),
        (NTSC, "01:00:00:00", 108_000, False),
        (NTSC, "00:01:00;02", 1_800, True),
        (Fraction(25), "10:00:00:00", 900_000, False),
        (Fraction(25), "23:59:59:24", 2_159_999, False),
    ],
)
def test_start_timecode(
    suffix: str, rate: Fraction, text: str, frame: int, drop_frame: bool, tmp_path: Path
) -> None:
    movie = MPEG2 if suffix == "mxf" else Movie(count=10)
    movie = replace(movie, rate=rate, metadata={"timecode": text})
    probe = probe_video(write_movie(tmp_path / f"film.{suffix}", movie))
    assert probe.frame_rate == rate
    assert (probe.timecode, probe.start_frame, probe.drop_frame) == (text, frame, drop_frame)
    assert probe.timeline().timecode(probe.start_pts) == text


def test_a_timecode_that_does_not_exist_is_mentioned_and_not_used(tmp_path: Path) -> None:
    movie = Movie(count=4, metadata={"timecode": "01:00:00:40"})
    probe = probe_video(write_movie(tmp_path / "film.mkv", movie))
    assert (probe.timecode, probe.start_frame) == (None, 0)
    assert any("timecode" in warning for warning in probe.warnings)


@pytest.mark.parametrize(
    "rate",
    [Fraction(24000, 1001), Fraction(24), NTSC, Fraction(50), Fraction(60000, 1001)],
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_frame_rates(rate: Fraction, suffix: str, tmp_path: Path) -> None:
    seen = see(write_movie(tmp_path / f"film.{suffix}", Movie(count=40, rate=rate, b_frames=2)))
    assert seen.probe.frame_rate == rate
    assert not seen.probe.variable_frame_rate
    assert [seen.probe.timeline().frame(pts) for pts in seen.pts] == list(range(40))


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_thousand_frames_a_second(suffix: str, tmp_path: Path) -> None:
    seen = see(write_movie(tmp_path / f"film.{suffix}", Movie(count=50, rate=Fraction(1000))))
    assert seen.probe.frame_rate == 1000
    assert [seen.probe.timeline().frame(pts) for pts in seen.pts] == list(range(50))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi"])
@pytest.mark.parametrize("count", [1, 2])
def test_one_frame_or_two(suffix: str, count: int, tmp_path: Path) -> None:
    movie = Movie("mpeg4", count=count, bit_rate=1_000_000)
    seen = see(write_movie(tmp_path / f"film.{suffix}", movie))
    assert seen.numbers == list(range(count))
    assert seen.probe.frames_expected == count
    assert seen.probe.timeline().seconds(seen.probe.end_pts or 0) == Fraction(count, 25)
    assert not seen.report.truncated
    assert seen.probe.frame_rate == 25
