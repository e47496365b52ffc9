"""What motion.json promises, on files that are rendered, encoded and tagged for real."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from flowtag.contracts.metadata import Instant
from tests.functional.contract_clips import EDITED, SCHEMA, Render, assert_tiles, assert_valid
from tests.media.movies import Movie, write_movie
from tests.tagging import Tagged, tag

SECOND = Fraction(1)


@pytest.fixture(scope="module")
def edited(rendered: Render) -> Tagged:
    """Four shots, with every kind of edit, a black shot and a move that ends."""
    return tag(rendered(EDITED).path)


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
