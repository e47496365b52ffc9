"""What is repeated in the graph of TV-L1: the linearised data, and one iteration after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from gpu_worker.models.onnx_graph import Graph

CENTRAL = (-0.5, 0.0, 0.5)
FIVE_TAPS = (1 / 12, -8 / 12, 0.0, 8 / 12, -1 / 12)

# Of each component: differences to the next pixel in x and in y, and their negative adjoint.
_FORWARD = np.zeros((4, 1, 2, 2), np.float32)
_FORWARD[0::2, 0, 0], _FORWARD[1::2, 0, :, 0] = (-1, 1), (-1, 1)
_BACKWARD = np.zeros((2, 2, 2, 2), np.float32)
_BACKWARD[:, 0, 1], _BACKWARD[:, 1, :, 1] = (-1, 1), (-1, 1)


@dataclass(frozen=True)
class TvL1:
    """What the graph computes; pictures are 0 to 1. The figures were chosen on generated pairs.

    Attributes:
        threshold_px: lambda * theta: how far the data may pull in one step, per unit of gradient.
        theta: how loosely the data's flow and the smooth flow are coupled.
        time_step: of the dual ascent, at most 1/4.
        least_side_px: the shorter side of the coarsest level is no smaller; each is half the next.
        warps: linearisations on each level, the finest first; the last serves all coarser ones.
        steps: iterations after each, likewise.
        derivative: taps of the derivative filter.
        both_gradients: gradient of the mean of both pictures rather than of the second alone.
        isotropic: the length of a component's gradient is penalised, not each of its parts, which
            converges more slowly.
        edge_decay: how much less smoothness is asked across edges of the first picture; 0: none.
        ignores_outside: nothing is asked of the data where vectors leave the picture.
        median: flow is filtered after each warp.
        search_px: the coarsest level begins with the best of all shifts up to this; 0: at rest.
        patch_px: side of the patches that are compared for it.
        cost_per_px: mean difference of a patch that outweighs a shift farther by a pixel.
    """

    threshold_px: float = 9.0
    theta: float = 0.3
    time_step: float = 0.25
    least_side_px: int = 10
    warps: tuple[int, ...] = (0, 6)
    steps: tuple[int, ...] = (15, 25)
    derivative: tuple[float, ...] = FIVE_TAPS
    both_gradients: bool = True
    isotropic: bool = False
    edge_decay: float = 8.0
    ignores_outside: bool = True
    median: bool = True
    search_px: int = 4
    patch_px: int = 3
    cost_per_px: float = 0.005


@dataclass(frozen=True)
class Data:
    """The linearised data term: ``residual + gradient . flow``, and how flow answers to it."""

    gradient: str
    pull: str
    residual: str


def linearise(
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
    square = both_summed(graph, graph.add("Mul", gradient, gradient))
    if method.ignores_outside:
        far = graph.add("ReduceMax", graph.add("Abs", ends), graph.integers([3]), keepdims=0)
        inside = graph.add("LessOrEqual", far, graph.floats(1.0))
        inside = graph.add("Cast", inside, to=onnx.TensorProto.FLOAT)
        inside = graph.add("Unsqueeze", inside, graph.integers([1]))
        gradient = graph.add("Mul", gradient, inside)
    square = graph.add("Max", square, graph.floats(1e-6))
    answer = graph.add("Div", gradient, square)
    along = both_summed(graph, graph.add("Mul", answer, flow))
    residual = graph.add("Sub", graph.add("Div", change, square), along)
    return Data(gradient=gradient, pull=answer, residual=residual)


def _derivative(graph: Graph, picture: str, taps: tuple[float, ...]) -> str:
    """X and y derivatives (N, 2, H, W) of a picture that goes on at its border."""
    side, reach = len(taps), len(taps) // 2
    kernel = np.zeros((2, 1, side, side), np.float32)
    kernel[0, 0, reach] = taps
    kernel[1, 0, :, reach] = taps
    return graph.add("Conv", spread(graph, picture, reach, reach), graph.floats(kernel))


def spread(graph: Graph, value: str, before: int, after: int) -> str:
    """The value with its border repeated before the first and after the last row and column."""
    pads = graph.integers([0, 0, before, before, 0, 0, after, after])
    return graph.add("Pad", value, pads, mode="edge")


def smoothness_of(graph: Graph, method: TvL1, first: str) -> str:
    """What weight smoothness has between neighbours, 0 to 1: of ux, uy, vx, vy (N, 4, H, W)."""
    slope = graph.add("Conv", spread(graph, first, 0, 1), graph.floats(_FORWARD[:2]))
    decay = graph.floats(-method.edge_decay)
    weight = graph.add("Exp", graph.add("Mul", graph.add("Abs", slope), decay))
    # Nothing lies beyond the last column and the last row.
    ones = graph.add("Add", graph.add("Mul", first, graph.floats(0.0)), graph.floats(1.0))
    neighbour = np.maximum(_FORWARD[:2], 0)
    within = graph.add("Conv", ones, graph.floats(neighbour), pads=[0, 0, 1, 1])
    weight = graph.add("Mul", weight, within)
    return graph.add("Concat", weight, weight, axis=1)


def step_of(
    graph: Graph, _: str, flow: str, dual: str, *, method: TvL1, data: Data, smoothness: str
) -> list[str]:
    """One thresholding step of the data, one of the dual variables (Zach et al., eq. 11 to 15)."""
    along = both_summed(graph, graph.add("Mul", data.pull, flow))
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


def both_summed(graph: Graph, value: str) -> str:
    """The sum of both channels; ReduceSum takes fourteen times as long on a processor."""
    return graph.add("Conv", value, graph.floats(np.ones((1, 2, 1, 1))))


def median(graph: Graph, flow: str) -> str:
    """The median of three along rows, then along columns: nearly that of the square of nine.

    Wedel, Pock, Zach, Bischof, Cremers, "An Improved Algorithm for TV-L1 Optical Flow", 2009.
    """
    for axis in (3, 2):
        pads = [0] * 8
        pads[axis] = pads[axis + 4] = 1
        wide = graph.add("Pad", flow, graph.integers(pads), mode="edge")
        before, here, after = (
            graph.add("Slice", wide, *(graph.integers([value]) for value in (start, end, axis)))
            for start, end in ((0, -2), (1, -1), (2, np.iinfo(np.int64).max))
        )
        low, high = graph.add("Min", before, here), graph.add("Max", before, here)
        flow = graph.add("Max", low, graph.add("Min", high, after))
    return flow
