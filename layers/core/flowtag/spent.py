"""What analysing chunks took, as their workers counted it; for ``run.json`` and for metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CPU_SECONDS = "cpu-seconds"
_COST_USD = "cost-usd"


@dataclass(frozen=True)
class Spent:
    """Processor time, and what it cost; None where nobody counted, or no price is known.

    It differs from one time to the next, so it stands beside a chunk's bytes and never in them.
    """

    cpu_seconds: float | None = None
    cost_usd: float | None = None

    @classmethod
    def at_price(cls, cpu_seconds: float, usd_per_cpu_second: float | None) -> Spent:
        """Processor seconds at a price that the host's operator gives, if any."""
        cost = None if usd_per_cpu_second is None else cpu_seconds * usd_per_cpu_second
        return cls(cpu_seconds, cost)

    @classmethod
    def of_notes(cls, notes: Mapping[str, str]) -> Spent:
        """What the notes beside a chunk's object tell."""
        return cls(_number(notes.get(_CPU_SECONDS)), _number(notes.get(_COST_USD)))

    def notes(self) -> dict[str, str]:
        """The same as short texts, to be kept beside a chunk's object."""
        told = {_CPU_SECONDS: self.cpu_seconds, _COST_USD: self.cost_usd}
        return {name: f"{value:.9f}" for name, value in told.items() if value is not None}


def total(parts: Iterable[Spent]) -> Spent:
    """The sum; None where one of the parts is not known."""
    listed = list(parts)
    return Spent(
        _sum([part.cpu_seconds for part in listed], digits=3),
        _sum([part.cost_usd for part in listed], digits=9),
    )


def _sum(values: list[float | None], digits: int) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), digits) if known and len(known) == len(values) else None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
