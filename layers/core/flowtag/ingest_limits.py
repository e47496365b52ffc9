"""What is too much for one video, and how a plan stands to it."""

from __future__ import annotations

from pydantic import Field

from flowtag.contracts.messages import Plan
from flowtag.effort import cost_usd, video_cpu_seconds
from flowtag.settings import Model


class Limits(Model):
    """What is too much for one video. None: no limit."""

    max_duration_seconds: float | None = Field(None, gt=0)
    max_cost_usd: float | None = Field(None, gt=0)
    usd_per_cpu_second: float | None = Field(None, gt=0)


def over_limits(plan: Plan, limits: Limits) -> str | None:
    """Why a video is too much, for people; None if it is not."""
    probe = plan.probe
    if probe.end_pts is None:
        return None
    seconds = float(probe.timeline().seconds(probe.end_pts))
    if limits.max_duration_seconds is not None and seconds > limits.max_duration_seconds:
        return (
            f"{seconds:.0f} s long, over the limit of {limits.max_duration_seconds:.0f} s"
            " (MaxDurationSeconds)"
        )
    if limits.max_cost_usd is None or limits.usd_per_cpu_second is None:
        return None
    cpu_seconds = video_cpu_seconds(probe, plan.settings, plan.source.size_bytes or None)
    if cpu_seconds is None:
        return None
    usd = cost_usd(cpu_seconds, limits.usd_per_cpu_second)
    if usd <= limits.max_cost_usd:
        return None
    return f"would cost about US$ {usd:.2f}, over the limit of {limits.max_cost_usd:.2f}" + (
        " (MaxCostPerVideo)"
    )
