"""Filters and what they say of a segment, in Kleene's three-valued logic.

A comparison with what is unknown is unknown, and so is its negation; ``False and unknown`` is
false, ``True or unknown`` is true. Only what is true matches.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from flowtag.contracts.metadata import Segment
from flowtag.filtering.fields import CAMERA_GROUPS, COMPASS, FIELDS

Truth = bool | None
"""True, false, or unknown."""

NEAR_DEGREES = 45.0
"""A direction is as asked for within this angle."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition(Protocol):
    """A part of a filter."""

    def holds(self, segment: Segment) -> Truth:
        """Whether it is true of a segment."""
        ...


@dataclass(frozen=True)
class Filter:
    """A filter as it was read.

    Attributes:
        text: as it was written.
        condition: what it says.
    """

    text: str
    condition: Condition

    def matches(self, segment: Segment) -> bool:
        """Whether a segment is meant."""
        return self.condition.holds(segment) is True

    def select(self, segments: Iterable[Segment]) -> list[Segment]:
        """The segments that are meant, in their order."""
        return [segment for segment in segments if self.matches(segment)]


@dataclass(frozen=True)
class Compared:
    """``field op value``. A word of an ordered field stands as its place in the order."""

    field: str
    sign: str
    value: float

    def holds(self, segment: Segment) -> Truth:
        """Whether the comparison is true."""
        field = FIELDS[self.field]
        found = field.read(segment)
        if found is None or isinstance(found, frozenset):
            return None
        if isinstance(found, str):
            return _COMPARE[self.sign](field.words.index(found), self.value)
        if field.kind == "direction" and self.sign in ("=", "!="):
            return (_degrees_between(found, self.value) <= NEAR_DEGREES) == (self.sign == "=")
        return _COMPARE[self.sign](found, self.value)


@dataclass(frozen=True)
class Has:
    """``field has word``."""

    field: str
    word: str

    def holds(self, segment: Segment) -> Truth:
        """Whether the word, or one that it stands for, is in the set."""
        found = FIELDS[self.field].read(segment)
        if not isinstance(found, frozenset):
            return None
        wanted = CAMERA_GROUPS.get(self.word) if self.field == "camera" else None
        return not found.isdisjoint(wanted or {self.word})


@dataclass(frozen=True)
class Unknown:
    """``field is unknown``: itself always known."""

    field: str

    def holds(self, segment: Segment) -> Truth:
        """Whether nothing is known. An empty list of camera labels is how that is written."""
        found = FIELDS[self.field].read(segment)
        return found is None or (self.field == "camera" and found == frozenset())


@dataclass(frozen=True)
class Not:
    """``not condition``."""

    inner: Condition

    def holds(self, segment: Segment) -> Truth:
        """The opposite; of the unknown, unknown."""
        truth = self.inner.holds(segment)
        return None if truth is None else not truth


@dataclass(frozen=True)
class AllOf:
    """``condition and condition``."""

    parts: tuple[Condition, ...]

    def holds(self, segment: Segment) -> Truth:
        """False if any is; else unknown if any is."""
        truths = [part.holds(segment) for part in self.parts]
        return False if False in truths else (None if None in truths else True)


@dataclass(frozen=True)
class AnyOf:
    """``condition or condition``, and ``field in (value, …)``."""

    parts: tuple[Condition, ...]

    def holds(self, segment: Segment) -> Truth:
        """True if any is; else unknown if any is."""
        truths = [part.holds(segment) for part in self.parts]
        return True if True in truths else (None if None in truths else False)


def rank(field: str, word: str) -> float:
    """What a word is compared as: its place in the order, or its degrees."""
    if FIELDS[field].kind == "direction":
        return COMPASS[word]
    return float(FIELDS[field].words.index(word))


def _degrees_between(first: float, second: float) -> float:
    apart = abs(first - second) % 360
    return min(apart, 360 - apart)
