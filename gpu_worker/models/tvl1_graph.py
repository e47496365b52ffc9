"""TV-L1 optical flow as an ONNX graph: the model that needs nobody's weights.

``python -m gpu_worker.models.tvl1_graph`` writes it to where the package keeps its models.

Zach, Pock, Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007; with
what ``docs/decisions/estimating-flow.md`` tells. What is repeated is in ``tvl1_steps.py``.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import onnx

from flowtag.models.manifest import ModelManifest
from gpu_worker.models.builtin import UNCALIBRATED, write_model
from gpu_worker.models.onnx_graph import Graph
from gpu_worker.models.tvl1_steps import TvL1, linearise, median, smoothness_of, spread, step_of

SHAPE = ("pairs", 1, "height", "width")
FLOW_SHAPE = ("pairs", 2, "height", "width")


def build(method: TvL1) -> onnx.ModelProto:
    """The graph: ``first`` and ``second`` (N, 1, H, W) float32 to ``flow`` (N, 2, H, W), px."""
    graph = Graph()
    pictures = graph.add("Concat", "first", "second", axis=1)
    shape = graph.add("Shape", pictures)
    full = graph.add("Cast", _part(graph, shape, 2, 4), to=onnx.TensorProto.FLOAT)
    trips = _levels(graph, method, full)
    last = graph.add("Sub", trips, graph.integers(1))
    smallest = _size(graph, full, last)
    start = _search(graph, method, _resize(graph, pictures, smallest, 1))

    def level(body: Graph, index: str, flow: str) -> list[str]:
        reductions = body.add("Sub", last, index)
        size = _size(body, full, reductions)
        trips = [_of_level(body, each, reductions) for each in (method.warps, method.steps)]
        return [_level(body, method, pictures, flow, size, *trips)]

    (flow,) = graph.loop(trips, [start], level)
    return graph.model("tvl1", {"first": SHAPE, "second": SHAPE}, {"flow": (flow, FLOW_SHAPE)})


def _part(graph: Graph, value: str, start: int, end: int) -> str:
    return graph.add("Slice", value, graph.integers([start]), graph.integers([end]))


def _levels(graph: Graph, method: TvL1, full: str) -> str:
    """How many levels until the shorter side is small enough."""
    shorter = graph.add("ReduceMin", full, keepdims=0)
    times = graph.add("Div", shorter, graph.floats(method.least_side_px))
    octaves = graph.add("Log", graph.add("Max", times, graph.floats(1.0)))
    steps = graph.add("Div", octaves, graph.floats(np.log(2)))
    # Rounding must not lose the level of a side that is an exact multiple.
    whole = graph.add("Floor", graph.add("Add", steps, graph.floats(1.0001)))
    return graph.add("Cast", whole, to=onnx.TensorProto.INT64)


def _size(graph: Graph, full: str, reductions: str) -> str:
    """Height and width of a level, int64."""
    power = graph.add("Cast", reductions, to=onnx.TensorProto.FLOAT)
    factor = graph.add("Pow", graph.floats(0.5), power)
    exact = graph.add("Sub", graph.add("Mul", full, factor), graph.floats(0.001))
    return graph.add("Cast", graph.add("Ceil", exact), to=onnx.TensorProto.INT64)


def _of_level(graph: Graph, finest_first: tuple[int, ...], reductions: str) -> str:
    """The entry of a level; the last one serves all coarser ones."""
    index = graph.add("Min", reductions, graph.integers(len(finest_first) - 1))
    return graph.add("Gather", graph.integers(finest_first), index)


def _resize(graph: Graph, value: str, size: str, antialias: int) -> str:
    return graph.add("Resize", value, "", "", size, mode="linear", antialias=antialias, axes=[2, 3])


def _search(graph: Graph, method: TvL1, pictures: str) -> str:
    """The whole-pixel shift under which a patch of a level's pictures changes least."""
    reach = method.search_px
    side = 2 * reach + 1
    shifts = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) - reach
    first, second = graph.split(pictures, 2, axis=1)
    shape = graph.integers([side**2, 1, side, side])
    square = graph.add("ConstantOfShape", graph.integers([side**2, side**2]))
    each = graph.add("Reshape", graph.add("EyeLike", square), shape)
    shifted = graph.add("Conv", spread(graph, second, reach, reach), each)
    change = graph.add("Abs", graph.add("Sub", shifted, first))
    patch = method.patch_px
    pads = [patch // 2] * 4
    cost = graph.add("AveragePool", change, kernel_shape=[patch, patch], pads=pads)
    length = np.hypot(*shifts.T)[:, None, None] * method.cost_per_px
    cost = graph.add("Add", cost, graph.floats(length))
    best = graph.add("ArgMin", cost, axis=1, keepdims=0)
    flow = graph.add("Gather", graph.floats(shifts), best)
    return graph.add("Transpose", flow, perm=[0, 3, 1, 2])


def _level(
    graph: Graph, method: TvL1, pictures: str, flow: str, size: str, warps: str, steps: str
) -> str:
    """Flow of one level from that of the coarser one."""
    before = graph.add("Cast", graph.add("Shape", flow, start=2), to=onnx.TensorProto.FLOAT)
    now = graph.add("Cast", size, to=onnx.TensorProto.FLOAT)
    growth = graph.add("Gather", graph.add("Div", now, before), graph.integers([1, 0]))
    growth = graph.add("Reshape", growth, graph.integers([1, 2, 1, 1]))
    flow = graph.add("Mul", _resize(graph, flow, size, 0), growth)
    first, second = graph.split(_resize(graph, pictures, size, 1), 2, axis=1)
    positions, to_unit = _positions(graph, now)
    smoothness = smoothness_of(graph, method, first)
    dual = graph.add("Mul", graph.add("Concat", flow, flow, axis=1), graph.floats(0.0))

    def warp(body: Graph, _: str, flow: str, dual: str) -> list[str]:
        data = linearise(body, method, first, second, flow, positions, to_unit)
        step = partial(step_of, method=method, data=data, smoothness=smoothness)
        flow, dual = body.loop(steps, [flow, dual], step)
        return [median(body, flow) if method.median else flow, dual]

    return graph.loop(warps, [flow, dual], warp)[0]


def _positions(graph: Graph, size: str) -> tuple[str, str]:
    """Every pixel's place (1, H, W, 2) from -1 to 1, x first, and such units per px (2)."""
    most = graph.add("Max", graph.add("Sub", size, graph.floats(1.0)), graph.floats(1.0))
    unit = graph.add("Div", graph.floats(2.0), most)
    axes = []
    for axis, form in ((1, [1, 1, -1, 1]), (0, [1, -1, 1, 1])):
        length = graph.add("Gather", size, graph.integers(axis))
        index = graph.add("Range", graph.floats(0.0), length, graph.floats(1.0))
        place = graph.add("Mul", index, graph.add("Gather", unit, graph.integers(axis)))
        axes.append(
            graph.add("Reshape", graph.add("Sub", place, graph.floats(1.0)), graph.integers(form))
        )
    whole = graph.add("Cast", size, to=onnx.TensorProto.INT64)
    shape = graph.add("Concat", graph.integers([1]), whole, graph.integers([1]), axis=0)
    grid = graph.add(
        "Concat",
        *(graph.add("Expand", axis, shape) for axis in axes),
        axis=3,
    )
    return grid, graph.add("Gather", unit, graph.integers([1, 0]))


def described() -> ModelManifest:
    """What ``model.json`` says, but for the digest and what is measured."""
    return ModelManifest(
        schema="flowtag.model/1",
        name="tvl1",
        file="model.onnx",
        sha256="0" * 64,
        licence="Apache-2.0",
        source="TV-L1 (Zach, Pock, Bischof 2007), written by gpu_worker/models/tvl1_graph.py",
        colour="grey",
        scale=1 / 255,
        working_size_px=320,
        batch_pairs=4,
        cpu_seconds_per_megapixel=2.5,
        calibration=UNCALIBRATED,
    )


def main() -> None:
    """Writes the model into the package."""
    graph = build(TvL1()).SerializeToString(deterministic=True)
    print(write_model(described(), graph))


if __name__ == "__main__":
    main()
