"""What a segment and a video say of the gate's decisions."""

from __future__ import annotations

import numpy as np
import pytest

from flowtag.assembly.gates import Gates, gate_of, refining_of
from flowtag.contracts.features import PairGate
from flowtag.thresholds import RefineSettings

REFINE = RefineSettings(model="tiny", model_sha256="0" * 64)
LEFT = PairGate(0)
IN_VAIN = PairGate.ASKED | PairGate.LOW_CONFIDENCE
REFINED = PairGate.ASKED | PairGate.REFINED | PairGate.DISAGREEMENT
FOLLOWED = REFINED | PairGate.FOLLOWED | PairGate.LARGE_DISPLACEMENT
REFUSED = PairGate.LOW_CONFIDENCE | PairGate.ACROSS_CUT


def column(*gates: PairGate) -> Gates:
    return np.array([int(gate) for gate in gates], np.uint16)


@pytest.mark.parametrize(
    ("gates", "path"),
    [
        (column(), "cheap"),
        (column(LEFT, IN_VAIN), "cheap"),
        (column(LEFT, REFINED), "mixed"),
        (column(REFINED, FOLLOWED), "refined"),
    ],
)
def test_the_path_is_that_of_the_flow_that_counts(gates: Gates, path: str) -> None:
    gate = gate_of(gates, REFINE)

    assert gate is not None and gate.path == path


def test_shares_and_reasons_are_of_the_segments_pairs() -> None:
    gate = gate_of(column(LEFT, IN_VAIN, REFUSED, FOLLOWED), REFINE)

    assert gate is not None
    assert (gate.asked_share, gate.refined_share, gate.followed_share) == (0.5, 0.25, 0.25)
    assert gate.reasons == {
        "low_confidence": 0.5,
        "disagreement": 0.25,
        "large_displacement": 0.25,
        "across_cut": 0.25,
    }


def test_the_video_counts_its_pairs() -> None:
    told = refining_of(column(LEFT, IN_VAIN, REFUSED, REFINED), REFINE)

    assert told is not None
    assert (told.pairs, told.asked, told.refined, told.followed) == (4, 2, 1, 0)
    assert told.reasons == {"low_confidence": 2, "disagreement": 1, "across_cut": 1}


def test_without_refining_there_is_nothing_to_say() -> None:
    assert gate_of(column(LEFT), None) is None
    assert refining_of(column(LEFT), None) is None
