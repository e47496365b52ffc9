"""Which pairs a model is asked about, why, and when its answer counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowtag.contracts.features import PairGate
from flowtag.flow.dis import DisFlow
from flowtag.flow.field import GreyImage
from flowtag.flow.frame_pair import FramePair
from flowtag.gating import CheapFindings, Explained, RefineGate
from flowtag.motion.picture_area import find_picture
from flowtag.motion.statistics import PairTime, pair_features
from flowtag.settings import FlowSettings
from flowtag.thresholds import RefineSettings, Thresholds
from tests.rendering import Shot, Subject, steady
from tests.unit.flow_fields import EVERYWHERE, SECONDS, moved_by, two_pictures

SETTINGS = RefineSettings(model="tiny", model_sha256="0" * 64)
GATE = RefineGate(SETTINGS, Thresholds())
EVERYTHING = RefineGate(SETTINGS.model_copy(update={"low_confidence": 1.0}), Thresholds())


def found(confidence: float = 0.95, **values: Any) -> CheapFindings:
    """What the cheap estimator found of a pair with nothing wrong, but for the values given."""
    good: dict[str, Any] = {"can_be_told": True, "spread": 0.02, "spread_of_camera": 0.0}
    good |= {"displacement": 0.02, "largest_difference_levels": 6.0}
    return CheapFindings(explained=Explained(2.0, confidence), **(good | values))


def looked_at(pair: FramePair) -> CheapFindings:
    """What DIS finds of two pictures."""
    (flow,) = DisFlow(FlowSettings()).estimate([pair])
    area = find_picture(pair.first)
    row = pair_features(flow, pair.change, area, PairTime(0, 2, SECONDS))
    return CheapFindings.of(row, pair, flow, area.grid_mask(flow.points(), flow.picture_size))


def pair_of(shot: Shot) -> FramePair:
    return FramePair.of(*two_pictures(shot))


def plain(level: int) -> GreyImage:
    return np.full((144, 256), level, np.uint8)


@pytest.fixture(scope="module")
def pan() -> FramePair:
    return pair_of(steady(2, picture="astronaut", pan=0.1))


def test_a_pair_that_dis_is_sure_of_is_left_alone(pan: FramePair) -> None:
    assert GATE.decide(looked_at(pan), pan) == PairGate(0)


@pytest.mark.parametrize(
    ("findings", "reason"),
    [
        (found(confidence=0.5), PairGate.LOW_CONFIDENCE),
        (found(largest_difference_levels=19.0), PairGate.DISAGREEMENT),
        (found(spread=0.1, confidence=0.8), PairGate.COMPLEXITY),
    ],
)
def test_each_doubt_is_a_reason_of_its_own(
    pan: FramePair, findings: CheapFindings, reason: PairGate
) -> None:
    assert GATE.decide(findings, pan) == reason | PairGate.ASKED


def test_several_motions_that_dis_is_sure_of_are_no_doubt(pan: FramePair) -> None:
    assert GATE.decide(found(spread=0.1, confidence=0.95), pan) == PairGate(0)


def test_what_the_cameras_own_zoom_spreads_is_no_several_motions(pan: FramePair) -> None:
    zoom = found(spread=0.1, spread_of_camera=0.08, confidence=0.8)

    assert GATE.decide(zoom, pan) == PairGate(0)


def test_a_fast_zoom_spreads_less_than_is_allowed_for() -> None:
    for shot in (steady(2, zoom=0.6), steady(2, zoom=0.3, pan=0.3), steady(2, roll=40)):
        findings = looked_at(pair_of(shot))

        assert 0.02 < findings.spread < findings.spread_of_camera


def test_far_motion_that_dis_is_sure_of_is_no_doubt(pan: FramePair) -> None:
    assert GATE.decide(found(displacement=0.2), pan) == PairGate(0)


def test_what_is_unknown_is_no_reason(pan: FramePair) -> None:
    assert GATE.decide(found(spread=float("nan"), confidence=0.8), pan) == PairGate(0)


def test_a_large_subject_that_crosses_fast_is_doubtful() -> None:
    crossing = Subject("coffee", 0.3, (1.1, 0.0), aspect=1.0)
    pair = pair_of(Shot(subjects=(crossing,)))

    gate = GATE.decide(looked_at(pair), pair)

    assert PairGate.ASKED | PairGate.DISAGREEMENT in gate


def test_nothing_is_asked_across_a_cut() -> None:
    (first, _), (_, second) = (two_pictures(steady(2, picture=p)) for p in ("coffee", "rocket"))
    pair = FramePair.of(first, second)

    gate = GATE.decide(looked_at(pair), pair)

    assert PairGate.LOW_CONFIDENCE | PairGate.ACROSS_CUT in gate
    assert PairGate.ASKED not in gate


@pytest.mark.parametrize("level", [0, 90])
def test_nothing_is_asked_where_there_is_nothing_to_see(level: int) -> None:
    pair = FramePair.of(plain(level), plain(level + 2))

    gate = EVERYTHING.decide(looked_at(pair), pair)

    assert gate == PairGate.LOW_CONFIDENCE | PairGate.NOTHING_TO_GAIN


def test_nothing_is_asked_of_two_frames_that_are_the_same(pan: FramePair) -> None:
    pair = FramePair.of(pan.first, pan.first.copy())

    assert PairGate.NOTHING_TO_GAIN in EVERYTHING.decide(looked_at(pair), pair)


def test_a_gate_that_is_opened_asks_about_every_other_pair(pan: FramePair) -> None:
    assert PairGate.ASKED in EVERYTHING.decide(looked_at(pan), pan)


def test_far_flow_is_followed_where_there_are_frames_between(pan: FramePair) -> None:
    far, with_between = found(displacement=0.2, confidence=0.5), pan.through([pan.first])

    assert PairGate.FOLLOWED in GATE.decide(far, with_between)
    assert PairGate.FOLLOWED not in GATE.decide(far, pan)
    assert PairGate.FOLLOWED not in GATE.decide(found(confidence=0.5), with_between)


def test_displacement_is_what_a_twentieth_of_the_vectors_exceeds() -> None:
    pair = FramePair.of(plain(0), plain(0))
    field = moved_by(complex(30, 40))
    row = pair_features(field, pair.change, find_picture(pair.first), PairTime(0, 2, SECONDS))

    findings = CheapFindings.of(row, pair, field, EVERYWHERE)

    assert findings.displacement == pytest.approx(50 / np.hypot(256, 144))


def test_a_small_part_that_flow_explains_badly_is_doubtful(pan: FramePair) -> None:
    field = moved_by(complex(3, 4))
    part = np.zeros_like(field.residual, dtype=bool)
    part[:4, : part.shape[1] // 2] = True
    field.residual[:] = np.where(part, 40.0, 1.0)
    area = find_picture(pan.first)
    row = pair_features(field, pan.change, area, PairTime(0, 2, SECONDS))

    findings = CheapFindings.of(row, pan, field, EVERYWHERE)

    assert 0.05 < part.mean() < 0.06
    assert findings.largest_difference_levels == 40
    assert PairGate.DISAGREEMENT in GATE.reasons(findings)


@pytest.mark.parametrize(
    ("refined", "counts"),
    [
        (Explained(7.0, 0.6), True),
        (Explained(9.5, 0.6), False),  # hardly better
        (Explained(7.0, 0.5), False),  # better, but less sure of itself
    ],
)
def test_the_model_counts_where_it_explains_the_pictures_better(
    refined: Explained, counts: bool
) -> None:
    assert GATE.keeps(Explained(10.0, 0.55), refined) is counts


def test_less_than_coding_leaves_is_no_gain() -> None:
    assert not GATE.keeps(Explained(0.5, 0.9), Explained(0.2, 0.95))
