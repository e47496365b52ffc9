"""Whether a pair of frames lies across a cut, told by its two frames alone.

Edits are found in assembly, over the whole video. While a chunk is analysed this has to do: flow
has to fail across a cut, which is no doubt worth keeping, and no estimator would do better.
"""

from __future__ import annotations

import numpy as np

from flowtag.flow.frame_pair import FramePair
from flowtag.motion.evidence import StepComparer, measure_frame
from flowtag.thresholds import Thresholds


class CutTest:
    """Tells pairs across a cut from others. Keeps nothing of the pairs."""

    def __init__(self, limits: Thresholds) -> None:
        self._limits = limits
        self._comparer = StepComparer()

    def __call__(self, pair: FramePair) -> bool:
        """Whether motion explains too little of the step, and both pictures are unlike."""
        first, second = measure_frame(pair.first), measure_frame(pair.second)
        if self._comparer.compare(first, second).match >= self._limits.cut_match:
            return False
        a, b = first.signature.ravel(), second.signature.ravel()
        if not a.std() or not b.std():
            return True
        return float(np.corrcoef(a, b)[0, 1]) < self._limits.turmoil_likeness
