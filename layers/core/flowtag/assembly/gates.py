"""What became of the gate's decisions: over a segment, and over the whole video."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowtag.contracts.features import PairGate
from flowtag.contracts.metadata import Gate, GatePath, GateReason, Refining
from flowtag.thresholds import RefineSettings

REASONS: dict[GateReason, PairGate] = {
    "low_confidence": PairGate.LOW_CONFIDENCE,
    "complexity": PairGate.COMPLEXITY,
    "disagreement": PairGate.DISAGREEMENT,
    "large_displacement": PairGate.LARGE_DISPLACEMENT,
    "across_cut": PairGate.ACROSS_CUT,
    "nothing_to_gain": PairGate.NOTHING_TO_GAIN,
}

Gates = npt.NDArray[np.uint16]
"""``(pairs,)``: the column ``gate`` of some pairs."""


def gate_of(gates: Gates, refine: RefineSettings | None) -> Gate | None:
    """A segment's ``gate``; None where no model refines.

    Args:
        gates: of the segment's pairs.
        refine: of the run.
    """
    if refine is None:
        return None
    refined = _count(gates, PairGate.REFINED)
    path: GatePath = "cheap" if not refined else "refined" if refined == len(gates) else "mixed"
    return Gate(
        path=path,
        model=refine.model,
        asked_share=_share(gates, PairGate.ASKED),
        refined_share=_share(gates, PairGate.REFINED),
        followed_share=_share(gates, PairGate.FOLLOWED),
        reasons={
            name: _share(gates, bit) for name, bit in REASONS.items() if _count(gates, bit) > 0
        },
    )


def refining_of(gates: Gates, refine: RefineSettings | None) -> Refining | None:
    """The video's ``refining``; None where no model refines.

    Args:
        gates: of all of its pairs.
        refine: of the run.
    """
    if refine is None:
        return None
    return Refining(
        name=refine.model,
        sha256=refine.model_sha256,
        pairs=len(gates),
        asked=_count(gates, PairGate.ASKED),
        refined=_count(gates, PairGate.REFINED),
        followed=_count(gates, PairGate.FOLLOWED),
        reasons={name: _count(gates, bit) for name, bit in REASONS.items() if _count(gates, bit)},
    )


def _count(gates: Gates, bit: PairGate) -> int:
    return int(np.count_nonzero(gates & bit))


def _share(gates: Gates, bit: PairGate) -> float:
    return round(_count(gates, bit) / max(len(gates), 1), 3)
