"""What motion.json promises, on files that are rendered, encoded and tagged for real."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from flowtag.contracts.chunkfile import failed_chunk
from flowtag.contracts.metadata import Instant, Segment
from flowtag.errors import BrokenMediaError
from flowtag.settings import AnalysisSettings
from tests.media.damaged import cut
from tests.media.movies import Movie, write_movie, x264
from tests.rendering import (
    Cadence,
    CameraMove,
    Clip,
    Edit,
    Flash,
    Look,
    Part,
    Picture,
    RenderedClip,
    Shot,
    render_frames,
    steady,
)
from tests.rendering.pictures import Image
from tests.tagging import Tagged, plan_of, tag

SIZE = (192, 108)
SCHEMA = Path(__file__).parents[2] / "docs/formats/motion.schema.json"
SECOND = Fraction(1)

Render = Callable[[Clip], RenderedClip]

EDITED = Clip(
    "edited",
    (
        steady(1.6, picture="coffee", pan=0.25),
        steady(2.0, picture="rocket"),
        Shot(Picture("motorcycle"), (Part(2.0, CameraMove(tilt=0.25)), Part(2.0))),
        steady(1.6, picture="astronaut"),
    ),
    (Edit("cut"), Edit("dissolve", 0.8), Edit("fade", 0.8, 1.2)),
    size=SIZE,
)


@pytest.fixture(scope="module")
def edited(rendered: Render) -> Tagged:
    """Four shots, with every kind of edit, a black shot and a move that ends."""
    return tag(rendered(EDITED).path)


def clip(name: str, *shots: Shot, size: tuple[int, int] = SIZE, look: Look | None = None) -> Clip:
    return Clip(name, shots, (Edit("cut"),) * (len(shots) - 1), look or Look(), size)


def numbered(*ticks: int) -> Iterator[Image]:
    """Frames of a pan, of which some are taken."""
    frames = list(render_frames(clip("taken", steady(3, picture="gravel", pan=0.2))))
    return (frames[tick] for tick in ticks)


def assert_valid(tagged: Tagged) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(tagged.json)


def assert_tiles(tagged: Tagged) -> None:
    """Shots tile the video, and segments the shots."""
    shots, segments = tagged.metadata.shots, tagged.segments
    assert [shot.index for shot in shots] == list(range(len(shots)))
    assert [segment.index for segment in segments] == list(range(len(segments)))
    assert all(before.end == after.start for before, after in pairwise(shots))
    for shot in shots:
        inside = [segment for segment in segments if segment.shot == shot.index]
        assert inside[0].start == shot.start
        assert inside[-1].end == shot.end
        assert all(before.end == after.start for before, after in pairwise(inside))
        assert all(segment.start.pts < segment.end.pts for segment in inside)


# The form


def test_what_is_written_is_valid_by_the_published_schema(edited: Tagged) -> None:
    assert_valid(edited)


def test_the_published_schema_allows_no_unknown_field(edited: Tagged) -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    Draft202012Validator.check_schema(validator.schema)
    surprise = {"surprise": 1}
    first, *rest = edited.json["segments"]
    assert validator.is_valid(edited.json)
    assert not validator.is_valid(edited.json | surprise)
    assert not validator.is_valid(edited.json | {"segments": [first | surprise, *rest]})
    assert not validator.is_valid(edited.json | {"video": edited.json["video"] | surprise})


def test_shots_tile_the_video_and_segments_the_shots(edited: Tagged) -> None:
    assert_tiles(edited)
    assert edited.metadata.shots[0].start.pts == edited.metadata.video.start_pts
    assert edited.metadata.shots[-1].end.seconds == edited.metadata.video.duration_seconds


def test_edits_are_those_of_the_clip(edited: Tagged) -> None:
    kinds = [kind for kind, _, _ in edited.edits]
    assert kinds == ["cut", "dissolve", "fade", "fade"]
    assert edited.metadata.shots[0].transition.kind == "start"
    cut_at, dissolve = edited.edits[0], edited.edits[1]
    assert cut_at == ("cut", 40, 40)
    assert dissolve[1:] == pytest.approx((70, 90), abs=4)


def test_the_border_of_a_gradual_edit_is_its_midpoint(edited: Tagged) -> None:
    for shot in edited.metadata.shots[1:]:
        edit = shot.transition
        middle = (edit.start.pts + edit.end.pts) / 2
        one_frame = 1 / (Fraction(25) * Fraction(str(edited.metadata.video.time_base)))
        assert abs(shot.start.pts - middle) <= one_frame


def test_a_long_black_is_a_shot_that_says_so(edited: Tagged) -> None:
    black = [shot for shot in edited.metadata.shots if "black" in shot.flags]
    assert len(black) == 1
    inside = [segment for segment in edited.segments if segment.shot == black[0].index]
    assert all("black" in segment.flags for segment in inside)
    assert all(segment.motion.level in (None, "static") for segment in inside)


def test_a_shot_is_split_where_its_move_ends(edited: Tagged) -> None:
    parts = [segment for segment in edited.segments if segment.shot == 2]
    assert [segment.camera.labels for segment in parts] == [["tilt_up"], ["static"]]
    # The tilt began with the dissolve, two seconds before it ends.
    assert parts[1].start.seconds == pytest.approx(2.8 + 2.0, abs=0.08)


def test_no_statistic_comes_from_across_an_edit(edited: Tagged) -> None:
    still = next(segment for segment in edited.segments if segment.shot == 1)
    assert still.motion.level == "static"
    assert still.motion.speed_p95 is not None
    assert still.motion.speed_p95 < 0.012


def test_peaks_lie_in_their_segments(edited: Tagged) -> None:
    peaks = [(segment, segment.peak) for segment in edited.segments if segment.peak]
    assert len(peaks) >= 4
    for segment, peak in peaks:
        assert segment.start.pts <= peak.pts < segment.end.pts
        assert peak.speed >= (segment.motion.speed or 0)


def test_every_instant_follows_from_its_pts(edited: Tagged) -> None:
    base = Fraction(str(edited.metadata.video.time_base))
    instants: list[Instant] = [
        *(at for shot in edited.metadata.shots for at in (shot.start, shot.end)),
        *(at for segment in edited.segments for at in (segment.start, segment.end)),
    ]
    for at in instants:
        seconds = at.pts * base
        assert at.seconds == pytest.approx(float(seconds), abs=1e-6)
        assert at.frame == round(seconds * 25)
        assert at.timecode == f"00:00:{at.frame // 25:02d}:{at.frame % 25:02d}"


def test_a_whole_clip_is_complete(edited: Tagged) -> None:
    analysis = edited.metadata.analysis
    assert (analysis.status, analysis.gaps) == ("complete", [])
    # Shots of 1.6, 2, 4 and 1.6 s; a dissolve takes 0.8 s away, a black adds 1.2 s.
    shown = round((9.2 - 0.8 + 1.2) * 25)
    assert analysis.frames.expected == analysis.frames.decoded == shown
    assert edited.metadata.video.frames == shown
    assert analysis.frames.dropped == 0
    assert edited.metadata.video.duration_seconds == pytest.approx(shown / 25)


def test_thumbnails_are_upright_pictures_of_their_segments(edited: Tagged) -> None:
    names = [segment.thumbnail for segment in edited.segments]
    kept = [name for name in names if name is not None]
    assert sorted(edited.assembly.thumbnails) == sorted(kept)
    assert len(kept) >= len(names) - 1
    for jpeg in edited.assembly.thumbnails.values():
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[1] / picture.shape[0] == pytest.approx(16 / 9, rel=0.02)


# One frame, few frames


def test_a_single_frame_is_one_segment_of_unknown_level(tmp_path: Path) -> None:
    tagged = tag(write_movie(tmp_path / "one.mp4", Movie(count=1)))
    assert tagged.only.motion.level is None
    assert "single_frame" in tagged.only.flags
    assert tagged.only.camera.labels == []
    assert (tagged.only.start.frame, tagged.only.end.frame) == (0, 1)
    assert tagged.only.thumbnail is not None
    assert_valid(tagged)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_frames_are_one_segment(tmp_path: Path, count: int) -> None:
    tagged = tag(write_movie(tmp_path / "few.mp4", Movie(count=count)))
    assert (tagged.only.start.frame, tagged.only.end.frame) == (0, count)
    assert "single_frame" not in tagged.only.flags
    assert_valid(tagged)


FORMATS = {
    "a.mp4": Movie(),
    "a.mkv": Movie(),
    "a.ts": Movie(b_frames=2),
    "a.mpg": Movie("mpeg2video", b_frames=2, bit_rate=2_000_000),
    "a.mxf": Movie("mpeg2video", pixel_format="yuv422p", b_frames=2, bit_rate=2_000_000),
    "a.avi": Movie("mpeg4", bit_rate=1_000_000),
    "a.webm": Movie("libvpx", options={"deadline": "realtime"}, bit_rate=400_000),
}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_last_frame_is_shown_for_its_time(tmp_path: Path, name: str) -> None:
    tagged = tag(write_movie(tmp_path / name, replace(FORMATS[name], count=25)))
    first, last = tagged.segments[0].start, tagged.segments[-1].end
    assert (first.frame, last.frame) == (0, 25)
    assert last.seconds == pytest.approx(1.0, abs=0.001)
    assert tagged.metadata.video.duration_seconds == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.avi"])
def test_a_single_frame_is_shown_for_one_nominal_frame(tmp_path: Path, name: str) -> None:
    tagged = tag(write_movie(tmp_path / name, replace(FORMATS[name], count=1)))
    assert (tagged.only.start.frame, tagged.only.end.frame) == (0, 1)


# Pictures as an editor sees them


@pytest.mark.parametrize(
    ("rotation", "label"),
    [(0, "pan_right"), (90, "tilt_down"), (180, "pan_left"), (270, "tilt_up")],
)
def test_a_clip_is_tagged_upright(tmp_path: Path, rotation: int, label: str) -> None:
    frames = render_frames(clip("turned", steady(1.2, picture="coffee", pan=0.25)))
    movie = Movie(size=SIZE, rotation=rotation)
    tagged = tag(write_movie(tmp_path / "turned.mp4", movie, frames))
    video = tagged.metadata.video
    assert (video.width, video.height, video.rotation) == (*SIZE, rotation)
    assert tagged.only.camera.labels == [label]
    rates = {"pan": tagged.only.camera.pan, "tilt": tagged.only.camera.tilt}
    found = rates[label.split("_")[0]]
    assert abs(found or 0) == pytest.approx(0.25, abs=0.02)
    # The content of the stored picture goes left; the display turns that clockwise.
    assert tagged.only.motion.direction is not None
    off = tagged.only.motion.direction - (180 - rotation)
    assert (off + 180) % 360 - 180 == pytest.approx(0, abs=3)


def test_fifty_frames_a_second_have_the_rates_of_twenty_five(rendered: Render) -> None:
    shot = steady(1.6, picture="coffee", pan=0.25, zoom=0.1)
    slow = tag(rendered(clip("cadence", shot)).path)
    fast = tag(rendered(replace(clip("cadence", shot), cadence=Cadence(Fraction(50)))).path)
    assert fast.only.camera.labels == slow.only.camera.labels == ["pan_right", "zoom_in"]
    assert fast.only.camera.pan == pytest.approx(slow.only.camera.pan, abs=0.02)
    assert fast.only.camera.zoom == pytest.approx(slow.only.camera.zoom, abs=0.02)
    assert fast.only.motion.speed == pytest.approx(slow.only.motion.speed, rel=0.1)
    assert fast.only.end.seconds == pytest.approx(slow.only.end.seconds)


def test_rates_of_irregular_frames_come_from_their_times(rendered: Render) -> None:
    uneven = replace(
        clip("uneven", steady(2, picture="coffee", pan=0.25)), cadence=Cadence(variable=True)
    )
    tagged = tag(rendered(uneven).path)
    assert tagged.metadata.video.variable_frame_rate
    assert tagged.only.camera.labels == ["pan_right"]
    assert tagged.only.camera.pan == pytest.approx(0.25, abs=0.02)
    assert tagged.metadata.analysis.frames.dropped == 0


def test_pixels_that_are_not_square_are_seen_as_shown(tmp_path: Path) -> None:
    # Stored at three quarters of the width, as HDV is.
    wide = render_frames(clip("anamorphic", steady(1.2, picture="coffee", pan=0.25, roll=12)))
    stored = (np.asarray(cv2.resize(frame, (144, 108)), np.uint8) for frame in wide)
    movie = Movie(size=(144, 108), aspect=Fraction(4, 3))
    tagged = tag(write_movie(tmp_path / "hdv.mp4", movie, stored))
    assert tagged.metadata.video.sample_aspect_ratio == "4/3"
    assert tagged.only.camera.labels == ["pan_right", "roll_cw"]
    assert tagged.only.camera.pan == pytest.approx(0.25, abs=0.02)
    assert tagged.only.camera.roll == pytest.approx(12, abs=1.5)
    (jpeg,) = tagged.assembly.thumbnails.values()
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1] / picture.shape[0] == pytest.approx(16 / 9, rel=0.02)


def test_fields_of_a_picture_at_rest_are_no_motion(tmp_path: Path) -> None:
    frames = render_frames(clip("fields", steady(1.2, picture="gravel")))
    movie = x264(30, "keyint=12:tff=1", size=SIZE)
    tagged = tag(write_movie(tmp_path / "fields.mp4", movie, frames))
    assert tagged.metadata.video.field_order != "progressive"
    assert tagged.only.motion.level == "static"
    assert tagged.only.camera.labels == ["static"]
    assert tagged.only.subject.level == "static"


def interlaced(shot: Shot, count: int) -> Iterator[Image]:
    """Frames woven of two fields a fiftieth of a second apart, the upper one first."""
    fields = list(
        render_frames(replace(clip("woven", shot), cadence=Cadence(frame_rate=Fraction(50))))
    )
    for index in range(count):
        woven = fields[2 * index].copy()
        woven[1::2] = fields[2 * index + 1][1::2]
        yield woven


def test_an_interlaced_pan_has_the_rate_of_the_pan(tmp_path: Path) -> None:
    frames = interlaced(steady(1.2, picture="coffee", pan=0.25), 30)
    movie = x264(30, "keyint=12:tff=1", size=SIZE)
    tagged = tag(write_movie(tmp_path / "woven.mp4", movie, frames))
    assert tagged.only.camera.labels == ["pan_right"]
    assert tagged.only.camera.pan == pytest.approx(0.25, abs=0.02)


# What lies on a picture, and light


def test_a_letterbox_changes_no_label_and_no_rate(rendered: Render) -> None:
    shot = steady(1.2, picture="coffee", pan=0.25)
    tagged = tag(rendered(clip("boxed", shot, look=Look(letterbox=0.12))).path)
    assert tagged.only.camera.labels == ["pan_right"]
    assert tagged.only.camera.pan == pytest.approx(0.25, abs=0.02)
    assert tagged.only.confidence.coverage > 0.5


def test_a_flash_is_flagged_and_is_neither_cut_nor_motion(rendered: Render) -> None:
    look = Look(flashes=(Flash(0.8, 2),))
    tagged = tag(rendered(clip("flash", steady(1.6, picture="coffee"), look=look)).path)
    assert tagged.only.motion.level == "static"
    assert {"flash", "photometric_change"} <= set(tagged.only.flags)


def test_low_light_is_flagged(rendered: Render) -> None:
    look = Look(brightness=0.12)
    tagged = tag(rendered(clip("dark", steady(1.2, picture="coffee"), look=look)).path)
    assert "low_light" in tagged.only.flags


def test_a_bare_wall_has_no_known_motion(rendered: Render) -> None:
    wall = clip("wall", steady(1.6, picture="grey"))
    tagged = tag(rendered(wall).path)
    assert tagged.only.motion.level is None
    assert tagged.only.camera.labels == []
    assert "low_texture" in tagged.only.flags


@pytest.mark.parametrize("noise", [3, 8, 12])
@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_noise_on_a_bare_wall_is_neither_cut_nor_motion(
    rendered: Render, noise: float, codec: str
) -> None:
    wall = clip("noisy-wall", steady(1.6, picture="grey"), look=Look(noise=noise))
    tagged = tag(rendered(replace(wall, codec=codec, size=(320, 180))).path)
    assert tagged.edits == []
    assert tagged.only.motion.level is None
    assert tagged.only.camera.labels == []
    assert "low_texture" in tagged.only.flags


def test_a_cut_from_a_bare_wall_is_found(rendered: Render) -> None:
    shots = steady(0.8, picture="grey"), steady(0.8, picture="coffee", pan=0.2)
    tagged = tag(rendered(clip("wall-cut", *shots, look=Look(noise=6))).path)
    assert tagged.edits == [("cut", 20, 20)]
    assert [segment.motion.level is None for segment in tagged.segments] == [True, False]


# Frames that are missing or come twice


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


# Chunks that failed


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


# A range


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
