"""The generator's edits, conditions and files, against what decoding gives back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.rendering import (
    CODECS,
    Cadence,
    CameraMove,
    Clip,
    Edit,
    Flash,
    Look,
    Part,
    Shake,
    Shot,
    crop_pan_over_video,
    render_clip,
    render_frames,
    steady,
    truth_of,
    write_video,
)
from tests.rendering.pictures import Image

SIZE = (160, 96)
ONE = steady(1.0, picture="coffee")
OTHER = steady(1.0, picture="grass")


def frames_of(*shots: Shot, edits: tuple[Edit, ...] = (), **more: object) -> list[np.ndarray]:
    """Render a small clip, and return its frames as floats."""
    clip = Clip("small", shots, edits, size=SIZE, **more)  # type: ignore[arg-type]
    return [frame.astype(float) for frame in render_frames(clip)]


def test_a_cut_is_at_the_first_frame_of_the_new_shot() -> None:
    clip = Clip("cut", (ONE, OTHER), (Edit("cut"),), size=SIZE)
    (edit,) = truth_of(clip).edits
    frames = [frame.astype(float) for frame in render_frames(clip)]
    change = [np.abs(after - before).mean() for before, after in pairwise(frames)]
    assert len(frames) == 50
    assert edit.start_frame == edit.end_frame == 25 == int(np.argmax(change)) + 1
    assert edit.start_seconds == pytest.approx(1.0)


def test_a_dissolve_is_half_of_each_shot_at_its_midpoint() -> None:
    clip = Clip("dissolve", (ONE, OTHER), (Edit("dissolve", 0.6),), size=SIZE)
    (edit,) = truth_of(clip).edits
    frames = [frame.astype(float) for frame in render_frames(clip)]
    assert (edit.start_frame, edit.end_frame) == (10, 25)
    first, last = frames[0], frames[-1]
    assert np.abs(frames[17] - (first + last) / 2).max() <= 1
    assert np.array_equal(frames[9], first)
    assert np.array_equal(frames[25], last)
    assert not np.array_equal(frames[10], first)
    assert not np.array_equal(frames[24], last)


def test_a_fade_goes_through_black() -> None:
    clip = Clip("fade", (ONE, OTHER), (Edit("fade", 0.8, 0.2),), size=SIZE)
    (edit,) = truth_of(clip).edits
    level = [frame.mean() for frame in render_frames(clip)]
    assert (edit.start_frame, edit.end_frame) == (15, 40)
    assert all(value == 0 for value in level[25:30])
    assert level[14] == pytest.approx(level[0])
    assert level[40] == pytest.approx(level[-1])
    assert level[15] < level[14]


def test_black_of_a_second_is_a_shot_between_two_fades() -> None:
    clip = Clip("black", (ONE, OTHER), (Edit("fade", 0.8, 1.2),), size=SIZE)
    truth = truth_of(clip)
    spans = [(edit.kind, edit.start_frame, edit.end_frame) for edit in truth.edits]
    assert spans == [("fade", 15, 25), ("fade", 55, 65)]
    (black,) = (part for part in truth.parts if part.black)
    assert (black.start_seconds, black.end_seconds) == pytest.approx((1.0, 2.2))


def test_a_clip_may_fade_in_and_out_itself() -> None:
    frames = frames_of(ONE, opening_fade_seconds=0.4, closing_fade_seconds=0.4)
    level = [frame.mean() for frame in frames]
    assert level[0] == level[-1] == 0
    assert level[10] == level[14] == max(level)


def test_labels_name_what_the_camera_does() -> None:
    parts = (Part(1.5, CameraMove(pan=-0.2)), Part(1.5), Part(1.5, CameraMove(tilt=0.2, zoom=0.1)))
    clip = Clip("labels", (Shot(parts=parts, ease_seconds=0.2),), size=SIZE)
    labels = [set(part.labels) for part in truth_of(clip).parts]
    assert labels == [{"pan_left"}, {"static"}, {"tilt_up", "zoom_in"}]
    held = steady(2, roll=-8, shake=Shake())
    (part,) = truth_of(Clip("held", (held,), size=SIZE)).parts
    assert part.labels == {"roll_ccw", "handheld"}


def test_conditions_do_what_they_say() -> None:
    plain = frames_of(ONE)[0]
    boxed = frames_of(ONE, look=Look(letterbox=0.125, pillarbox=0.1))[0]
    assert boxed[:12].max() == boxed[-12:].max() == boxed[:, :16].max() == boxed[:, -16:].max() == 0
    assert np.array_equal(boxed[12:-12, 16:-16], plain[12:-12, 16:-16])
    noisy = frames_of(ONE, look=Look(noise=6, brightness=0.5))
    assert (noisy[0] - noisy[1]).std() == pytest.approx(6 * 2**0.5, rel=0.1)
    assert noisy[0].mean() == pytest.approx(plain.mean() / 2, rel=0.05)
    flashed = [frame.mean() for frame in frames_of(ONE, look=Look(flashes=(Flash(0.4, 2),)))]
    assert [index for index, value in enumerate(flashed) if value > 180] == [10, 11]
    flickering = [frame.mean() for frame in frames_of(ONE, look=Look(flicker=0.25))]
    assert 0.3 < (max(flickering) - min(flickering)) / plain.mean() < 0.55


@pytest.mark.parametrize("graphic", ["logo", "timecode", "ticker"])
def test_burnt_in_graphics_cover_a_small_part(graphic: str) -> None:
    plain = frames_of(ONE)
    drawn = frames_of(ONE, look=Look(**{graphic: True}))  # type: ignore[arg-type]
    differs = [(a != b).any(axis=2).mean() for a, b in zip(plain, drawn, strict=True)]
    assert 0.01 < min(differs) <= max(differs) < 0.16
    changes = np.abs(drawn[0] - drawn[12]).max() > 0
    assert changes == (graphic != "logo")


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_every_codec_keeps_picture_and_time(codec: str, tmp_path: Path) -> None:
    rate = Fraction(25)
    shot = steady(0.4, picture="coffee", pan=0.2)
    clip = Clip("codec", (shot,), size=(320, 192), codec=codec, cadence=Cadence(rate))
    rendered = render_clip(clip, tmp_path)
    with av.open(str(rendered.path)) as container:
        decoded = list(container.decode(video=0))
        assert container.streams.video[0].average_rate == rate
    times = [frame.time - (decoded[0].time or 0) for frame in decoded if frame.time is not None]
    assert times == pytest.approx(rendered.truth.frame_seconds, abs=6e-4)
    for frame, image in zip(decoded, render_frames(clip), strict=True):
        assert np.abs(frame.to_ndarray(format="rgb24").astype(float) - image).mean() < 12


@pytest.mark.skipif(
    not hasattr(os, "sched_getscheduler"), reason="Python cannot read here how it is scheduled"
)
def test_no_encoder_changes_how_the_process_is_scheduled(tmp_path: Path) -> None:
    """As root SVT-AV1 would: all else on the machine would wait for the tests."""
    before = os.sched_getscheduler(0)
    write_video(tmp_path / "film.mp4", [np.zeros((96, 160, 3), np.uint8)] * 3, codec="av1")
    assert os.sched_getscheduler(0) == before


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(50)], ids=str)
def test_frame_rates_are_exact(rate: Fraction, tmp_path: Path) -> None:
    clip = Clip("rate", (steady(0.5, picture="coins"),), size=SIZE, cadence=Cadence(rate))
    with av.open(str(render_clip(clip, tmp_path).path)) as container:
        assert container.streams.video[0].average_rate == rate


def test_variable_intervals_survive_and_the_camera_obeys_them(tmp_path: Path) -> None:
    cadence = Cadence(Fraction(25), variable=True)
    clip = Clip("vfr", (ONE, OTHER), (Edit("cut"),), size=SIZE, cadence=cadence)
    rendered = render_clip(clip, tmp_path)
    with av.open(str(rendered.path)) as container:
        times = [frame.time or 0.0 for frame in container.decode(video=0)]
    assert times == pytest.approx(rendered.truth.frame_seconds, abs=1e-4)
    assert len({round(step, 4) for step in np.diff(times)}) == 3
    (edit,) = rendered.truth.edits
    assert times[edit.start_frame] >= 1.0 > times[edit.start_frame - 1]


def test_the_same_clip_is_rendered_once(tmp_path: Path) -> None:
    clip = Clip("once", (steady(0.2),), size=SIZE)
    first = render_clip(clip, tmp_path).path
    written = first.stat().st_mtime_ns
    assert render_clip(clip, tmp_path).path == first
    assert first.stat().st_mtime_ns == written
    other = Clip("once", (steady(0.2, pan=0.1),), size=SIZE)
    assert render_clip(other, tmp_path).path != first
    assert len(list(tmp_path.iterdir())) == 2


def test_a_crop_pans_over_footage(tmp_path: Path) -> None:
    def footage() -> Iterator[Image]:
        clip = Clip("footage", (steady(0.6, picture="coffee"),), size=(480, 270))
        yield from render_frames(clip)

    source = write_video(tmp_path / "source.mkv", footage(), codec="ffv1")
    output = tmp_path / "panned.mkv"
    truth = crop_pan_over_video(
        source, CameraMove(pan=0.25), output, size=(320, 180), seconds=0.6, codec="ffv1"
    )
    with av.open(str(output)) as container:
        frames = [f.to_ndarray(format="gray").astype(float) for f in container.decode(video=0)]
    travelled_px = round(0.25 * 320 * truth.frame_seconds[-1])
    assert np.abs(frames[0][:, travelled_px:] - frames[-1][:, :-travelled_px]).mean() < 3
    assert truth.parts[0].labels == {"pan_right"}
    with pytest.raises(ValueError, match="leaves a source"):
        crop_pan_over_video(source, CameraMove(pan=1.0), output, size=(320, 180), seconds=0.6)


def test_edits_have_to_fit_the_shots() -> None:
    with pytest.raises(ValueError, match="2 shots, 0 edits"):
        Clip("wrong", (ONE, OTHER))
