"""Which events a rule's pattern matches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.events.models import EventPattern

_TESTS = {
    "prefix",
    "suffix",
    "equals-ignore-case",
    "wildcard",
    "anything-but",
    "numeric",
    "exists",
    "cidr",
}


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether EventBridge would send the event to a rule of this pattern."""
    # Moto's matcher is the one that its users compare with AWS.
    return EventPattern(None, dict(pattern)).matches_event(dict(event))  # type: ignore[arg-type]


def check_pattern(pattern: Mapping[str, Any], where: str = "") -> None:
    """Refuses what EventBridge would refuse: moto takes tests that it doesn't know as passed.

    Args:
        pattern: a rule's event pattern.
        where: the field that it stands in; of use to the message alone.

    Raises:
        ValueError: there is a test in it that is not known, or something is not a list of tests.
    """
    for name, tests in pattern.items():
        place = f"{where}.{name}".lstrip(".")
        if name == "$or":
            for each in tests:
                check_pattern(each, where)
        elif isinstance(tests, Mapping):
            check_pattern(tests, place)
        elif not isinstance(tests, list) or not tests:
            raise ValueError(f"{place}: an event pattern wants a list that is not empty")
        else:
            for test in tests:
                _check_test(test, place)


def _check_test(test: Any, place: str) -> None:
    if not isinstance(test, Mapping):
        return
    if len(test) != 1 or not set(test) <= _TESTS:
        raise ValueError(f"{place}: {dict(test)} is no test that an event pattern has")
    (name, value), *_ = test.items()
    if name == "anything-but" and isinstance(value, Mapping):
        _check_test(value, place)
