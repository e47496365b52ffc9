"""How far two results about one video agree: labels, levels and rates, by time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from benchmarks.accuracy_findings import RATE_TOLERANCE, RELATIVE_TOLERANCE

# As the benchmark of accuracy judges rates; a speed by half of that.
TOLERANCE = {**RATE_TOLERANCE, "speed": 0.01}

Segment = dict[str, Any]


@dataclass(frozen=True)
class Agreement:
    """Shares of a video's time.

    Attributes:
        seconds: of the video that both results tell of.
        labels: the camera's labels are the same set.
        levels: motion's level is the same, and the subject's: their mean.
        rates: pan, tilt, zoom, roll and speed are within tolerance: their mean.
    """

    seconds: float
    labels: float
    levels: float
    rates: float

    @property
    def tags(self) -> float:
        """All of them: the mean of the three."""
        return (self.labels + self.levels + self.rates) / 3


def agreement(one: dict[str, Any], other: dict[str, Any]) -> Agreement:
    """Compares two ``motion.json`` of the same video.

    Raises:
        ValueError: they share no moment.
    """
    parts = list(_in_common(one["segments"], other["segments"]))
    seconds = sum(length for length, _, _ in parts)
    if not seconds:
        raise ValueError("the results share no moment")

    def share(same: Callable[[Segment, Segment], bool]) -> float:
        return sum(length for length, a, b in parts if same(a, b)) / seconds

    rates = [share(partial(_same_rate, key)) for key in TOLERANCE]
    levels = [share(partial(_same_level, kind)) for kind in ("motion", "subject")]
    return Agreement(
        seconds=seconds,
        labels=share(_same_labels),
        levels=sum(levels) / len(levels),
        rates=sum(rates) / len(rates),
    )


def pooled(found: list[Agreement]) -> Agreement:
    """Over several videos, each by its length."""
    seconds = sum(one.seconds for one in found)
    return Agreement(
        seconds,
        *(
            sum(getattr(one, kind) * one.seconds for one in found) / seconds
            for kind in ("labels", "levels", "rates")
        ),
    )


def _in_common(
    ones: list[Segment], others: list[Segment]
) -> Iterator[tuple[float, Segment, Segment]]:
    """Spans in which neither result changes: their length, and what both say of them."""
    edges = {segment[end]["seconds"] for segment in (*ones, *others) for end in ("start", "end")}
    for start, end in pairwise(sorted(edges)):
        middle = (start + end) / 2
        a, b = _at(ones, middle), _at(others, middle)
        if a is not None and b is not None:
            yield end - start, a, b


def _at(segments: list[Segment], seconds: float) -> Segment | None:
    for segment in segments:
        if segment["start"]["seconds"] <= seconds < segment["end"]["seconds"]:
            return segment
    return None


def _same_labels(one: Segment, other: Segment) -> bool:
    return set(one["camera"]["labels"]) == set(other["camera"]["labels"])


def _same_level(kind: str, one: Segment, other: Segment) -> bool:
    return bool(one[kind]["level"] == other[kind]["level"])


def _same_rate(key: str, one: Segment, other: Segment) -> bool:
    kind = "motion" if key == "speed" else "camera"
    a, b = one[kind][key], other[kind][key]
    if a is None or b is None:
        return a is b
    return bool(abs(a - b) <= max(TOLERANCE[key], RELATIVE_TOLERANCE * abs(b)))
