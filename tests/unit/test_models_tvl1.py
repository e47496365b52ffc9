"""The TV-L1 graph: against the published equations, another implementation, and drawn truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from skimage.registration import optical_flow_tvl1

from flowtag.evaluation.reliability import area_under_curve, calibration_error
from flowtag.flow.field import every
from flowtag.flow.frame_pair import FramePair
from flowtag.flow.onnx import OnnxFlow
from flowtag.flow.onnx_graph import OnnxGraph
from flowtag.models.manifest import MANIFEST_NAME
from flowtag.models.registry import BUILT_IN, BUILT_IN_MODELS
from flowtag.settings import FlowSettings
from gpu_worker.models.builtin import write_model
from gpu_worker.models.tvl1_graph import build, described
from gpu_worker.models.tvl1_steps import CENTRAL, TvL1
from tests.rendering import random_flow_pair
from tests.rendering.pairs import FlowPair
from tests.unit.published_tvl1 import flow_as_published

Flow = npt.NDArray[np.float32]

# As published, and with scikit-image's constants: every edge alike, no search, no filter.
PLAIN = TvL1(
    threshold_px=15 * 0.3,
    theta=0.3,
    time_step=0.25,
    least_side_px=17,
    warps=(5,),
    steps=(100,),
    derivative=CENTRAL,
    both_gradients=False,
    isotropic=True,
    edge_decay=0.0,
    ignores_outside=False,
    median=False,
    search_px=0,
)
# Pairs on which the graph does well: elsewhere two estimators may be wrong differently.
SEEDS = (2, 11, 21)


def scaled(pair: FlowPair) -> tuple[Flow, Flow]:
    first, second = (
        np.asarray(image / 255, dtype=np.float32) for image in (pair.first, pair.second)
    )
    return first, second


def session_of(method: TvL1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    graph = build(method).SerializeToString()
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def flow_by(session: onnxruntime.InferenceSession, pair: FlowPair) -> Flow:
    first, second = (picture[None, None] for picture in scaled(pair))
    (flow,) = session.run(["flow"], {"first": first, "second": second})
    return np.moveaxis(np.asarray(flow)[0], 0, -1)


def flow_by_scikit_image(pair: FlowPair) -> Flow:
    # It declares no types.
    by_scikit_image: Callable[..., Flow] = optical_flow_tvl1
    rows, columns = by_scikit_image(
        *scaled(pair), attachment=15, tightness=0.3, num_warp=5, num_iter=50, tol=0
    )
    return np.stack([columns, rows], axis=-1).astype(np.float32)


def distances_px(one: Flow, other: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.asarray(np.linalg.norm(one - other, axis=-1))


@pytest.fixture(scope="module")
def built_in() -> OnnxFlow:
    kept = BUILT_IN_MODELS.find("tvl1")
    return OnnxFlow(OnnxGraph(BUILT_IN_MODELS.load("tvl1", kept.sha256)), FlowSettings())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_level_computes_the_published_equations(seed: int) -> None:
    method = replace(PLAIN, warps=(3,), steps=(20,))
    pair = random_flow_pair(seed, width=56, height=32)

    flow = flow_by(session_of(method), pair)

    first, second = (picture.astype(np.float64) for picture in scaled(pair))
    published = flow_as_published(
        first, second, threshold_px=4.5, theta=0.3, time_step=0.25, warps=3, steps=20
    )
    assert distances_px(flow, published).max() < 0.005


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_whole_agrees_with_scikit_image_about_as_well_as_either_with_the_truth(seed: int) -> None:
    pair = random_flow_pair(seed, width=160, height=90)

    ours, theirs = flow_by(session_of(PLAIN), pair), flow_by_scikit_image(pair)

    # Theirs blurs its pyramid more, and smooths in another order.
    assert distances_px(ours, theirs).mean() < 0.15
    assert distances_px(ours, pair.flow).mean() < 0.25
    assert distances_px(theirs, pair.flow).mean() < 0.25


def test_confidence_holds_on_pairs_that_it_was_not_fitted_on(built_in: OnnxFlow) -> None:
    claims, right = [], []
    for seed in range(70_000, 70_012):
        pair = random_flow_pair(seed, width=320, height=180)
        (field,) = built_in.estimate([FramePair.of(pair.first, pair.second)])
        error = np.linalg.norm(pair.flow[every(field.step_px)] - field.vectors, axis=-1)
        claims.append(field.confidence.ravel().astype(np.float64))
        right.append((error < 1).ravel().astype(np.float64))
    claimed, true = np.concatenate(claims), np.concatenate(right)

    area = area_under_curve(claimed, true)

    assert calibration_error(claimed, true) <= 0.10
    assert area is not None and area >= 0.9


def test_a_shift_farther_than_the_pyramid_follows_is_found(built_in: OnnxFlow) -> None:
    texture = random_flow_pair(2, width=360, height=180).first
    first, second = texture[:, 40:], texture[:, :320]

    forward, backward = built_in.both_ways(first, second)

    assert np.median(forward[:, :280, 0]) == pytest.approx(40, abs=0.1)
    assert np.median(backward[:, 40:, 0]) == pytest.approx(-40, abs=0.1)


@pytest.mark.parametrize("size", [(320, 180), (181, 97), (64, 24), (17, 5)])
def test_pictures_of_any_size_are_taken(built_in: OnnxFlow, size: tuple[int, int]) -> None:
    width, height = size
    picture = random_flow_pair(2, width=320, height=180).first[:height, :width]

    forward, _ = built_in.both_ways(picture, picture)

    assert forward.shape == (height, width, 2)
    assert np.abs(forward).max() < 0.01


def test_a_pair_s_flow_does_not_depend_on_what_it_is_estimated_with() -> None:
    session = session_of(TvL1())
    one, other = random_flow_pair(2, 96, 54), random_flow_pair(11, 96, 54)
    firsts, seconds = (
        np.stack([scaled(one)[index], scaled(other)[index]])[:, None] for index in (0, 1)
    )

    (together,) = session.run(["flow"], {"first": firsts, "second": seconds})

    assert np.array_equal(np.moveaxis(together[0], 0, -1), flow_by(session, one))
    assert np.array_equal(np.moveaxis(together[1], 0, -1), flow_by(session, other))


def test_committed_model_is_what_the_script_writes(tmp_path: Path) -> None:
    committed = BUILT_IN / "tvl1"
    (tmp_path / "tvl1").mkdir()
    (tmp_path / "tvl1" / MANIFEST_NAME).write_bytes((committed / MANIFEST_NAME).read_bytes())

    graph = build(TvL1()).SerializeToString(deterministic=True)
    written = write_model(described(), graph, tmp_path)

    for name in ("model.onnx", MANIFEST_NAME):
        assert (written / name).read_bytes() == (committed / name).read_bytes()
