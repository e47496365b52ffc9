"""The pairs that a network learns from claim an exact flow: held against what is drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gpu_worker.training.batches import batch_of
from gpu_worker.training.layers import (
    Bar,
    Bends,
    Blob,
    Everywhere,
    HalfPlane,
    Layer,
    Motion,
    Shape,
    flow_between,
    px_centres,
    render,
)
from gpu_worker.training.pairs import draw_bends, draw_pair
from gpu_worker.training.textures import (
    HELD_OUT,
    FloatArray,
    Texture,
    fractal,
    make_textures,
)
from tests.rendering.pictures import PHOTOGRAPHS, photograph

STILL = np.eye(2, dtype=np.float32)
WIDTH, HEIGHT = 160, 112


@pytest.fixture(scope="module")
def photo() -> Texture:
    grey = cv2.cvtColor(photograph("astronaut"), cv2.COLOR_RGB2GRAY)
    return Texture.of(np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.5), np.uint8))


def pair_of(*values: float) -> FloatArray:
    return np.array(values, np.float32)


def layer(texture: Texture, shape: Shape, motion: Motion) -> Layer:
    return Layer(texture, STILL, pair_of(150, 60), shape, motion)


def shift(x: float, y: float) -> Motion:
    return Motion(pair_of(80, 56), pair_of(x, y), STILL)


def warped_back(second: FloatArray, flow: FloatArray) -> FloatArray:
    ends = px_centres(WIDTH, HEIGHT) + flow
    return np.asarray(cv2.remap(second, ends[..., 0], ends[..., 1], cv2.INTER_CUBIC))


def test_a_bent_and_turned_motion_is_undone_by_its_origin() -> None:
    turned = np.array([[1.02, -0.03], [0.03, 1.01]], np.float32)
    motion = Motion(
        pair_of(80, 56), pair_of(7, -3), turned, draw_bends(np.random.default_rng(4), 2)
    )
    places = px_centres(WIDTH, HEIGHT)

    origins = motion.origin(places + motion.displacement(places), 1.0)

    assert np.abs(origins - places).max() < 0.01


def test_half_of_the_motion_is_half_of_the_displacement() -> None:
    bends = Bends(pair_of(0.05, 0.02)[None], pair_of(1.0), pair_of(1.5, -1)[:, None])
    motion = Motion(pair_of(80, 56), pair_of(4, 2), STILL, bends)
    places = px_centres(WIDTH, HEIGHT)

    origins = motion.origin(places + motion.displacement(places) * np.float32(0.5), 0.5)

    assert np.abs(origins - places).max() < 0.01


def test_the_second_frame_shows_at_the_end_of_each_vector_what_the_first_shows_at_its_start(
    photo: Texture,
) -> None:
    turned = np.array([[1.01, -0.02], [0.02, 1.01]], np.float32)
    bends = draw_bends(np.random.default_rng(7), 2)
    background = layer(photo, Everywhere(), Motion(pair_of(80, 56), pair_of(3, 1), turned, bends))
    subject = layer(photo, Blob(pair_of(70, 50), 30, ((0.1, 0.4),)), shift(-9.3, 4.6))
    layers = [background, subject]
    first, second = (render(layers, WIDTH, HEIGHT, [at]) for at in (0.0, 1.0))

    flow, occluded = flow_between(layers, WIDTH, HEIGHT)

    # Outlines are blended from two layers, so they show neither's content.
    core = cv2.erode((~occluded).astype(np.uint8), np.ones((3, 3))) > 0
    core &= np.abs(cv2.Laplacian(flow[..., 0], cv2.CV_32F)) < 0.5
    difference = np.abs(warped_back(second, flow) - first)[core]
    unmoved = np.abs(second - first)[core]
    assert np.percentile(difference, 99) < 2.5 < unmoved.mean()
    assert difference.mean() < 0.5


def test_what_a_nearer_layer_will_cover_is_occluded(photo: Texture) -> None:
    bar = Bar(pair_of(60, 56), (60, 10), pair_of(0, 1))
    layers = [layer(photo, Everywhere(), shift(0, 0)), layer(photo, bar, shift(15, 0))]

    _, occluded = flow_between(layers, WIDTH, HEIGHT)

    assert occluded[50, 72:84].all()
    assert not occluded[50, :71].any()
    assert not occluded[50, 87:].any()


def test_what_leaves_the_frame_is_occluded(photo: Texture) -> None:
    layers = [layer(photo, Everywhere(), shift(10, -6))]

    _, occluded = flow_between(layers, WIDTH, HEIGHT)

    assert occluded[:6].all() and occluded[:, -10:].all()
    assert not occluded[6:, :-10].any()


def test_a_layer_covers_what_lies_behind_its_line(photo: Texture) -> None:
    ground = layer(photo, HalfPlane(pair_of(0, 70), pair_of(0, 1)), shift(4, 0))
    layers = [layer(photo, Everywhere(), shift(0, 0)), ground]

    flow, _ = flow_between(layers, WIDTH, HEIGHT)

    assert np.allclose(flow[:70], (0, 0))
    assert np.allclose(flow[70:], (4, 0), atol=1e-4)


def test_an_open_shutter_averages_what_it_sees(photo: Texture) -> None:
    layers = [layer(photo, Everywhere(), shift(12, 0))]

    blurred = render(layers, WIDTH, HEIGHT, [-0.25, 0.25])

    moments = [render(layers, WIDTH, HEIGHT, [at]) for at in (-0.25, 0.25)]
    assert np.allclose(blurred, sum(moments) / 2, atol=1e-3)


def test_a_pair_follows_from_its_seed() -> None:
    textures = [Texture.of(fractal(np.random.default_rng(1)))]

    one, again, other = (draw_pair(seed, textures, 64, 48) for seed in (5, 5, 6))

    assert np.array_equal(one.first, again.first) and np.array_equal(one.flow, again.flow)
    assert not np.array_equal(one.flow, other.flow)


def test_displacements_are_those_of_film() -> None:
    textures = [Texture.of(fractal(np.random.default_rng(1)))]

    pairs = [draw_pair(seed, textures, 64, 48) for seed in range(150)]

    lengths = np.concatenate([np.linalg.norm(pair.flow, axis=-1).ravel() for pair in pairs])
    assert 1 < np.median(lengths) < 5
    assert 10 < np.percentile(lengths, 99) < 42


def test_photographs_held_out_are_no_training_textures() -> None:
    trained, held = make_textures(1, 0), make_textures(1, 0, held_out=True)

    assert len(held) == len(HELD_OUT)
    assert len(trained) + len(held) == len(PHOTOGRAPHS)
    shown = {texture.levels[-1].tobytes() for texture in trained}
    assert not any(texture.levels[-1].tobytes() in shown for texture in held)


def test_a_batch_holds_channels_first_and_levels_from_nought_to_one() -> None:
    textures = [Texture.of(fractal(np.random.default_rng(1)))]

    batch = batch_of([draw_pair(seed, textures, 64, 48) for seed in (1, 2, 3)])

    assert batch.first.shape == batch.second.shape == batch.occluded.shape == (3, 1, 48, 64)
    assert batch.flow.shape == (3, 2, 48, 64)
    assert batch.first.dtype == np.float32 and 0 <= batch.first.min() <= batch.first.max() <= 1
