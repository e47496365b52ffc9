"""Where frames lie, found without decoding any."""

from __future__ import annotations

import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from flowtag.video.indexing import PacketIndex, read_index, refined
from flowtag.video.probing import probe_video
from tests.functional.filmed import film_thrice
from tests.media.lengthy import write_lengthy
from tests.media.movies import ENCODINGS, Movie, write_movie, x264
from tests.media.viewing import see
from tests.tagging import tag

DAY_SECONDS = 24 * 3600
DAY_FRAMES = DAY_SECONDS * 25


def _index(path: Path) -> PacketIndex:
    return read_index(path, probe_video(path))


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts", "flv"])
def test_key_frames_are_found_where_they_are_displayed(suffix: str, tmp_path: Path) -> None:
    movie = x264(60, "keyint=12:min-keyint=12:scenecut=0:bframes=2")
    path = write_movie(tmp_path / f"film.{suffix}", movie)
    index = _index(path)
    probe = probe_video(path)
    shown = [probe.timeline().frame(int(pts)) for pts in index.key_pts]
    assert shown == [0, 12, 24, 36, 48]
    assert index.frame_count == 60
    assert index.clean
    assert index.source == ("container" if suffix in ("mp4", "mov") else "scan")


def test_a_file_that_tells_once_of_other_parameters_is_entered_at_its_start_alone(
    tmp_path: Path,
) -> None:
    path = film_thrice(tmp_path)
    index = _index(path)
    assert not index.clean
    assert index.warnings == (
        "its encoder was changed on the way: analysed in one piece, from its start",
    )
    tagged = tag(path, Fraction(1))
    assert len(tagged.plan.chunks) == 1
    assert tagged.metadata.analysis.status == "complete"
    assert tagged.metadata.analysis.frames.decoded == index.frame_count == 345


def test_a_file_that_says_its_parameters_again_is_entered_anywhere(tmp_path: Path) -> None:
    index = _index(film_thrice(tmp_path, changing=False))
    assert index.clean
    assert index.warnings == ()


@pytest.mark.parametrize(
    "name", ["h264-open.mp4", "hevc-open.mp4", "mpeg2-open.ts", "mpeg2-open.mxf", "mpeg4-b.avi"]
)
def test_key_frames_are_never_found_early(name: str, tmp_path: Path) -> None:
    path = write_movie(tmp_path / name, ENCODINGS[name])
    seen = see(path)
    with_keys = sorted(set(_displayed_keys(path)))
    found = [int(pts) for pts in seen.index.key_pts]
    assert len(found) == len(with_keys)
    tick = seen.pts[1] - seen.pts[0]
    for actual, said in zip(with_keys, found, strict=True):
        assert 0 <= said - actual <= 3 * tick


def _displayed_keys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        packets = container.demux(video=0)
        return [packet.pts for packet in packets if packet.is_keyframe and packet.pts is not None]


@pytest.mark.parametrize("name", ENCODINGS)
def test_frame_times_are_those_that_are_decoded(name: str, tmp_path: Path) -> None:
    seen = see(write_movie(tmp_path / name, ENCODINGS[name]))
    if seen.index.source == "scan":
        assert seen.index.frame_pts is not None
    if seen.index.frame_pts is not None:
        assert seen.index.frame_pts.dtype == np.int64
        assert seen.index.frame_pts.tolist() == seen.pts
    assert seen.index.key_pts.dtype == np.int64
    assert seen.index.frame_count == len(seen.pts)
    assert seen.index.end_pts is not None
    assert abs(seen.index.end_pts - seen.pts[-1]) <= 2 * (seen.pts[1] - seen.pts[0])


def test_frames_without_b_frames_are_all_known_from_the_container(tmp_path: Path) -> None:
    index = _index(write_movie(tmp_path / "film.mp4", Movie(count=40)))
    assert index.source == "container"
    assert index.frame_pts is not None
    assert index.frame_pts.tolist() == [512 * number for number in range(40)]


def test_a_fragmented_movie_is_scanned_to_its_end(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", ENCODINGS["h264-fragmented.mp4"])
    index = _index(path)
    assert index.source == "scan"
    assert index.frame_count == 60
    assert index.clean


def test_a_probe_is_refined_by_what_the_index_knows(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.webm", ENCODINGS["vp8.webm"])
    headers = probe_video(path)
    assert headers.frames_expected is None
    index = read_index(path, headers)
    probe = refined(headers, index)
    assert probe.frames_expected == 60
    assert probe.end_pts == index.end_pts == 2400


def test_a_day_is_indexed_in_no_time(tmp_path: Path) -> None:
    path = write_lengthy(tmp_path / "film.mov", DAY_FRAMES)
    before = time.process_time()
    index = _index(path)
    taken = time.process_time() - before
    assert taken < 2
    assert index.source == "container"
    assert index.clean
    assert index.frame_count == DAY_FRAMES
    assert index.end_pts == DAY_FRAMES * 512
    assert index.key_pts.tolist() == list(range(0, DAY_FRAMES * 512, 250 * 512))
    assert index.cadence.frame_rate == 25
    assert not index.cadence.variable


def test_a_day_is_indexed_in_little_memory(tmp_path: Path) -> None:
    day = write_lengthy(tmp_path / "day.mov", DAY_FRAMES)
    minute = write_lengthy(tmp_path / "minute.mov", 1500)
    assert _peak_memory_mb(day) - _peak_memory_mb(minute) < 150


def test_a_day_of_few_frames_is_seen_whole(tmp_path: Path) -> None:
    path = write_lengthy(tmp_path / "film.mov", 1440, ticks=60 * 12800, side_px=32)
    seen = see(path)
    assert len(seen.pts) == 1440
    assert seen.probe.frame_rate == Fraction(1, 60)
    timeline = seen.probe.timeline()
    assert timeline.seconds(seen.probe.end_pts or 0) == DAY_SECONDS
    assert [timeline.frame(pts) for pts in seen.pts] == list(range(1440))
    assert not seen.report.truncated


def _peak_memory_mb(path: Path) -> float:
    program = (
        "import sys, resource; from pathlib import Path\n"
        "from flowtag.video.indexing import read_index\n"
        "from flowtag.video.probing import probe_video\n"
        "read_index(Path(sys.argv[1]), probe_video(Path(sys.argv[1])))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, check=True, text=True
    )
    return int(done.stdout) / 1024
