"""TV-L1 optical flow as an ONNX graph: the model that needs nobody's weights.

``python -m gpu_worker.models.tvl1_graph`` writes it to where the package keeps its models.

Zach, Pock, Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from gpu_worker.models.onnx_graph import Graph

FOLDER = Path(__file__).parents[2] / "layers/core/flowtag/models/builtin/tvl1"
SHAPE = ("pairs", 1, "height", "width")
FLOW_SHAPE = ("pairs", 2, "height", "width")
CENTRAL = (-0.5, 0.0, 0.5)
# Of each component: differences to the next pixel in x and in y, and their negative adjoint.
_FORWARD = np.zeros((4, 1, 2, 2), np.float32)
_FORWARD[0::2, 0, 0], _FORWARD[1::2, 0, :, 0] = (-1, 1), (-1, 1)
_BACKWARD = np.zeros((2, 2, 2, 2), np.float32)
_BACKWARD[:, 0, 1], _BACKWARD[:, 1, :, 1] = (-1, 1), (-1, 1)
FIVE_TAPS = (1 / 12, -8 / 12, 0.0, 8 / 12, -1 / 12)


@dataclass(frozen=True)
class TvL1:
    """What the graph computes. Pictures are 0 to 1.

    Attributes:
        threshold_px: lambda * theta: how far the data may pull in one step, per unit of gradient.
        theta: how loosely the data's flow and the smooth flow are coupled.
        time_step: of the dual ascent, at most 1/4.
        pyramid_factor: size of a level in that of the next finer one.
        least_side_px: the shorter side of the coarsest level is no smaller.
        warps: linearisations on each level.
        steps: iterations after each.
        derivative: taps of the derivative filter.
        both_gradients: gradient of the mean of both pictures rather than of the second alone.
        isotropic: the length of a component's gradient is penalised, not each of its parts.
        edge_decay: how much less smoothness is asked across edges of the first picture; 0: none.
        gradient_floor: the data are weighed by the gradient's length plus this; None: not at all.
        ignores_outside: nothing is asked of the data where vectors leave the picture.
        median_px: side of the median filter after each warp: 1 for none, 3 or 5.
    """

    threshold_px: float = 4.5
    theta: float = 0.3
    time_step: float = 0.25
    pyramid_factor: float = 0.5
    least_side_px: int = 12
    warps: tuple[int, ...] = (3,)
    steps: tuple[int, ...] = (15,)
    derivative: tuple[float, ...] = CENTRAL
    both_gradients: bool = True
    isotropic: bool = False
    edge_decay: float = 0.0
    gradient_floor: float | None = None
    ignores_outside: bool = True
    median_px: int = 3
    search_px: int = 6
    patch_px: int = 5
    cost_per_px: float = 0.002


def build(method: TvL1) -> onnx.ModelProto:
    """The graph: ``first`` and ``second`` (N, 1, H, W) float32 to ``flow`` (N, 2, H, W), px."""
    graph = Graph()
    pictures = graph.add("Concat", "first", "second", axis=1)
    shape = graph.add("Shape", pictures)
    full = graph.add("Cast", _part(graph, shape, 2, 4), to=onnx.TensorProto.FLOAT)
    trips = _levels(graph, method, full)
    last = graph.add("Sub", trips, graph.integers(1))
    smallest = _size(graph, method, full, graph.add("Sub", last, graph.integers(0)))
    start = _search(graph, method, _resize(graph, pictures, smallest, 1))

    def level(body: Graph, index: str, flow: str) -> list[str]:
        reductions = body.add("Sub", last, index)
        size = _size(body, method, full, reductions)
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
    steps = graph.add("Div", octaves, graph.floats(-np.log(method.pyramid_factor)))
    # Rounding must not lose the level of a side that is an exact multiple.
    whole = graph.add("Floor", graph.add("Add", steps, graph.floats(1.0001)))
    return graph.add("Cast", whole, to=onnx.TensorProto.INT64)


def _size(graph: Graph, method: TvL1, full: str, reductions: str) -> str:
    """Height and width of a level, int64."""
    power = graph.add("Cast", reductions, to=onnx.TensorProto.FLOAT)
    factor = graph.add("Pow", graph.floats(method.pyramid_factor), power)
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
    shifted = graph.add("Conv", _spread(graph, second, reach, reach), each)
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
    smoothness = _smoothness(graph, method, first)
    dual = graph.add("Mul", graph.add("Concat", flow, flow, axis=1), graph.floats(0.0))

    def warp(body: Graph, _: str, flow: str, dual: str) -> list[str]:
        data = _linearise(body, method, first, second, flow, positions, to_unit)
        step = partial(_step, method=method, data=data, smoothness=smoothness)
        flow, dual = body.loop(steps, [flow, dual], step)
        return [_median(body, flow, method.median_px), dual]

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


@dataclass(frozen=True)
class Data:
    """The linearised data term: ``residual + gradient . flow``, and how flow answers to it."""

    gradient: str
    pull: str
    residual: str


def _linearise(
    graph: Graph, method: TvL1, first: str, second: str, flow: str, positions: str, unit: str
) -> Data:
    """The data term around the present flow."""
    moved = graph.add("Transpose", flow, perm=[0, 2, 3, 1])
    ends = graph.add("Add", graph.add("Mul", moved, unit), positions)
    warped = graph.add(
        "GridSample", second, ends, align_corners=1, mode="linear", padding_mode="border"
    )
    seen = warped
    if method.both_gradients:
        seen = graph.add("Mul", graph.add("Add", warped, first), graph.floats(0.5))
    gradient = _derivative(graph, seen, method.derivative)
    change = graph.add("Sub", warped, first)
    square = _sum(graph, graph.add("Mul", gradient, gradient))
    if method.gradient_floor is not None:
        floor = graph.floats(method.gradient_floor**2)
        weight = graph.add("Sqrt", graph.add("Add", square, floor))
        gradient, change = graph.add("Div", gradient, weight), graph.add("Div", change, weight)
        square = _sum(graph, graph.add("Mul", gradient, gradient))
    if method.ignores_outside:
        far = graph.add("ReduceMax", graph.add("Abs", ends), graph.integers([3]), keepdims=0)
        inside = graph.add("LessOrEqual", far, graph.floats(1.0))
        inside = graph.add("Cast", inside, to=onnx.TensorProto.FLOAT)
        inside = graph.add("Unsqueeze", inside, graph.integers([1]))
        gradient = graph.add("Mul", gradient, inside)
    square = graph.add("Max", square, graph.floats(1e-6))
    answer = graph.add("Div", gradient, square)
    along = _sum(graph, graph.add("Mul", answer, flow))
    residual = graph.add("Sub", graph.add("Div", change, square), along)
    return Data(gradient=gradient, pull=answer, residual=residual)


def _derivative(graph: Graph, picture: str, taps: tuple[float, ...]) -> str:
    """x and y derivatives (N, 2, H, W) of a picture that goes on at its border."""
    side, reach = len(taps), len(taps) // 2
    kernel = np.zeros((2, 1, side, side), np.float32)
    kernel[0, 0, reach] = taps
    kernel[1, 0, :, reach] = taps
    return graph.add("Conv", _spread(graph, picture, reach, reach), graph.floats(kernel))


def _spread(graph: Graph, value: str, before: int, after: int) -> str:
    """The value with its border repeated before the first and after the last row and column."""
    pads = graph.integers([0, 0, before, before, 0, 0, after, after])
    return graph.add("Pad", value, pads, mode="edge")


def _smoothness(graph: Graph, method: TvL1, first: str) -> str:
    """What weight smoothness has between neighbours, 0 to 1: of ux, uy, vx, vy (N, 4, H, W)."""
    slope = graph.add("Conv", _spread(graph, first, 0, 1), graph.floats(_FORWARD[:2]))
    decay = graph.floats(-method.edge_decay)
    weight = graph.add("Exp", graph.add("Mul", graph.add("Abs", slope), decay))
    # Nothing lies beyond the last column and the last row.
    ones = graph.add("Add", graph.add("Mul", first, graph.floats(0.0)), graph.floats(1.0))
    neighbour = np.maximum(_FORWARD[:2], 0)
    within = graph.add("Conv", ones, graph.floats(neighbour), pads=[0, 0, 1, 1])
    weight = graph.add("Mul", weight, within)
    return graph.add("Concat", weight, weight, axis=1)


def _step(
    graph: Graph, _: str, flow: str, dual: str, *, method: TvL1, data: Data, smoothness: str
) -> list[str]:
    """One thresholding step of the data, one of the dual variables (Zach et al., eq. 11 to 15)."""
    along = _sum(graph, graph.add("Mul", data.pull, flow))
    residual = graph.add("Add", along, data.residual)
    limit = method.threshold_px
    residual = graph.add("Clip", residual, graph.floats(-limit), graph.floats(limit))
    wanted = graph.add("Sub", flow, graph.add("Mul", residual, data.gradient))
    weighed = graph.add("Mul", dual, smoothness)
    divergence = graph.add(
        "Conv", weighed, graph.floats(method.theta * _BACKWARD), group=2, pads=[1, 1, 0, 0]
    )
    flow = graph.add("Add", divergence, wanted)
    rate = graph.floats(method.time_step / method.theta * _FORWARD)
    slope = graph.add("Conv", flow, rate, group=2, pads=[0, 0, 1, 1])
    if method.isotropic:
        return [flow, _projected(graph, dual, graph.add("Mul", slope, smoothness))]
    raised = graph.add("Add", slope, dual)
    return [flow, graph.add("Clip", raised, graph.floats(-1.0), graph.floats(1.0))]


def _projected(graph: Graph, dual: str, slope: str) -> str:
    """Chambolle's (2004) semi-implicit step, by the length of each component's gradient."""
    both = np.ones((4, 2, 1, 1), np.float32)
    square = graph.add("Conv", graph.add("Mul", slope, slope), graph.floats(both), group=2)
    length = graph.add("Add", graph.add("Sqrt", square), graph.floats(1.0))
    return graph.add("Div", graph.add("Add", dual, slope), length)


def _sum(graph: Graph, value: str) -> str:
    """The sum of both channels; ReduceSum takes fourteen times as long on a processor."""
    return graph.add("Conv", value, graph.floats(np.ones((1, 2, 1, 1))))


def _median(graph: Graph, flow: str, side: int) -> str:
    """The median along rows, then along columns, which a median of the square resembles."""
    if side == 1:
        return flow
    reach = side // 2
    for axis in (3, 2):
        pads = [0] * 8
        pads[axis] = pads[axis + 4] = reach
        wide = graph.add("Pad", flow, graph.integers(pads), mode="edge")
        shifted = []
        for start in range(side):
            end = start - side + 1 or np.iinfo(np.int64).max
            shifted.append(
                graph.add(
                    "Slice",
                    wide,
                    graph.integers([start]),
                    graph.integers([end]),
                    graph.integers([axis]),
                )
            )
        flow = _middle(graph, shifted)
    return flow


def _middle(graph: Graph, values: list[str]) -> str:
    """The median of three or five values by comparisons."""
    low = partial(graph.add, "Min")
    high = partial(graph.add, "Max")
    if len(values) == 3:
        a, b, c = values
        return high(low(a, b), low(high(a, b), c))
    a, b, c, d, e = values
    # Neither the least nor the greatest of four is the middle of five.
    f = high(low(a, b), low(c, d))
    g = low(high(a, b), high(c, d))
    return high(low(e, f), low(high(e, f), g))


def main() -> None:
    """Writes the graph into the package."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "model.onnx").write_bytes(build(TvL1()).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
