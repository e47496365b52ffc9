"""Files that were cut short, hit, joined, or timed by broken clocks: what is decoded, and said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from flowtag.contracts.messages import ChunkRange
from flowtag.video.decoding import FrameDecoder
from flowtag.video.indexing import read_index, refined
from flowtag.video.probing import probe_video
from flowtag.video.unwrapping import TimeGap
from tests.media.damaged import cut, flip_bits, join, remux
from tests.media.movies import ENCODINGS, Movie, write_movie, x264
from tests.media.patching import append_box, edit_list, patch
from tests.media.viewing import see

TICKS = 512
"""Of a frame in an MP4 of 25 fps."""

TS_TICKS = 3600


def _movie(count: int = 50, **changes: object) -> Movie:
    return x264(count, "keyint=12:min-keyint=12:scenecut=0:bframes=2", **changes)


# ── cut short ────────────────────────────────────────────────────────────────────────────────


def test_a_truncated_fast_start_movie_says_so(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mp4", _movie(100, muxing={"movflags": "faststart"}))
    seen = see(cut(plain, tmp_path / "film.mp4", 0.5))
    assert 10 < len(seen.pts) < 90
    # The last frames may lack some that lie behind them in the file and before them in time.
    assert seen.numbers[:-3] == list(range(len(seen.pts) - 3))
    assert [pts // TICKS for pts in seen.pts] == seen.numbers
    assert seen.probe.frames_expected == 100
    assert seen.probe.end_pts == 100 * TICKS
    assert seen.report.truncated
    assert seen.report.last_pts == seen.pts[-1]


def test_chunks_of_a_truncated_movie_past_its_data_are_empty_and_say_so(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mp4", _movie(100, muxing={"movflags": "faststart"}))
    path = cut(plain, tmp_path / "film.mp4", 0.3)
    probe = probe_video(path)
    wanted = ChunkRange(start_pts=80 * TICKS, end_pts=90 * TICKS)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        assert list(decoder) == []
    assert decoder.report.truncated


def test_a_truncated_matroska_file_says_so(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mkv", _movie())
    seen = see(cut(plain, tmp_path / "film.mkv", 0.5))
    assert 5 < len(seen.pts) < 45
    assert seen.numbers == list(range(len(seen.pts)))
    assert seen.probe.end_pts == 2000
    assert seen.report.truncated


def test_a_cut_transport_stream_keeps_what_it_has(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.ts", _movie())
    seen = see(cut(plain, tmp_path / "film.ts", 0.5))
    whole = [number for number, bad in zip(seen.numbers, seen.corrupt, strict=True) if not bad]
    assert whole == list(range(len(whole)))
    assert len(whole) > 15
    # The picture in which the cut fell is never passed off as a whole one.
    assert len(seen.pts) - len(whole) <= 1


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts", "film.avi", "film.mov"])
def test_whole_files_are_not_called_truncated(name: str, tmp_path: Path) -> None:
    movie = Movie("mpeg4", count=30, bit_rate=1_000_000)
    assert not see(write_movie(tmp_path / name, movie)).report.truncated


def test_longer_sound_does_not_make_a_film_truncated(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mkv", _movie(20))
    seen = see(path)
    assert seen.ends[-1] == seen.probe.end_pts == 800
    assert not seen.report.truncated


# ── hit ──────────────────────────────────────────────────────────────────────────────────────


def test_bit_errors_in_the_middle_spoil_the_middle_alone(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mp4", _movie(100, muxing={"movflags": "faststart"}))
    seen = see(flip_bits(plain, tmp_path / "film.mp4", 0.4, 0.6))
    assert seen.corrupt[:25] == [False] * 25
    assert seen.numbers[:25] == list(range(25))
    assert any(seen.corrupt)
    assert seen.corrupt[-20:] == [False] * 20
    assert seen.numbers[-20:] == list(range(80, 100))
    assert seen.pts[-1] == 99 * TICKS
    assert seen.report.corrupt == sum(seen.corrupt)
    assert not seen.report.truncated


def test_whole_frames_of_a_hit_file_are_those_of_the_original(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mp4", _movie(100, muxing={"movflags": "faststart"}))
    seen = see(flip_bits(plain, tmp_path / "film.mp4", 0.2, 0.7, every=997))
    for pts, number, bad in zip(seen.pts, seen.numbers, seen.corrupt, strict=True):
        assert bad or number == pts // TICKS


def test_hevc_that_was_hit_loses_frames_and_says_so(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mov", ENCODINGS["hevc-10bit.mov"])
    seen = see(flip_bits(plain, tmp_path / "film.mov", 0.3, 0.6, every=211))
    assert seen.numbers[:20] == list(range(20))
    assert seen.numbers[-12:] == list(range(48, 60))
    assert seen.report.errors.packets > 0
    assert seen.report.errors.last
    assert seen.probe.frames_expected == 60
    assert len(seen.pts) < 60


@pytest.mark.parametrize("name", ["film.mp4", "film.ts"])
def test_a_file_hit_all_over_gives_no_whole_frames(name: str, tmp_path: Path) -> None:
    is_movie = name.endswith("mp4")
    muxing = {"movflags": "faststart"} if is_movie else {}
    start = 0.1 if is_movie else 0.3
    plain = write_movie(tmp_path / f"a-{name}", _movie(60, muxing=muxing))
    seen = see(flip_bits(plain, tmp_path / name, start, 1.0, every=23))
    whole = sum(not bad for bad in seen.corrupt)
    assert whole < 25
    assert len(seen.pts) == len(set(seen.pts))


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


def test_a_file_that_was_replaced_since_it_was_probed(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mkv", _movie(20))
    headers = probe_video(path)
    probe = refined(headers, read_index(path, headers))
    path.write_bytes(path.read_bytes()[:1500])
    wanted = ChunkRange(start_pts=400, end_pts=None)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        assert list(decoder) == []
    assert decoder.report.truncated
