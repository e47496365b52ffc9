"""Whether a model does what it says: it is loaded, and run on pairs whose flow is known."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import cv2
import numpy as np

from flowtag.flow.field import FloatArray, GreyImage
from flowtag.flow.frame_pair import FramePair
from flowtag.flow.onnx import OnnxFlow
from flowtag.flow.onnx_graph import OnnxGraph
from flowtag.models.flow_model import FlowModel
from flowtag.settings import FlowSettings

SHIFTS_PX = ((0.0, 0.0), (2.5, -1.25), (-6.0, 3.0))
"""Of the pairs: at rest, between pixels, and some pixels far."""

_BORDER_PX = 16
_SEED = 5


@dataclass(frozen=True)
class Verified:
    """How a model did on drawn pairs that are shifted as a whole, at its working size.

    Attributes:
        epe_px: median end-point error away from the border, of the worst pair.
        off_1px: share of pixels there whose error is 1 px or more, over all pairs.
        claimed: mean confidence there, over all pairs.
        load_seconds: from bytes to a session.
        pair_seconds: processor time of a pair, forward and backward.
        cpu_seconds_per_megapixel: the same for a megapixel, as the manifest has it.
        provider: of ONNX Runtime.
        precision: of its arithmetic.
    """

    epe_px: float
    off_1px: float
    claimed: float
    load_seconds: float
    pair_seconds: float
    cpu_seconds_per_megapixel: float
    provider: str
    precision: str


def verify(model: FlowModel) -> Verified:
    """Loads a model and runs it.

    A model that is accepted may still be a bad one; the figures say so.

    Raises:
        ModelError: it is refused.
        AcceleratorError: the GPU failed.
    """
    began = time.perf_counter()
    graph = OnnxGraph(model)
    loaded = time.perf_counter() - began
    estimator = OnnxFlow(graph, FlowSettings(grid_step_px=1))
    long = model.manifest.working_size_px
    size = (long, long * 9 // 16)
    errors, claims, seconds = [], [], []
    for shift in SHIFTS_PX:
        pair = FramePair.of(*drawn_pair(shift, size))
        started = time.process_time()
        (field,) = estimator.estimate([pair])
        seconds.append(time.process_time() - started)
        errors.append(_inner(np.linalg.norm(field.vectors - np.array(shift), axis=-1)))
        claims.append(_inner(field.confidence))
    each = statistics.median(seconds)
    return Verified(
        epe_px=float(max(np.median(error) for error in errors)),
        off_1px=float(np.mean([error >= 1 for error in errors])),
        claimed=float(np.mean(claims)),
        load_seconds=loaded,
        pair_seconds=each,
        cpu_seconds_per_megapixel=each / (size[0] * size[1] * 1e-6),
        provider=graph.provider,
        precision=graph.precision,
    )


def drawn_pair(shift_px: tuple[float, float], size: tuple[int, int]) -> tuple[GreyImage, GreyImage]:
    """Two grey pictures of a soft texture, the second shifted as a whole.

    Args:
        shift_px: of the content, x right and y down.
        size: width and height, px.
    """
    width, height = size
    margin = 2 * _BORDER_PX
    noise = np.random.default_rng(_SEED).normal(size=(height + 2 * margin, width + 2 * margin))
    scales = (cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1.5, 4.0, 12.0))
    texture = np.sum(list(scales), axis=0)
    levels = np.asarray(texture / texture.std() * 45 + 128, np.float32)
    views = []
    for dx, dy in ((0.0, 0.0), shift_px):
        moved = np.array([[1, 0, dx - margin], [0, 1, dy - margin]], np.float32)
        view = cv2.warpAffine(levels, moved, (width, height), flags=cv2.INTER_CUBIC)
        views.append(np.clip(np.rint(view), 0, 255).astype(np.uint8))
    return views[0], views[1]


def _inner(values: FloatArray) -> FloatArray:
    return values[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX]
