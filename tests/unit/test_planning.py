from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.contracts.messages import ChunkRange, Plan, SourceRef, VideoProbe
from flowtag.errors import NotAVideoError, SettingsError
from flowtag.identity import run_id, video_id
from flowtag.planning import chunk_ranges, plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.video.indexing import PacketIndex
from flowtag.video.rates import Cadence
from tests.media.damaged import join
from tests.media.lengthy import write_lengthy
from tests.media.movies import Movie, write_movie, x264

TICKS = 1000
"""Per second, of the made-up videos here."""

Range = tuple[Fraction, Fraction | None]


def _probe(start: int = 0, end: int | None = 100 * TICKS) -> VideoProbe:
    return VideoProbe(
        container="matroska,webm",
        codec="h264",
        stream_index=0,
        width=64,
        height=64,
        pixel_format="yuv420p",
        time_base=Fraction(1, TICKS),
        frame_rate=Fraction(25),
        start_pts=start,
        end_pts=end,
    )


def _index(keys: list[int], end: int | None = 100 * TICKS, clean: bool = True) -> PacketIndex:
    return PacketIndex(
        key_pts=np.array(keys, np.int64),
        frame_pts=None,
        end_pts=end,
        clean=clean,
        source="scan",
        cadence=Cadence(Fraction(25), False),
        frame_count=2500,
    )


def _borders(
    index: PacketIndex,
    probe: VideoProbe,
    seconds: Fraction = Fraction(10),
    wanted: Range | None = None,
) -> list[int | None]:
    chunks = chunk_ranges(index, probe, seconds, wanted)
    assert all(one.end_pts == two.start_pts for one, two in pairwise(chunks))
    return [chunks[0].start_pts, *(chunk.end_pts for chunk in chunks)]


def test_borders_lie_at_the_nearest_key_frames() -> None:
    keys = [0, 4_000, 9_000, 12_000, 19_500, 20_600, 29_000, 33_000]
    assert _borders(_index(keys), _probe()) == [None, 9_000, 19_500, 29_000, None]


def test_borders_are_counted_from_the_first_frame() -> None:
    keys = [700, 5_700, 10_700, 15_700, 20_700]
    assert _borders(_index(keys), _probe(start=700)) == [None, 10_700, 20_700, None]


def test_rare_key_frames_make_long_chunks() -> None:
    assert _borders(_index([0, 45_000]), _probe()) == [None, 45_000, None]


def test_the_last_chunk_is_no_crumb() -> None:
    keys = list(range(0, 100_000, 1_000))
    assert _borders(_index(keys), _probe(end=34_000))[-3:] == [10_000, 20_000, None]
    assert _borders(_index(keys), _probe(end=36_000))[-3:] == [20_000, 30_000, None]
    assert _borders(_index(keys), _probe(end=30_000))[-3:] == [10_000, 20_000, None]


@pytest.mark.parametrize("keys", [[], [0]])
def test_without_key_frames_there_is_one_chunk(keys: list[int]) -> None:
    assert _borders(_index(keys), _probe()) == [None, None]


def test_without_trusted_times_there_is_one_chunk() -> None:
    index = _index(list(range(0, 100_000, 1_000)), clean=False)
    assert chunk_ranges(index, _probe(), Fraction(10), None) == (
        ChunkRange(start_pts=None, end_pts=None),
    )


def test_a_range_has_ends_of_its_own_and_the_same_borders_within() -> None:
    keys = list(range(0, 100_000, 1_000))
    wanted = (Fraction(15), Fraction(352, 10))
    assert _borders(_index(keys), _probe(), wanted=wanted) == [15_000, 20_000, 30_000, 35_200]


def test_a_range_to_the_end_is_open() -> None:
    keys = list(range(0, 100_000, 1_000))
    wanted = (Fraction(85), None)
    assert _borders(_index(keys), _probe(), wanted=wanted) == [85_000, 90_000, None]


def test_a_range_from_the_start_is_open_there() -> None:
    wanted = (Fraction(0), Fraction(5))
    assert _borders(_index([0, 50_000]), _probe(), wanted=wanted) == [None, 5_000]


def test_a_range_may_end_after_the_video() -> None:
    wanted = (Fraction(90), Fraction(1_000))
    assert _borders(_index([0]), _probe(), wanted=wanted) == [90_000, 1_000_000]


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (Fraction(100), None, "outside the video, which is 100.000 s long"),
        (Fraction(250), Fraction(260), "outside the video"),
        (Fraction(-1), Fraction(5), "outside the video"),
        (Fraction(5), Fraction(5), "not after its start"),
        (Fraction(9), Fraction(5), "not after its start"),
    ],
)
def test_ranges_that_cannot_be(start: Fraction, end: Fraction | None, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        chunk_ranges(_index([0]), _probe(), Fraction(10), (start, end))


def test_a_range_of_a_video_of_unknown_length_is_believed() -> None:
    index, probe = _index([0], end=None), _probe(end=None)
    assert _borders(index, probe, wanted=(Fraction(500), None)) == [500_000, None]


@given(
    keys=st.lists(st.integers(-5_000, 100_000), unique=True, max_size=40).map(sorted),
    seconds=st.fractions(Fraction(1, 10), Fraction(200)),
    start=st.integers(-5_000, 5_000),
    wanted=st.one_of(
        st.none(),
        st.tuples(
            st.fractions(0, 90),
            st.one_of(st.none(), st.fractions(91, 300)),
        ),
    ),
)
def test_chunks_always_tile(
    keys: list[int], seconds: Fraction, start: int, wanted: Range | None
) -> None:
    borders = _borders(_index(keys), _probe(start), seconds, wanted)
    inner = [border for border in borders[1:-1] if border is not None]
    assert len(inner) == len(borders) - 2
    assert inner == sorted(set(inner))
    assert set(inner) <= set(keys)
    assert all(border > start for border in inner)
    if borders[0] is not None:
        assert all(border > borders[0] for border in inner)
    if borders[-1] is not None:
        assert all(border < borders[-1] for border in inner)


# ── plan_video ───────────────────────────────────────────────────────────────────────────────


def _source(path: Path) -> SourceRef:
    return SourceRef(
        uri=str(path), name=path.name, size_bytes=path.stat().st_size, content_id="content"
    )


def _plan(path: Path, seconds: Fraction = Fraction(1), wanted: Range | None = None) -> Plan:
    settings = AnalysisSettings.for_preset("balanced", wanted)
    return plan_video(path, _source(path), settings, ExecutionSettings(chunk_seconds=seconds))


def test_a_plan_of_a_film(tmp_path: Path) -> None:
    movie = x264(80, "keyint=20:min-keyint=20:scenecut=0:bframes=2")
    path = write_movie(tmp_path / "film.mp4", movie)
    plan = _plan(path)
    settings = AnalysisSettings.for_preset("balanced")
    assert plan.video_id == video_id(_source(path))
    assert plan.run_id == run_id(_source(path), settings, plan.algorithm_version)
    assert plan.settings_digest == settings.digest()
    assert plan.index_source == "container"
    assert not plan.sequential
    assert [chunk.start_pts for chunk in plan.chunks] == [None, 20 * 512, 40 * 512]
    assert plan.probe.frames_expected == 80
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_the_length_of_chunks_is_no_part_of_a_runs_identity(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", Movie(count=40, gop=5))
    one, two = _plan(path, Fraction(1, 5)), _plan(path, Fraction(10))
    assert len(one.chunks) > len(two.chunks)
    assert one.run_id == two.run_id


def test_a_film_whose_clock_is_reset_is_one_sequential_chunk(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.ts", Movie(count=40, gop=5))
    plan = _plan(join(tmp_path / "film.ts", plain, plain), Fraction(1, 5))
    assert plan.sequential
    assert len(plan.chunks) == 1
    assert plan.probe.frames_expected == 80


def test_a_range_of_a_film(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", Movie(count=50, gop=5))
    plan = _plan(path, Fraction(10), (Fraction(1, 2), Fraction(1)))
    assert plan.chunks == (ChunkRange(start_pts=6400, end_pts=12800),)
    with pytest.raises(SettingsError, match="2\\.000 s long"):
        _plan(path, Fraction(10), (Fraction(2), None))


def test_a_day_is_planned_in_minutes(tmp_path: Path) -> None:
    plan = _plan(write_lengthy(tmp_path / "film.mov", 24 * 3600 * 25), Fraction(60))
    assert len(plan.chunks) == 1440
    lengths = {
        two.start_pts - one.start_pts
        for one, two in pairwise(plan.chunks[1:])
        if one.start_pts is not None and two.start_pts is not None
    }
    assert lengths == {60 * 12800}


def test_what_is_no_video_has_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text("not a film")
    with pytest.raises(NotAVideoError):
        _plan(path)
