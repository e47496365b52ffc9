"""motion.json where frames, chunks or parts of a video are missing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from flowtag.contracts.chunkfile import failed_chunk
from flowtag.contracts.metadata import Segment
from flowtag.errors import BrokenMediaError
from flowtag.settings import AnalysisSettings
from tests.functional.contract_clips import (
    EDITED,
    SIZE,
    Render,
    assert_tiles,
    assert_valid,
    clip,
    numbered,
)
from tests.media.damaged import cut
from tests.media.movies import Movie, write_movie, x264
from tests.rendering import render_frames, steady
from tests.tagging import Tagged, plan_of, tag

SECOND = Fraction(1)


def test_a_picture_that_freezes_is_flagged_and_counted(tmp_path: Path) -> None:
    frames = numbered(*range(20), *[20] * 20, *range(20, 40))
    movie = Movie("ffv1", size=SIZE, pixel_format="yuv420p")
    tagged = tag(write_movie(tmp_path / "frozen.mkv", movie, frames))
    assert any("frozen" in segment.flags for segment in tagged.segments)
    assert tagged.metadata.analysis.frames.repeated == 20
    assert tagged.metadata.analysis.status == "complete"


def test_a_picture_that_moves_on_is_not_frozen(tmp_path: Path) -> None:
    movie = Movie("ffv1", size=SIZE, pixel_format="yuv420p")
    tagged = tag(write_movie(tmp_path / "moving.mkv", movie, numbered(*range(40))))
    assert "frozen" not in tagged.only.flags
    assert tagged.metadata.analysis.frames.repeated == 0


def test_dropped_frames_are_flagged_counted_and_no_motion(tmp_path: Path) -> None:
    kept = [tick for tick in range(50) if tick not in (20, 21, 33)]
    movie = Movie(size=SIZE, pts=kept)
    tagged = tag(write_movie(tmp_path / "dropped.mp4", movie, numbered(*kept)))
    assert tagged.metadata.analysis.frames.dropped == 3
    assert tagged.metadata.analysis.frames.decoded == 47
    assert "dropped_frames" in tagged.only.flags
    assert tagged.only.camera.pan == pytest.approx(0.2, abs=0.02)
    assert (tagged.only.start.frame, tagged.only.end.frame) == (0, 50)


def test_a_file_that_was_cut_short_is_partial_with_a_gap(rendered: Render, tmp_path: Path) -> None:
    whole = clip("long", steady(3, picture="gravel", pan=0.2))
    path = rendered(replace(whole, codec="h264-mkv")).path
    tagged = tag(cut(path, tmp_path / "short.mkv", 0.5))
    analysis = tagged.metadata.analysis
    assert analysis.status == "partial"
    assert any("truncated" in gap.reason for gap in analysis.gaps)
    assert "truncated" in tagged.segments[-1].flags
    assert analysis.frames.decoded + analysis.frames.dropped == pytest.approx(75, abs=2)
    assert tagged.segments[0].camera.labels == ["pan_right"]
    assert analysis.gaps[-1].end.seconds == pytest.approx(3.0, abs=0.05)
    assert_valid(tagged)


@pytest.fixture(scope="module")
def chunked(tmp_path_factory: pytest.TempPathFactory) -> Tagged:
    """Four seconds of a pan, in four chunks."""
    frames = render_frames(clip("chunked", steady(4, picture="gravel", pan=0.2)))
    movie = x264(100, "keyint=25:min-keyint=25:scenecut=0:bframes=2", size=SIZE)
    path = write_movie(tmp_path_factory.mktemp("chunked") / "pan.mp4", movie, frames)
    tagged = tag(path, SECOND)
    assert len(tagged.plan.chunks) == 4
    return tagged


def without(tagged: Tagged, *failed: int, end_known: bool = True) -> Tagged:
    """The run as it is where some chunks failed."""
    plan = tagged.plan
    if not end_known:
        probe = plan.probe.model_copy(update={"end_pts": None, "frames_expected": None})
        plan = plan.model_copy(update={"probe": probe})
    chunks = dict(tagged.chunks)
    for index in failed:
        chunks[index] = failed_chunk(plan.task(index), "chunk_timeout", "past 900 s")
    return replace(tagged, plan=plan).again_with(chunks)


def not_analyzed(tagged: Tagged) -> list[Segment]:
    return [segment for segment in tagged.segments if "not_analyzed" in segment.flags]


@pytest.mark.parametrize("failed", [0, 1, 2, 3])
def test_a_chunk_that_failed_is_a_gap_and_a_segment_of_unknown_level(
    chunked: Tagged, failed: int
) -> None:
    tagged = without(chunked, failed)
    (gap,) = tagged.metadata.analysis.gaps
    (segment,) = not_analyzed(tagged)
    assert tagged.metadata.analysis.status == "partial"
    assert gap.reason == "chunk_timeout: past 900 s"
    assert (gap.start.seconds, gap.end.seconds) == (failed, failed + 1)
    assert (segment.start, segment.end) == (gap.start, gap.end)
    assert segment.motion.level is None
    assert segment.camera.labels == []
    assert segment.subject.level is None
    assert_tiles(tagged)
    assert_valid(tagged)
    assert (tagged.segments[0].start.seconds, tagged.segments[-1].end.seconds) == (0, 4)


@pytest.mark.parametrize("failed", [0, 1, 2, 3])
def test_what_could_be_analysed_beside_a_failure_is_tagged(chunked: Tagged, failed: int) -> None:
    tagged = without(chunked, failed)
    rest = [segment for segment in tagged.segments if "not_analyzed" not in segment.flags]
    assert rest
    assert all(segment.camera.labels == ["pan_right"] for segment in rest)
    assert tagged.metadata.analysis.frames.decoded == 75


@pytest.mark.parametrize("missing", ["failed", "absent"])
def test_the_last_chunk_is_missed_even_where_nobody_knows_where_it_ends(
    chunked: Tagged, missing: str
) -> None:
    tagged = without(chunked, 3, end_known=False)
    if missing == "absent":
        tagged = tagged.again_with({i: tagged.chunks[i] for i in range(3)})
    (segment,) = not_analyzed(tagged)
    assert tagged.metadata.analysis.status == "partial"
    assert [gap.start.seconds for gap in tagged.metadata.analysis.gaps] == [3]
    assert segment.start.seconds == 3
    assert segment.end.pts > segment.start.pts
    assert segment.motion.level is None
    assert_tiles(tagged)
    assert_valid(tagged)


def test_several_chunks_that_failed_are_as_many_gaps(chunked: Tagged) -> None:
    tagged = without(chunked, 0, 3)
    assert [gap.start.seconds for gap in tagged.metadata.analysis.gaps] == [0, 3]
    assert len(not_analyzed(tagged)) == 2
    assert_tiles(tagged)


def test_where_all_chunks_failed_there_is_nothing_to_assemble(chunked: Tagged) -> None:
    with pytest.raises(BrokenMediaError, match="past 900 s"):
        without(chunked, 0, 1, 2, 3)


def test_a_range_keeps_its_times_relative_to_the_start_of_the_video(rendered: Render) -> None:
    path = rendered(EDITED).path
    settings = AnalysisSettings(range_seconds=(Fraction(1), Fraction(5, 2)))
    tagged = tag(path, settings=settings)
    assert (tagged.segments[0].start.frame, tagged.segments[-1].end.frame) == (25, 63)
    assert tagged.segments[0].start.timecode == "00:00:01:00"
    assert tagged.edits == [("cut", 40, 40)]
    assert [segment.camera.labels for segment in tagged.segments] == [["pan_right"], ["static"]]
    assert tagged.metadata.analysis.status == "complete"
    assert tagged.metadata.analysis.gaps == []
    assert_tiles(tagged)
    assert_valid(tagged)


def test_a_range_that_ends_at_a_cut_holds_no_edit(rendered: Render) -> None:
    settings = AnalysisSettings(range_seconds=(Fraction(0), Fraction(8, 5)))
    tagged = tag(rendered(EDITED).path, settings=settings)
    assert tagged.edits == []
    assert (tagged.only.start.frame, tagged.only.end.frame) == (0, 40)
    assert tagged.only.camera.labels == ["pan_right"]


def test_a_range_is_planned_apart(rendered: Render) -> None:
    path = rendered(EDITED).path
    settings = AnalysisSettings(range_seconds=(Fraction(1), Fraction(5, 2)))
    assert plan_of(path, settings=settings).run_id != plan_of(path).run_id
