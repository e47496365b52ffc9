"""Flow by models on ONNX Runtime, on graphs whose answer is known by a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as onnxruntime_state

from flowtag.errors import AcceleratorError, FlowtagError, ModelError
from flowtag.flow.calibration import DIS_CALIBRATION, Calibration
from flowtag.flow.confidence import confidence, gather_cues
from flowtag.flow.field import FlowField, GreyImage
from flowtag.flow.frame_pair import FramePair
from flowtag.flow.onnx import OnnxFlow
from flowtag.flow.onnx_graph import (
    OF_EITHER,
    OF_THE_DEVICE,
    OF_THE_MODEL,
    OnnxGraph,
    translated,
)
from flowtag.models.flow_model import FlowModel
from flowtag.settings import FlowSettings
from tests.rendering import steady
from tests.unit.flow_fields import WIDTH, two_pictures
from tests.unit.flow_models import (
    CENTROID,
    HEADER,
    MEAN_OF_BATCH,
    PICTURES,
    STILL,
    SURE,
    blob,
    model_of,
)


def opened(model: FlowModel) -> OnnxFlow:
    return OnnxFlow(OnnxGraph(model), FlowSettings())


def textured(seed: int, width: int = 96, height: int = 54) -> GreyImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)


def same(one: FlowField, other: FlowField) -> bool:
    names = ("vectors", "confidence", "residual", "round_trip_px", "texture")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_flow_is_the_motion_of_the_content_in_px_x_right_y_down() -> None:
    estimator = opened(model_of(CENTROID))

    (field,) = estimator.estimate([FramePair.of(blob(20, 10), blob(25, 8))])

    np.testing.assert_allclose(
        field.vectors, np.broadcast_to([5, -2], field.vectors.shape), atol=1e-4
    )
    assert field.vectors.shape == (13, 24, 2)


def test_backward_flow_comes_with_it_so_that_both_agree() -> None:
    estimator = opened(model_of(CENTROID))

    forward, backward = estimator.both_ways(blob(20, 10), blob(25, 8))
    (field,) = estimator.estimate([FramePair.of(blob(20, 10), blob(25, 8))])

    np.testing.assert_allclose(forward, -backward, atol=1e-4)
    assert field.round_trip_px.max() < 1e-3
    assert field.confidence.max() > 0.9


def test_flow_is_followed_through_the_frames_between() -> None:
    estimator = opened(model_of(CENTROID))
    pair = FramePair.of(blob(20, 10), blob(40, 16))

    near, far = estimator.estimate([pair, pair.through([blob(25, 10), blob(32, 15)])])

    np.testing.assert_allclose(far.vectors, near.vectors, atol=1e-3)
    assert far.round_trip_px.max() < 1e-2


def test_confidence_of_a_way_is_that_of_all_its_steps() -> None:
    estimator = opened(model_of(SURE, confidence="output"))
    half, most = (np.full((54, 96), level, np.uint8) for level in (128, 204))

    (field,) = estimator.estimate([FramePair.of(half, half).through([most])])

    np.testing.assert_allclose(field.confidence, 128 / 255 * 204 / 255, atol=1e-3)


def test_levels_are_normalised_as_the_manifest_says() -> None:
    estimator = opened(model_of(SURE, mean=100.0, scale=0.5))
    first, second = np.full((54, 96), 110, np.uint8), np.full((54, 96), 114, np.uint8)

    forward, backward = estimator.both_ways(first, second)

    assert (forward == 2).all() and (backward == -2).all()


def test_colour_is_the_luma_three_times() -> None:
    graph = f"""{HEADER}
    colours (float[N,3,H,W] first, float[N,3,H,W] second) => (float[N,2,H,W] flow) {{
      starts = Constant<value_ints: ints = [1]>()
      ends = Constant<value_ints: ints = [3]>()
      axes = Constant<value_ints: ints = [1]>()
      flow = Slice(first, starts, ends, axes)
    }}"""
    estimator = opened(model_of(graph, colour="rgb", scale=1.0))

    forward, _ = estimator.both_ways(np.full((54, 96), 7, np.uint8), textured(1))

    assert (forward == 7).all()


def test_pictures_are_padded_by_their_border_and_flow_is_cropped() -> None:
    graph = f"""{HEADER}
    corner ({PICTURES}) => (float[N,2,H,W] flow) {{
      starts = Constant<value_ints: ints = [-1, -1]>()
      ends = Constant<value_ints: ints = [9999, 9999]>()
      axes = Constant<value_ints: ints = [2, 3]>()
      last = Slice(first, starts, ends, axes)
      shape = Shape(first)
      everywhere = Expand(last, shape)
      flow = Concat<axis: int = 1>(everywhere, everywhere)
    }}"""
    estimator = opened(model_of(graph, pad_multiple=32, scale=1.0))
    picture = textured(2)

    forward, _ = estimator.both_ways(picture, picture)

    assert forward.shape == (54, 96, 2)
    assert (forward == picture[-1, -1]).all()


def test_the_confidence_of_the_graph_is_used_where_the_manifest_says_so() -> None:
    estimator = opened(model_of(SURE, confidence="output"))
    bright_left = np.zeros((54, 96), np.uint8)
    bright_left[:, :48] = 255

    (field,) = estimator.estimate([FramePair.of(bright_left, bright_left)])

    assert (field.confidence[:, :11] == 1).all() and (field.confidence[:, 13:] == 0).all()


@pytest.fixture
def says_still() -> OnnxFlow:
    """Says that nothing moves, and is as sure of it as DIS agrees: the odds of a vector are e²
    over its distance from DIS's, and 0.05 px.
    """
    names = [name for name in Calibration.model_fields if name != "intercept"]
    weighs_dis_alone = Calibration(intercept=2.0, **dict.fromkeys(names, 0.0)).model_copy(
        update={"disagreement": -1.0}
    )
    return opened(model_of(STILL, calibration=weighs_dis_alone))


def test_what_dis_contradicts_is_trusted_less(says_still: OnnxFlow) -> None:
    first, moved = two_pictures(steady(2, picture="gravel", pan=0.5))

    agreed, contradicted = says_still.estimate(
        [FramePair.of(first, first), FramePair.of(first, moved)]
    )

    moved_px = 0.5 * 0.08 * WIDTH
    assert agreed.confidence.min() > 0.98
    assert np.median(contradicted.confidence) == pytest.approx(
        1 / (1 + (moved_px + 0.05) / np.exp(2)), abs=0.05
    )


def test_where_dis_is_lost_its_word_counts_for_nothing(says_still: OnnxFlow) -> None:
    first, _ = two_pictures(steady(1, picture="gravel"))
    unrelated, _ = two_pictures(steady(1, picture="coins"))

    (field,) = says_still.estimate([FramePair.of(first, unrelated)])

    assert np.median(field.confidence) == pytest.approx(1 / (1 + 1 / np.exp(2)), abs=0.03)


def test_dis_is_not_asked_where_its_word_weighs_nothing() -> None:
    alone = Calibration.of(DIS_CALIBRATION.weights().tolist())
    estimator = opened(model_of(CENTROID, calibration=alone))
    first, second = textured(1), textured(2)

    (field,) = estimator.estimate([FramePair.of(first, second)])

    cues = gather_cues(*field.frames, *estimator.both_ways(*field.frames), field.step_px)
    assert cues.disagreement is None
    np.testing.assert_array_equal(field.confidence, confidence(cues, alone))


@pytest.mark.parametrize("graph", [CENTROID, MEAN_OF_BATCH])
def test_a_pair_has_the_same_flow_whatever_it_is_estimated_with(graph: str) -> None:
    estimator = opened(model_of(graph, batch_pairs=4))
    pairs = [FramePair.of(textured(seed), textured(seed + 50)) for seed in range(5)]

    together = estimator.estimate(pairs)

    alone = [estimator.estimate([pair])[0] for pair in pairs]
    backwards = estimator.estimate(pairs[::-1])[::-1]
    assert all(map(same, together, alone))
    assert all(map(same, together, backwards))


def test_one_model_has_the_same_bits_from_two_sessions() -> None:
    pair = FramePair.of(textured(1), textured(2))

    one, other = (opened(model_of(CENTROID)).estimate([pair])[0] for _ in range(2))

    assert same(one, other)


def graph_of(inputs: str = PICTURES, outputs: str = "float[N,2,H,W] flow", body: str = "") -> str:
    body = body or JOINED
    return f"{HEADER} odd ({inputs}) => ({outputs}) {{ {body} }}"


JOINED = "flow = Concat<axis: int = 1>(first, second)"


@pytest.mark.parametrize(
    ("graph", "said", "reason"),
    [
        (
            graph_of("float[N,1,H,W] a, float[N,1,H,W] b", body="flow = Sub(a, b)"),
            {},
            "its inputs are a, b, not first and second",
        ),
        (graph_of(), {"colour": "rgb"}, r"first is \(N, 1, H, W\), not \(N, 3, H, W\)"),
        (
            graph_of("float[N,1,54,96] first, float[N,1,54,96] second"),
            {},
            r"first is \(N, 1, 54, 96\), not",
        ),
        (
            graph_of("double[N,1,H,W] first, double[N,1,H,W] second", "double[N,2,H,W] flow"),
            {},
            r"first is a tensor\(double\), not a tensor\(float\)",
        ),
        (
            graph_of(outputs="float[N,2,H,W] motion", body=JOINED.replace("flow", "motion")),
            {},
            "has an output motion",
        ),
        (graph_of(), {"confidence": "output"}, "has no output confidence, but flow"),
    ],
)
def test_a_graph_of_another_form_is_refused(
    graph: str, said: dict[str, object], reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        OnnxGraph(model_of(graph, **said))


@pytest.mark.parametrize(
    ("half", "reason"),
    [
        ("half = Log(first)", "flow that is not a number"),
        (
            "half = MaxPool<kernel_shape: ints = [2, 2]>(first)",
            r"\(2, 2, 53, 95\) float32 for pictures of \(2, 1, 54, 96\)",
        ),
    ],
)
def test_what_is_no_flow_is_refused(half: str, reason: str) -> None:
    body = f"{half} flow = Concat<axis: int = 1>(half, half)"
    estimator = opened(model_of(graph_of(outputs="float[A,B,C,D] flow", body=body)))

    with pytest.raises(ModelError, match=reason):
        estimator.both_ways(textured(1), textured(2))


def test_a_confidence_that_is_no_probability_is_refused() -> None:
    estimator = opened(model_of(SURE, confidence="output", scale=1.0))

    with pytest.raises(ModelError, match="no probability"):
        estimator.both_ways(textured(1), textured(2))


def test_bytes_that_are_no_graph_are_refused() -> None:
    model = model_of(CENTROID)
    broken = FlowModel(model.manifest, model.sha256, b"\x00 no graph")

    with pytest.raises(ModelError, match=r"model tiny@[0-9a-f]{12} does not load: ") as refused:
        OnnxGraph(broken)
    assert refused.value.__cause__ is not None


def every_error_of_onnxruntime() -> list[type[Exception]]:
    return [
        value
        for value in vars(onnxruntime_state).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]


@pytest.mark.parametrize("kind", every_error_of_onnxruntime())
@pytest.mark.parametrize("on_device", [False, True])
def test_every_error_of_onnxruntime_becomes_one_of_ours(
    kind: type[Exception], on_device: bool
) -> None:
    what, raising = "model x fails", pytest.raises(FlowtagError, match="model x fails: why")
    with raising as told, translated(what, on_device=on_device):
        raise kind("why")

    assert isinstance(told.value, (ModelError, AcceleratorError))
    assert isinstance(told.value.__cause__, kind)


def test_no_error_of_onnxruntime_is_named_that_it_does_not_have() -> None:
    named = {*OF_THE_MODEL, *OF_THE_DEVICE, *OF_EITHER} - {ValueError}

    assert named == set(every_error_of_onnxruntime())


@pytest.mark.parametrize("kind", OF_EITHER)
def test_what_fails_beside_a_gpu_may_succeed_elsewhere(kind: type[Exception]) -> None:
    with pytest.raises(AcceleratorError) as told, translated("it fails", on_device=True):
        raise kind("CUDA failure 700")

    assert told.value.retryable
