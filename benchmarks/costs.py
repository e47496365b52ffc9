"""What an hour of footage costs at stated prices, from processor seconds that were measured.

Prices are AWS's in us-east-1, US dollars, as of November 2026; Spot prices move by the hour, and
the figures here are round ones to compare by, not quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_HOUR_SECONDS = 3600
_LAMBDA_CORE_GB = 1769 / 1024
"""Memory with which Lambda gives a whole processor."""

REQUESTS_USD_PER_HOUR = 0.0005
"""Of footage in chunks of a minute: 60 invocations, about 300 S3 and 200 SQS requests."""


@dataclass(frozen=True)
class Host:
    """A place where chunks are analysed.

    Attributes:
        name: in the table.
        usd_per_cpu_second: one processor, kept busy.
        how: from which prices.
    """

    name: str
    usd_per_cpu_second: float
    how: str


def _lambda(name: str, usd_per_gb_second: float) -> Host:
    how = f"US$ {usd_per_gb_second:.10f} per GB-second, {_LAMBDA_CORE_GB:.4f} GB a processor"
    return Host(name, usd_per_gb_second * _LAMBDA_CORE_GB, how)


def _instance(name: str, usd_per_hour: float, processors: int) -> Host:
    how = f"US$ {usd_per_hour:.2f} an hour, {processors} vCPU kept busy"
    return Host(name, usd_per_hour / _HOUR_SECONDS / processors, how)


HOSTS = (
    _lambda("Lambda arm64", 0.0000133334),
    _lambda("Lambda x86_64", 0.0000166667),
    _instance("Batch g5.xlarge Spot", 0.45, 4),
    _instance("Batch g6.xlarge Spot", 0.35, 4),
)


def usd_per_footage_hour(cpu_seconds: float, footage_seconds: float, host: Host) -> float:
    """Dollars for an hour of footage like the one measured, requests included.

    Args:
        cpu_seconds: that the measured footage took.
        footage_seconds: how long it is.
        host: where.
    """
    hourly_cpu_seconds = cpu_seconds / footage_seconds * _HOUR_SECONDS
    return hourly_cpu_seconds * host.usd_per_cpu_second + REQUESTS_USD_PER_HOUR


def cost_table(measured: Sequence[tuple[str, float]], footage_seconds: float) -> list[str]:
    """Markdown lines: an hour of footage on each host.

    Args:
        measured: name and CPU seconds of each way to analyse the footage.
        footage_seconds: how long it is.
    """
    heads = " | ".join(host.name for host in HOSTS)
    lines = [f"| | CPU s an hour of footage | {heads} |", "|---|" + "--:|" * (len(HOSTS) + 1)]
    for name, cpu_seconds in measured:
        prices = (usd_per_footage_hour(cpu_seconds, footage_seconds, host) for host in HOSTS)
        shown = " | ".join(f"US$ {price:.4f}" for price in prices)
        hourly = cpu_seconds / footage_seconds * _HOUR_SECONDS
        lines.append(f"| {name} | {hourly:.0f} | {shown} |")
    return [*lines, "", *(f"- {host.name}: {host.how}." for host in HOSTS)]
