"""The generator's camera and subjects, measured by means that share no code with it."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import pytest

from tests.rendering import (
    CameraMove,
    Clip,
    Film,
    Look,
    Part,
    Picture,
    Shake,
    Shot,
    Subject,
    random_flow_pair,
    render_frames,
    steady,
    truth_of,
)
from tests.rendering.pictures import Image

WIDTH, HEIGHT = SIZE = (320, 180)


def tracked_rates(first: Image, second: Image, seconds: float) -> dict[str, float]:
    """Measure camera rates between two frames from corners tracked by Lucas and Kanade."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    corners = cv2.goodFeaturesToTrack(grey[0], 300, 0.01, 5)
    tracked, found, _ = cv2.calcOpticalFlowPyrLK(grey[0], grey[1], corners, None)  # type: ignore[call-overload]
    kept = found.ravel() == 1
    origin = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    before, after = (points.reshape(-1, 2)[kept] - origin for points in (corners, tracked))
    matrix, _ = cv2.estimateAffinePartial2D(before, after, method=cv2.LMEDS)
    return {
        "pan": -matrix[0, 2] / WIDTH / seconds,
        "tilt": matrix[1, 2] / HEIGHT / seconds,
        "zoom": np.log(np.hypot(matrix[0, 0], matrix[1, 0])) / seconds,
        "roll": -np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) / seconds,
    }


@pytest.mark.parametrize(
    "move",
    [
        CameraMove(),
        CameraMove(pan=0.2),
        CameraMove(pan=-0.2),
        CameraMove(tilt=0.3),
        CameraMove(tilt=-0.3),
        CameraMove(zoom=0.4),
        CameraMove(zoom=-0.4),
        CameraMove(roll=20),
        CameraMove(roll=-20),
        CameraMove(pan=0.15, tilt=-0.2, zoom=0.3, roll=12),
    ],
    ids=str,
)
@pytest.mark.parametrize("at_seconds", [0.0, 1.5])
def test_an_observer_at_the_centre_sees_the_stated_rates(
    move: CameraMove, at_seconds: float
) -> None:
    film = Film(Shot(Picture("coffee"), (Part(2.0, move),)), SIZE)
    interval = 0.04
    before, after = (film.instant(at_seconds + side * interval / 2) for side in (-1, 1))
    rates = tracked_rates(before, after, interval)
    assert rates["pan"] == pytest.approx(move.pan, abs=0.006)
    assert rates["tilt"] == pytest.approx(move.tilt, abs=0.01)
    assert rates["zoom"] == pytest.approx(move.zoom, abs=0.012)
    assert rates["roll"] == pytest.approx(move.roll, abs=0.7)


def test_content_goes_left_when_the_camera_pans_right() -> None:
    film = Film(steady(1, picture="coins", pan=0.1), SIZE)
    first, second = film.instant(0.0), film.instant(0.5)
    assert np.abs(first[:, 16:].astype(int) - second[:, :-16]).mean() < 2.5


def test_content_goes_down_when_the_camera_tilts_up() -> None:
    film = Film(steady(1, picture="coins", tilt=0.1), SIZE)
    first, second = film.instant(0.0), film.instant(0.5)
    assert np.abs(first[:-9].astype(int) - second[9:]).mean() < 2.5


def test_content_turns_counterclockwise_when_the_camera_rolls_clockwise() -> None:
    film = Film(steady(2, picture="coins", roll=90), (180, 180))
    assert np.abs(np.rot90(film.instant(0.0)).astype(int) - film.instant(1.0)).mean() < 2.5


def test_every_pan_crosses_the_screen_at_one_speed_whatever_the_zoom() -> None:
    film = Film(steady(3, pan=0.2, zoom=0.5), SIZE)
    speeds = []
    for seconds in (0.0, 1.0, 2.0):
        point = film.pose(seconds).unproject(0)
        after = film.pose(seconds + 1e-3).project(point)
        speeds.append(-after.real / WIDTH / 1e-3)
    assert speeds == pytest.approx([0.2] * 3, rel=1e-3)


def test_moves_follow_each_other_and_ease() -> None:
    parts = (Part(1.0, CameraMove(pan=0.3)), Part(1.0))
    film = Film(Shot(parts=parts, ease_seconds=0.5), SIZE)

    def pan(seconds: float) -> float:
        point = film.pose(seconds).unproject(0)
        return -film.pose(seconds + 2e-3).project(point).real / WIDTH / 2e-3

    assert pan(0.5) == pytest.approx(0.3, rel=0.01)
    assert pan(0.999) == pytest.approx(0.15, rel=0.05)
    assert pan(1.5) == pytest.approx(0.0, abs=1e-4)


def test_shake_has_the_stated_amplitude_and_no_drift() -> None:
    shake = Shake(rms_widths=0.01, rms_roll_degrees=0.5, band_hz=(1.0, 4.0), seed=3)
    swing = shake.displacement(np.arange(0, 120, 0.01))
    assert swing.std(axis=0) == pytest.approx([0.01, 0.01, np.radians(0.5)], rel=0.1)
    assert np.abs(swing.mean(axis=0)) == pytest.approx([0, 0, 0], abs=5e-4)
    spectrum = np.abs(np.fft.rfft(swing[:, 0])) ** 2
    frequency_hz = np.fft.rfftfreq(len(swing), 0.01)
    inside = (frequency_hz > 0.9) & (frequency_hz < 4.1)
    assert spectrum[inside].sum() > 0.98 * spectrum.sum()


@pytest.mark.parametrize("area", [0.03, 0.2, 0.5])
@pytest.mark.parametrize("shape", ["ellipse", "rectangle"])
def test_a_subject_covers_the_stated_area_and_stays_inside(area: float, shape: str) -> None:
    subject = Subject("grass", area, (0.4, 0.2), shape=shape)  # type: ignore[arg-type]
    bare = Film(steady(2, picture="page"), SIZE)
    film = Film(steady(2, picture="page", subjects=(subject,)), SIZE)
    for seconds in (0.0, 0.7, 1.9):
        differs = (film.instant(seconds) != bare.instant(seconds)).any(axis=2).mean()
        assert differs == pytest.approx(area, rel=0.06)
    truth = truth_of(Clip("subject", (steady(2, subjects=(subject,)),), size=SIZE))
    assert truth.parts[0].subject_area == pytest.approx(area, rel=0.05)


def test_a_subject_of_the_world_leaves_with_the_world() -> None:
    subject = Subject(area=0.1, velocity=(0, 0), attached="world")
    truth = truth_of(Clip("left", (steady(4, pan=0.4, subjects=(subject,)),), size=SIZE))
    assert 0 < (truth.parts[0].subject_area or 0) < 0.06


DIAGONALS = 1 / np.hypot(1, SIZE[1] / SIZE[0])
"""To a width."""


@pytest.mark.parametrize("attached", ["screen", "world"])
def test_a_subjects_speed_is_against_the_world(attached: Literal["screen", "world"]) -> None:
    subject = Subject(area=0.1, velocity=(0.05, 0), attached=attached)
    clip = Clip("subject", (steady(2, pan=0.2, subjects=(subject,)),), size=SIZE)
    against_world = 0.05 + (0.2 if attached == "screen" else 0.0)
    speed = truth_of(clip).parts[0].subject_speed
    assert speed == pytest.approx(against_world * DIAGONALS, rel=0.02)


def test_a_clip_without_a_subject_has_no_subjects_speed() -> None:
    assert truth_of(Clip("bare", (steady(2, pan=0.2),), size=SIZE)).parts[0].subject_speed is None


def test_bars_count_in_no_area() -> None:
    subject = Subject(area=0.2, velocity=(0.2, 0))
    shot = steady(2, subjects=(subject,))
    boxed = truth_of(Clip("boxed", (shot,), look=Look(pillarbox=0.25), size=SIZE))
    open_ = truth_of(Clip("open", (shot,), size=SIZE))
    assert (boxed.parts[0].subject_area or 0) > 1.3 * (open_.parts[0].subject_area or 1)


def test_an_open_shutter_smears_along_the_motion_only() -> None:
    clip = Clip("blur", (steady(0.2, picture="grass", pan=1.0),), size=SIZE)
    sharp = next(render_frames(clip)).astype(float)
    blurred = next(render_frames(Clip("blur", clip.shots, look=Look(motion_blur=True), size=SIZE)))
    smear = [np.abs(np.diff(blurred.astype(float), axis=axis)).mean() for axis in (0, 1)]
    detail = [np.abs(np.diff(sharp, axis=axis)).mean() for axis in (0, 1)]
    assert smear[1] / detail[1] < 0.7 * smear[0] / detail[0]


@pytest.mark.parametrize("seed", [3, 5, 7])
def test_the_flow_of_a_random_pair_leads_to_the_same_content(seed: int) -> None:
    pair = random_flow_pair(seed)
    row, column = np.mgrid[0:180, 0:320].astype(np.float32)
    sampled = cv2.remap(
        pair.second, column + pair.flow[..., 0], row + pair.flow[..., 1], cv2.INTER_LINEAR
    )
    apart = np.abs(sampled.astype(float) - pair.first)
    assert np.median(apart[~pair.occluded]) <= 2
    assert apart[pair.occluded].mean() > 10 * np.median(apart[~pair.occluded])
    again = random_flow_pair(seed)
    assert np.array_equal(again.second, pair.second)
    assert np.array_equal(again.flow, pair.flow)
