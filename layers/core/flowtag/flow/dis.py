"""Flow by OpenCV's DIS, forward and backward (Kroeger, Timofte, Dai, Van Gool; ECCV 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from flowtag.flow.calibration import DIS_CALIBRATION
from flowtag.flow.confidence import confidence, gather_cues
from flowtag.flow.field import FloatArray, FlowField, GreyImage, every
from flowtag.flow.frame_pair import FramePair
from flowtag.flow.photometry import equalise
from flowtag.settings import FlowSettings

# From this share of its contrast on, a picture has changed so much that it may have moved
# farther than DIS's coarsest level can follow.
_LARGE_CHANGE = 0.35
_LEAST_GAIN_OF_SHIFT = 0.8
_COARSE_WIDTH_PX = 96


class DenseFlow:
    """DIS between two frames of equal brightness, from a first guess if there is one."""

    def __init__(self, settings: FlowSettings) -> None:
        cv2.setNumThreads(1)
        self._settings = settings
        self._unguided = self._new()

    def __call__(
        self, first: GreyImage, second: GreyImage, start: tuple[float, float] | None
    ) -> FloatArray:
        """``(H, W, 2)`` float32 px, first to second; ``start`` is a translation in px."""
        flow = np.zeros((*first.shape, 2), dtype=np.float32)
        if start is None:
            # An array of another size is no first guess to OpenCV, None is not in its types.
            return np.asarray(self._unguided.calc(first, second, flow[:1]), dtype=np.float32)
        flow[:] = start
        # OpenCV's object remembers a first guess beyond the call: what came before would show.
        return np.asarray(self._new().calc(first, second, flow), dtype=np.float32)

    def _new(self) -> cv2.DISOpticalFlow:
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        dis.setFinestScale(self._settings.finest_scale)
        dis.setPatchStride(self._settings.patch_stride_px)
        dis.setGradientDescentIterations(self._settings.gradient_steps)
        dis.setVariationalRefinementIterations(self._settings.refinement_steps)
        return dis


class DisFlow:
    """Estimates flow and confidence between two grey frames. Keeps no state between pairs."""

    name = "dis"
    engine = None
    batch_pairs = 1

    def __init__(self, settings: FlowSettings) -> None:
        self._step_px = settings.grid_step_px
        self._dense = DenseFlow(settings)

    def estimate(self, pairs: Sequence[FramePair]) -> list[FlowField]:
        """Flow of each pair from its first to its second frame, with its confidence."""
        return [self._estimate(pair) for pair in pairs]

    def _estimate(self, pair: FramePair) -> FlowField:
        first, second = equalise(pair.first, pair.second, pair.change)
        forward, backward = self.both_ways(first, second)
        cues = gather_cues(first, second, forward, backward, self._step_px)
        return FlowField(
            vectors=np.ascontiguousarray(forward[every(self._step_px)]),
            confidence=confidence(cues, DIS_CALIBRATION),
            residual=cues.residual,
            round_trip_px=cues.round_trip_px,
            texture=cues.texture,
            step_px=self._step_px,
            frames=(first, second),
            dense=forward,
        )

    def both_ways(self, first: GreyImage, second: GreyImage) -> tuple[FloatArray, FloatArray]:
        """Dense forward and backward flow, ``(H, W, 2)`` float32 px each."""
        start = large_shift(first, second)
        back = None if start is None else (-start[0], -start[1])
        return self._dense(first, second, start), self._dense(second, first, back)


def second_opinion(first: GreyImage, second: GreyImage) -> FlowField:
    """What DIS says of a pair to which a model's flow is held.

    With the same settings whatever a run's are: models' calibrations are fitted with these.

    Args:
        first: ``(H, W)`` uint8.
        second: ``(H, W)`` uint8.
    """
    (field,) = DisFlow(FlowSettings()).estimate([FramePair.of(first, second)])
    return field


def large_shift(first: GreyImage, second: GreyImage) -> tuple[float, float] | None:
    """A translation in px that explains a large change better than standing still, else None.

    Phase correlation (Kuglin and Hines 1975) on a coarse picture: whip pans move farther within a
    pair than DIS's coarsest level can follow.
    """
    height, width = first.shape
    scale = min(_COARSE_WIDTH_PX / max(width, height), 1.0)
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    a = shrink(first, size)
    b = shrink(second, size)
    change = float(cv2.norm(a, b, cv2.NORM_L1)) / a.size
    spread = float(cv2.meanStdDev(a)[1][0, 0])
    if change < _LARGE_CHANGE * spread:
        return None
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(a.astype(np.float32), b.astype(np.float32), window)
    ix, iy = round(dx), round(dy)
    if (ix == 0 and iy == 0) or abs(ix) > size[0] * 0.6 or abs(iy) > size[1] * 0.6:
        return None
    shifted = _overlap_difference(a, b, ix, iy)
    if shifted > _LEAST_GAIN_OF_SHIFT * change:
        return None
    return dx * width / size[0], dy * height / size[1]


def shrink(image: GreyImage, size: tuple[int, int]) -> GreyImage:
    """The image at another size (width, height), each pixel the average of what it covers."""
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _overlap_difference(a: GreyImage, b: GreyImage, dx: int, dy: int) -> float:
    height, width = a.shape
    part_a = a[max(-dy, 0) : height - max(dy, 0), max(-dx, 0) : width - max(dx, 0)]
    part_b = b[max(dy, 0) : height - max(-dy, 0), max(dx, 0) : width - max(-dx, 0)]
    return float(cv2.norm(part_a, part_b, cv2.NORM_L1)) / part_a.size
