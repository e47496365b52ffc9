"""Films in a bucket that keep no index: divided by time, unread, and yet the same film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from flowtag.assembly.stitching import StitchedRun, stitch
from flowtag.contracts.messages import Plan, SourceRef
from flowtag.pipeline import analyze_chunk, assemble, plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings
from tests.functional.filmed import film_as
from tests.media.damaged import join, remux
from tests.media.fetched import FetchedFile
from tests.media.movies import ENCODINGS, Movie, write_movie
from tests.tagging import Tagged, tag

FRAGMENTED = "empty_moov+default_base_moof"


@dataclass(frozen=True)
class Packing:
    """A coding of the film, and the container that it is put into without a whole index."""

    coding: str
    suffix: str
    muxing: Mapping[str, str]


PACKINGS = {
    "transport stream": Packing("h264-closed", ".ts", {}),
    "transport stream, open GOPs": Packing("h264-open", ".ts", {}),
    "transport stream, MPEG-2": Packing("mpeg2-open", ".ts", {}),
    "fragments": Packing("h264-closed", ".mp4", {"movflags": f"frag_keyframe+{FRAGMENTED}"}),
    "fragments of their own header": Packing("h264-open", ".mp4", {"movflags": "frag_keyframe"}),
    "fragments, times of display before those of decoding": Packing(
        "h264-open", ".mp4", {"movflags": f"frag_keyframe+negative_cts_offsets+{FRAGMENTED}"}
    ),
    "fragments that begin between key frames": Packing(
        "h264-closed", ".mp4", {"movflags": FRAGMENTED, "frag_duration": "300000"}
    ),
    "fragments with an index of their own": Packing(
        "h264-closed", ".mp4", {"movflags": "frag_keyframe+dash+global_sidx"}
    ),
    "clusters without cues": Packing("h264-open", ".mkv", {"live": "1"}),
    "clusters with cues": Packing("h264-open", ".mkv", {"cluster_time_limit": "400"}),
    "clusters, varying rate": Packing("h264-varying", ".mkv", {"live": "1"}),
    "WebM": Packing("vp9", ".webm", {"live": "1"}),
}


@pytest.fixture(autouse=True)
def nothing_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else films as small as these would be."""
    monkeypatch.setattr("flowtag.video.indexing.SCANNED_BYTES", 0)


@pytest.fixture(scope="module", params=PACKINGS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    packing = PACKINGS[request.param]
    folder = tmp_path_factory.mktemp("films")
    plain = film_as(packing.coding, folder)
    return remux(plain, folder / f"packed{packing.suffix}", muxing=packing.muxing)


@pytest.fixture(scope="module")
def scanned(film: Path) -> Tagged:
    return tag(film)


@pytest.mark.parametrize("chunk_seconds", [Fraction(1, 2), Fraction(13, 10)])
def test_a_film_divided_by_time_gives_what_a_scanned_one_gives(
    film: Path, scanned: Tagged, chunk_seconds: Fraction
) -> None:
    plan = plan_of(film, chunk_seconds)
    chunks = analysed(plan, film)
    run, expected = stitch(plan, chunks.get), stitch(scanned.plan, scanned.chunks.get)
    assert plan.index_source == "none"
    assert not plan.sequential
    assert len(plan.chunks) >= 3
    assert_same_rows(run, expected)
    ours, theirs = assemble(plan, chunks.get).metadata, scanned.metadata
    assert (ours.shots, ours.segments) == (theirs.shots, theirs.segments)
    assert ours.analysis.status == "complete"


def plan_of(path: Path, chunk_seconds: Fraction, media: FetchedFile | None = None) -> Plan:
    source = SourceRef(
        uri=f"/media/{path.name}", name=path.name, size_bytes=path.stat().st_size, content_id="c"
    )
    execution = ExecutionSettings(chunk_seconds=chunk_seconds)
    return plan_video(media or FetchedFile(path), source, AnalysisSettings(), execution)


def analysed(plan: Plan, path: Path) -> dict[int, bytes]:
    return {i: analyze_chunk(plan.task(i), FetchedFile(path)) for i in range(len(plan.chunks))}


def assert_same_rows(run: StitchedRun, expected: StitchedRun) -> None:
    assert run.frames.pts.tolist() == expected.frames.pts.tolist()
    assert run.pairs.tobytes() == expected.pairs.tobytes()
    for column in ("match", "shift", "luma", "contrast", "detail"):
        ours, theirs = getattr(run.frames, column), getattr(expected.frames, column)
        np.testing.assert_array_equal(ours, theirs)
    assert run.last_duration_pts == expected.last_duration_pts
    assert run.still_pts.tolist() == expected.still_pts.tolist()


def test_clocks_that_were_reset_leave_one_chunk_from_the_start(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "plain.ts", Movie(count=100, b_frames=2))
    path = join(tmp_path / "film.ts", plain, plain)
    plan = plan_of(path, Fraction(1))
    run = stitch(plan, analysed(plan, path).get)
    assert plan.sequential
    assert len(plan.chunks) == 1
    assert "one piece" in plan.warnings[-1]
    assert len(run.frames) == 200


@pytest.mark.parametrize("lengths", [(150, 60), (60, 150), (40, 150, 20), (180, 6)])
def test_recordings_joined_end_to_end_lose_no_frame(
    lengths: tuple[int, ...], tmp_path: Path
) -> None:
    parts = [
        write_movie(tmp_path / f"{n}.ts", Movie(count=count, gop=10))
        for n, count in enumerate(lengths)
    ]
    path = join(tmp_path / "film.ts", *parts)
    plan = plan_of(path, Fraction(1))
    run = stitch(plan, analysed(plan, path).get)
    assert len(run.frames) == sum(lengths)


def test_a_film_without_times_of_display_is_one_chunk(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.avi", Movie(count=60, b_frames=2))
    plan = plan_of(path, Fraction(1))
    assert plan.sequential
    assert len(stitch(plan, analysed(plan, path).get).frames) == 60


UNINDEXED = [
    *("h264-open.ts", "h264-refresh.ts", "hevc-open.ts", "mpeg2-open.ts", "mpeg2-open.mpg"),
    *("h264-open.mkv", "vp8.webm", "vp9.webm", "h264-fragmented.mp4", "mpeg2-open.mxf", "wmv2.asf"),
]


@pytest.mark.parametrize("name", UNINDEXED)
def test_every_coding_gives_the_same_frames_divided_by_time(name: str, tmp_path: Path) -> None:
    path = write_movie(tmp_path / name, ENCODINGS[name])
    plan, expected = plan_of(path, Fraction(1, 2)), tag(path)
    chunks = analysed(plan, path)
    assert not plan.sequential
    assert len(plan.chunks) > 3
    assert_same_rows(stitch(plan, chunks.get), stitch(expected.plan, expected.chunks.get))
    assert assemble(plan, chunks.get).metadata.analysis.status == "complete"


def test_a_film_whose_length_nothing_tells_is_one_chunk(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.flv", ENCODINGS["flv1.flv"])
    plan, expected = plan_of(path, Fraction(1, 2)), tag(path)
    assert plan.sequential
    assert "nothing tells how long it is" in plan.warnings[-1]
    run = stitch(plan, analysed(plan, path).get)
    assert_same_rows(run, stitch(expected.plan, expected.chunks.get))


@pytest.mark.parametrize("chunk_seconds", [Fraction(1, 2), Fraction(7)])
@pytest.mark.parametrize("back_seconds", [Fraction(1, 5), Fraction(1), Fraction(5, 2)])
def test_a_reset_that_no_look_finds_is_told(
    chunk_seconds: Fraction, back_seconds: Fraction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowtag.video.sampling._LOOKS", (1, 2))
    monkeypatch.setattr("flowtag.video.sampling._LEAST_LOOKS", 1)
    monkeypatch.setattr("flowtag.video.sampling._STRETCH_BYTES", 10_000)
    first = write_movie(tmp_path / "first.ts", Movie(count=125, gop=5, b_frames=2))
    second = write_movie(tmp_path / "second.ts", Movie(count=225, gop=5, b_frames=2))
    later = remux(second, tmp_path / "later.ts", shift_seconds=float(5 - back_seconds))
    path = join(tmp_path / "film.ts", first, later)
    plan = plan_of(path, chunk_seconds)
    metadata = assemble(plan, analysed(plan, path).get).metadata
    assert not plan.sequential
    assert metadata.analysis.frames.decoded < 350
    assert metadata.analysis.status == "partial"
    assert any("clock was reset" in gap.reason for gap in metadata.analysis.gaps)
