"""motion.json of pictures as an editor sees them: upright, in any light, with bars, in fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.functional.contract_clips import SIZE, Render, clip
from tests.media.movies import Movie, write_movie, x264
from tests.rendering import Cadence, Flash, Look, Shot, render_frames, steady
from tests.rendering.pictures import Image
from tests.tagging import tag


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
