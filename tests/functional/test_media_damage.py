"""Files that were cut short, hit, joined, or timed by broken clocks: what is decoded, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowtag.contracts.messages import ChunkRange
from flowtag.video.decoding import FrameDecoder
from flowtag.video.indexing import read_index, refined
from flowtag.video.probing import probe_video
from tests.media.damaged import cut, flip_bits
from tests.media.movies import ENCODINGS, Movie, write_movie, x264
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


def test_a_file_that_was_replaced_since_it_was_probed(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mkv", _movie(20))
    headers = probe_video(path)
    probe = refined(headers, read_index(path, headers))
    path.write_bytes(path.read_bytes()[:1500])
    wanted = ChunkRange(start_pts=400, end_pts=None)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        assert list(decoder) == []
    assert decoder.report.truncated
