"""The property that everything rests on: a frame is the same whichever chunk it is decoded in."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.video.decoding import FrameDecoder
from flowtag.video.indexing import read_index, refined
from flowtag.video.probing import probe_video
from tests.media.damaged import scatter_bits, without_head
from tests.media.movies import ENCODINGS, Movie, read_number, write_movie, x264
from tests.media.viewing import hashes, see

# Enough to pass the end of any GOP, so that what follows a key frame is compared as well.
_LOOK_AHEAD = 14


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encodings")


def _probed(path: Path) -> tuple[VideoProbe, bool]:
    headers = probe_video(path)
    index = read_index(path, headers)
    return refined(headers, index), index.clean


def _differing_starts(path: Path, probe: VideoProbe, step: int) -> list[int]:
    """Starts from which other frames, times or pixels come out than in the whole."""
    whole = hashes(path, probe, None, 10_000)
    starts = [frame[0] + offset for frame in whole[::step] for offset in (-1, 0)]
    differing = []
    for start in starts:
        expected = [frame for frame in whole if frame[0] >= start][:_LOOK_AHEAD]
        if hashes(path, probe, start, _LOOK_AHEAD) != expected:
            differing.append(start)
    return differing


@pytest.mark.parametrize("name", ENCODINGS)
def test_frames_are_the_same_from_every_start(name: str, folder: Path) -> None:
    movie = ENCODINGS[name]
    path = write_movie(folder / name, movie)
    probe, clean = _probed(path)
    assert clean
    assert probe.frames_expected == movie.count
    assert _differing_starts(path, probe, 3 if movie.size[0] < 1000 else 11) == []


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_picture_has_its_own_time(name: str, folder: Path) -> None:
    movie = ENCODINGS[name]
    path = folder / name
    if not path.exists():
        write_movie(path, movie)
    seen = see(path)
    assert seen.numbers == list(range(movie.count))
    seconds = [seen.probe.timeline().seconds(pts) for pts in seen.pts]
    for number, second in enumerate(seconds):
        assert abs(second - number / movie.rate) <= seen.probe.time_base
    assert seen.probe.start_pts == seen.pts[0]
    assert [seen.probe.timeline().frame(pts) for pts in seen.pts] == seen.numbers
    assert not any(seen.corrupt)
    assert not seen.report.truncated


def test_chunks_tile_the_frames(folder: Path) -> None:
    path = write_movie(folder / "tiled.mkv", ENCODINGS["h264-open.mkv"])
    probe, _ = _probed(path)
    whole = hashes(path, probe, None, 10_000)
    borders = [None, whole[11][0], whole[12][0], whole[30][0] + 1, None]
    tiles = []
    for start, end in pairwise(borders):
        frames = hashes(path, probe, start, 10_000)
        tiles += [frame for frame in frames if end is None or frame[0] < end]
    assert tiles == whole


_KEYS = "keyint=12:min-keyint=12:scenecut=0:bframes=3"
DAMAGED = {
    "closed.mp4": x264(60, _KEYS),
    "open.mp4": x264(60, _KEYS + ":open-gop=1"),
    "pyramid.mp4": x264(60, "keyint=24:bframes=7:b-pyramid=normal:ref=5:open-gop=1"),
    "mpeg2.mov": Movie("mpeg2video", 60, b_frames=2, bit_rate=1_500_000),
    "av1.mp4": ENCODINGS["av1.mp4"],
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("seed", [0, 1, 6])
def test_damage_spoils_the_same_frames_from_every_start(name: str, seed: int, folder: Path) -> None:
    plain = folder / f"plain-{name}"
    if not plain.exists():
        write_movie(plain, DAMAGED[name])
    path = scatter_bits(plain, folder / name, seed, count=6)
    probe, clean = _probed(path)
    whole = hashes(path, probe, None, 10_000)
    assert clean
    assert any(pixels is None for _, _, pixels in whole) or len(whole) < DAMAGED[name].count
    assert sum(pixels is not None for _, _, pixels in whole) > 0
    assert _differing_starts(path, probe, 2) == []


def test_a_recording_that_begins_between_key_frames_begins_at_the_first(folder: Path) -> None:
    plain = write_movie(folder / "plain.ts", ENCODINGS["mpeg2-open.ts"])
    path = without_head(plain, folder / "headless.ts", 0.3)
    seen = see(path)
    # Leading pictures of the first open GOP refer to frames that were never recorded.
    assert seen.numbers[0] % 12 == 0
    assert seen.numbers == list(range(seen.numbers[0], 60))
    assert seen.probe.start_pts == seen.pts[0]
    assert seen.probe.frames_expected == len(seen.pts)
    assert _differing_starts(path, seen.probe, 4) == []


def test_leading_pictures_of_h264_are_left_out_as_well(folder: Path) -> None:
    plain = write_movie(
        folder / "plain-h264.ts",
        x264(60, "keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0:open-gop=1"),
    )
    path = without_head(plain, folder / "headless-h264.ts", 0.3)
    seen = see(path)
    assert seen.numbers == list(range(seen.numbers[0], 60))
    assert not any(seen.corrupt)


def test_a_consumer_may_stop_early_and_nothing_is_truncated(folder: Path) -> None:
    path = write_movie(folder / "early.mp4", Movie(count=20))
    probe, _ = _probed(path)
    wanted = ChunkRange(start_pts=None, end_pts=512 * 5)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        for frame in decoder:
            if frame.pts >= 512 * 5:
                break
    assert decoder.report.last_pts == 512 * 5
    assert decoder.report.delivered == 6
    assert not decoder.report.truncated


def test_decoding_goes_on_past_the_end_of_the_range(folder: Path) -> None:
    path = write_movie(folder / "past.mp4", Movie(count=20))
    probe, _ = _probed(path)
    wanted = ChunkRange(start_pts=512 * 3, end_pts=512 * 5)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        pts = [frame.pts for frame in decoder]
    assert pts == [512 * number for number in range(3, 20)]


def test_a_start_past_the_last_frame_gives_none(folder: Path) -> None:
    path = write_movie(folder / "none.mp4", Movie(count=20))
    probe, _ = _probed(path)
    wanted = ChunkRange(start_pts=512 * 50, end_pts=None)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        assert list(decoder) == []
    assert not decoder.report.truncated


def test_a_decoder_may_be_asked_twice(folder: Path) -> None:
    path = write_movie(folder / "twice.mp4", Movie(count=8, size=(160, 96)))
    probe, _ = _probed(path)
    with FrameDecoder(path, probe, ChunkRange(start_pts=None, end_pts=None), False) as decoder:
        first = [frame.pts for frame in decoder]
        again = [frame.pts for frame in decoder]
    assert first == again == [512 * number for number in range(8)]


def test_numbers_survive_the_strip(folder: Path) -> None:
    path = write_movie(folder / "numbers.mkv", Movie("ffv1", count=3, pixel_format="gray"))
    probe, _ = _probed(path)
    with FrameDecoder(path, probe, ChunkRange(start_pts=None, end_pts=None), False) as decoder:
        planes = [frame.picture.to_ndarray() for frame in decoder]
    assert [read_number(plane.astype("uint8")) for plane in planes] == [0, 1, 2]
