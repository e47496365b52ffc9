from __future__ import annotations

from typing import Any

import pytest

from flowtag.contracts.messages import Plan, WorkEstimate
from flowtag.ingest_limits import Limits, over_limits
from tests.unit.run_objects import make_plan

DAY = Limits(max_duration_seconds=86_400)
CHEAP = Limits(max_cost_usd=1, usd_per_cpu_second=1e-3)
NONE = Limits()


def plan_of(estimate: WorkEstimate | None = None, sequential: bool = False, **probe: Any) -> Plan:
    plan = make_plan()
    changed = {"probe": plan.probe.model_copy(update=probe)}
    return plan.model_copy(update={**changed, "estimate": estimate, "sequential": sequential})


def estimated(cpu_seconds: float, longest: float = 60) -> WorkEstimate:
    return WorkEstimate(cpu_seconds=cpu_seconds, longest_chunk_cpu_seconds=longest)


@pytest.mark.parametrize(("limits", "said"), [(DAY, "MaxDuration"), (CHEAP, "MaxCostPerVideo")])
def test_a_video_of_unknown_length_keeps_no_limit_on_it(limits: Limits, said: str) -> None:
    unknown = plan_of(estimated(1), sequential=True, end_pts=None, frames_expected=None)

    reason = over_limits(unknown, limits)

    assert reason is not None
    assert reason.startswith("nothing tells how long it is")
    assert said in reason
    assert over_limits(unknown, NONE) is None


def test_a_clock_that_jumps_does_not_make_a_clip_too_long() -> None:
    jumps: dict[str, Any] = {"end_pts": 25 * 100_000, "frames_expected": 250}

    assert over_limits(plan_of(sequential=True, **jumps), DAY) is None
    assert "100000 s long" in (over_limits(plan_of(**jumps), DAY) or "")


def test_frames_that_are_decoded_twice_are_paid_twice() -> None:
    assert over_limits(plan_of(estimated(900)), CHEAP) is None
    assert "US$ 1.10" in (over_limits(plan_of(estimated(1100)), CHEAP) or "")


@pytest.mark.parametrize(
    ("sequential", "why"), [(True, "timestamps cannot be trusted"), (False, "key frames")]
)
def test_a_chunk_far_over_its_time_is_not_begun(sequential: bool, why: str) -> None:
    limit = make_plan().execution.chunk_timeout_seconds

    far_over = plan_of(estimated(9_999, 2.1 * limit), sequential)

    assert why in (over_limits(far_over, NONE) or "")
    assert over_limits(plan_of(estimated(9_999, 1.9 * limit), sequential), NONE) is None


def test_a_plan_without_an_estimate_is_let_through() -> None:
    assert over_limits(plan_of(None), NONE) is None
