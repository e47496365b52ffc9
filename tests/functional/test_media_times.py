"""Clocks that are reset, jump or lie, edit lists, variable rates: when each frame is shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from flowtag.video.unwrapping import TimeGap
from tests.media.damaged import join, remux
from tests.media.movies import Movie, write_movie, x264
from tests.media.patching import append_box, edit_list, patch
from tests.media.viewing import see

TICKS = 512
"""Of a frame in an MP4 of 25 fps."""

TS_TICKS = 3600


def _movie(count: int = 50, **changes: object) -> Movie:
    return x264(count, "keyint=12:min-keyint=12:scenecut=0:bframes=2", **changes)


# ── joined, and timed by broken clocks ───────────────────────────────────────────────────────


def test_a_clock_that_is_reset_leaves_a_gap_and_runs_on(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.ts", _movie())
    seen = see(join(tmp_path / "film.ts", plain, plain))
    assert not seen.index.clean
    assert seen.numbers == [*range(50), *range(50)]
    start = seen.pts[0]
    assert seen.pts == [start + TS_TICKS * number for number in range(100)]
    last, next_ = seen.pts[49], seen.pts[50]
    assert seen.report.jumps == [TimeGap(last, next_, -50 * TS_TICKS, "reset")]
    assert seen.probe.frame_rate == 25


def test_a_clock_that_jumps_leaves_a_gap_and_runs_on(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.ts", _movie())
    later = remux(plain, tmp_path / "b.ts", shift_seconds=100)
    seen = see(join(tmp_path / "film.ts", plain, later))
    assert not seen.index.clean
    assert seen.numbers == [*range(50), *range(50)]
    assert seen.pts == [seen.pts[0] + TS_TICKS * number for number in range(100)]
    assert [gap.reason for gap in seen.report.jumps] == ["jump"]
    assert seen.report.jumps[0].lost == 98 * 25 * TS_TICKS
    assert not seen.report.truncated


def test_a_still_that_is_shown_for_a_minute_is_no_jump(tmp_path: Path) -> None:
    pts = [0, 40, 80, 60_080, 60_120]
    movie = Movie("ffv1", count=5, pts=pts, time_base=Fraction(1, 1000))
    seen = see(write_movie(tmp_path / "film.mkv", movie))
    assert seen.index.clean
    assert seen.pts == pts
    assert seen.report.jumps == []
    assert seen.probe.variable_frame_rate


def test_a_change_of_size_in_mid_stream_is_delivered_and_counted(tmp_path: Path) -> None:
    large = write_movie(tmp_path / "a.ts", _movie(20))
    small = write_movie(tmp_path / "b.ts", _movie(20, size=(128, 96)))
    seen = see(join(tmp_path / "film.ts", large, small, large))
    assert seen.sizes == [(192, 112)] * 20 + [(128, 96)] * 20 + [(192, 112)] * 20
    assert seen.numbers == [*range(20)] * 3
    assert seen.report.size_changes == 2
    assert seen.pts == [seen.pts[0] + TS_TICKS * number for number in range(60)]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_negative_times_that_matroska_loses_are_found_again(b_frames: int, tmp_path: Path) -> None:
    movie = Movie(
        count=30,
        b_frames=b_frames,
        pts=[number - 5 for number in range(30)],
        muxing={"avoid_negative_ts": "disabled"},
    )
    seen = see(write_movie(tmp_path / "film.mkv", movie))
    assert not seen.index.clean
    assert seen.report.missing_pts == 5
    assert seen.numbers == list(range(30))
    assert seen.pts == [40 * (number - 5) for number in range(30)]
    assert seen.probe.start_pts == -200


def test_negative_times_are_kept(tmp_path: Path) -> None:
    movie = Movie(
        count=30,
        b_frames=2,
        pts=[number - 5 for number in range(30)],
        muxing={"avoid_negative_ts": "disabled"},
    )
    seen = see(write_movie(tmp_path / "film.ts", movie))
    assert seen.index.clean
    assert seen.pts == [TS_TICKS * (number - 5) for number in range(30)]
    assert [seen.probe.timeline().frame(pts) for pts in seen.pts] == list(range(30))


def test_avi_that_keeps_decode_times_alone_is_put_in_order(tmp_path: Path) -> None:
    movie = x264(60, "keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0")
    seen = see(write_movie(tmp_path / "film.avi", movie))
    assert not seen.index.clean
    assert seen.numbers == list(range(60))
    assert len(set(seen.pts)) == 60
    for number, pts in enumerate(seen.pts):
        assert abs(seen.probe.timeline().frame(pts) - number) <= 3
    assert seen.report.jumps == []


@pytest.mark.parametrize("suffix", ["mkv", "mov"])
def test_frames_of_zero_duration_come_one_after_the_other(suffix: str, tmp_path: Path) -> None:
    if suffix == "mkv":
        movie = Movie("ffv1", count=5, pts=[0] * 5)
        path = write_movie(tmp_path / "film.mkv", movie)
    else:
        path = write_movie(tmp_path / "film.mov", Movie("mjpeg", 5, pixel_format="yuvj420p"))
        times = (1).to_bytes(8, "big") + (5).to_bytes(4, "big") + (0).to_bytes(4, "big")
        patch(path, "moov/trak/mdia/minf/stbl/stts", lambda _: times)
    seen = see(path)
    assert seen.numbers == list(range(5))
    assert seen.pts == sorted(set(seen.pts))
    assert seen.probe.frame_rate > 0


# ── edit lists and variable rates ────────────────────────────────────────────────────────────


def test_an_edit_list_hides_the_frames_before_it(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", _movie(50, muxing={"use_editlist": "0"}))
    offset = see(path).pts[0]
    append_box(path, "moov/trak", edit_list((1000, offset + 13 * TICKS)))
    seen = see(path)
    assert seen.index.clean
    assert seen.numbers == list(range(13, 38))
    assert seen.pts == [TICKS * number for number in range(25)]
    assert (seen.probe.start_pts, seen.probe.end_pts) == (0, 25 * TICKS)
    assert seen.probe.frames_expected == 25
    assert not seen.probe.variable_frame_rate
    assert not seen.report.truncated


def test_an_empty_edit_delays_the_film_and_not_its_first_frame(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", _movie(50, muxing={"use_editlist": "0"}))
    offset = see(path).pts[0]
    append_box(path, "moov/trak", edit_list((500, -1), (2000, offset)))
    seen = see(path)
    assert seen.numbers == list(range(50))
    assert seen.probe.start_pts == seen.pts[0] == 6400
    assert seen.probe.timeline().seconds(seen.pts[0]) == 0


def test_two_edits_play_one_after_the_other(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", _movie(50, muxing={"use_editlist": "0"}))
    offset = see(path).pts[0]
    first, second = offset + 5 * TICKS, offset + 30 * TICKS
    append_box(path, "moov/trak", edit_list((400, first), (600, second)))
    seen = see(path)
    assert seen.numbers == [*range(5, 15), *range(30, 45)]
    assert seen.pts == sorted(set(seen.pts))
    # The demuxer itself begins the second edit early by the frames that the codec reorders.
    for number, pts in enumerate(seen.pts):
        assert 0 <= number - seen.probe.timeline().frame(pts) <= 2


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_variable_frame_rate(suffix: str, b_frames: int, tmp_path: Path) -> None:
    steps = np.random.default_rng(4).choice([1, 1, 1, 1, 2, 5], 39)
    pts = [40 * int(n) for n in np.concatenate([[0], np.cumsum(steps)])]
    movie = Movie(count=40, b_frames=b_frames, pts=pts, time_base=Fraction(1, 1000))
    path = write_movie(tmp_path / f"film.{suffix}", movie)
    seen = see(path)
    assert seen.probe.variable_frame_rate
    assert seen.probe.frame_rate == 25
    assert seen.index.clean
    assert seen.numbers == list(range(40))
    timeline = seen.probe.timeline()
    assert [timeline.seconds(tick) * 1000 for tick in seen.pts] == pts
    assert [timeline.frame(tick) for tick in seen.pts] == [tick // 40 for tick in pts]
