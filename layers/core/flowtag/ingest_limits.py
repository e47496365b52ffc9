"""What is too much for one video, and how a plan stands to it."""

from __future__ import annotations

from pydantic import Field

from flowtag.contracts.messages import Plan
from flowtag.effort import cost_usd, video_cpu_seconds
from flowtag.frozen_model import Model

_FAR_OVER = 2.0
"""Estimates are right within a factor of two: what is further off is not even begun."""


class Limits(Model):
    """What is too much for one video. None: no limit."""

    max_duration_seconds: float | None = Field(None, gt=0)
    max_cost_usd: float | None = Field(None, gt=0)
    usd_per_cpu_second: float | None = Field(None, gt=0)


def over_limits(plan: Plan, limits: Limits) -> str | None:
    """Why a video is too much, for people; None if it is not.

    A limit on what nobody knows is not kept by hoping: a video of unknown length is too much where
    its length, or what follows from it, is limited.
    """
    return _over_duration(plan, limits) or _over_cost(plan, limits) or _over_time_of_chunk(plan)


def _over_duration(plan: Plan, limits: Limits) -> str | None:
    if limits.max_duration_seconds is None:
        return None
    seconds = _length_seconds(plan)
    if seconds is None:
        return "nothing tells how long it is, and length is limited (MaxDurationSeconds)"
    if seconds <= limits.max_duration_seconds:
        return None
    return (
        f"{seconds:.0f} s long, over the limit of {limits.max_duration_seconds:.0f} s"
        " (MaxDurationSeconds)"
    )


def _over_cost(plan: Plan, limits: Limits) -> str | None:
    if limits.max_cost_usd is None or limits.usd_per_cpu_second is None:
        return None
    cpu_seconds = _cpu_seconds(plan)
    if cpu_seconds is None:
        return "nothing tells how long it is, and cost is limited (MaxCostPerVideo)"
    usd = cost_usd(cpu_seconds, limits.usd_per_cpu_second)
    if usd <= limits.max_cost_usd:
        return None
    return (
        f"would cost about US$ {usd:.2f}, over the limit of {limits.max_cost_usd:.2f}"
        " (MaxCostPerVideo)"
    )


def _over_time_of_chunk(plan: Plan) -> str | None:
    limit = plan.execution.chunk_timeout_seconds
    longest = plan.estimate.longest_chunk_cpu_seconds if plan.estimate else 0.0
    if longest <= _FAR_OVER * limit:
        return None
    why = (
        "its timestamps cannot be trusted, or its encoder was changed on the way, so that it cannot"
        " be divided"
        if plan.sequential
        else "its key frames are too far apart to divide it"
    )
    return (
        f"one worker would need about {longest:.0f} s for a part of it and has {limit:.0f} s: {why}"
    )


def _length_seconds(plan: Plan) -> float | None:
    """By its frames where its clock cannot be trusted and they were counted."""
    probe = plan.probe
    if plan.sequential and probe.frames_expected:
        return float(probe.frames_expected / probe.frame_rate)
    if probe.end_pts is None or probe.end_pts <= probe.start_pts:
        return None
    return float(probe.timeline().seconds(probe.end_pts))


def _cpu_seconds(plan: Plan) -> float | None:
    """None where it is unknown, and where it would follow from a guess alone."""
    known = video_cpu_seconds(
        plan.probe,
        plan.settings,
        plan.source.size_bytes or None,
        plan.execution.model_cpu_seconds_per_megapixel,
    )
    return plan.estimate.cpu_seconds if known is not None and plan.estimate else known
