"""Event patterns: the examples of EventBridge's user guide."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.patterns import check_pattern, matches

EC2: dict[str, Any] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"},
}


@pytest.mark.parametrize(
    ("pattern", "detail", "is_match"),
    [
        ({"state": ["running"]}, {"state": "running"}, True),
        ({"state": ["running", "stopped"]}, {"state": "pending"}, False),
        ({"a": [{"prefix": "us-"}]}, {"a": "us-east-1"}, True),
        ({"a": [{"prefix": "us-"}]}, {"a": "eu-us-1"}, False),
        ({"a": [{"prefix": {"equals-ignore-case": "EventB"}}]}, {"a": "eventbridge"}, True),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.png"}, True),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.png.txt"}, False),
        ({"a": [{"suffix": {"equals-ignore-case": ".png"}}]}, {"a": "x.PNG"}, True),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.PNG"}, False),
        ({"a": [{"anything-but": "initializing"}]}, {"a": "running"}, True),
        ({"a": [{"anything-but": ["stopped", "overloaded"]}]}, {"a": "stopped"}, False),
        ({"a": [{"anything-but": {"prefix": "init"}}]}, {"a": "initializing"}, False),
        ({"a": [{"anything-but": {"suffix": ".txt"}}]}, {"a": "f.csv"}, True),
        ({"a": [{"anything-but": {"wildcard": "*/lib/*"}}]}, {"a": "x/lib/y"}, False),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5.1}, False),
        ({"a": [{"exists": True}]}, {"b": 1}, False),
        ({"a": [{"exists": False}]}, {"b": 1}, True),
        ({"a": [{"equals-ignore-case": "alice"}]}, {"a": "ALICE"}, True),
        ({"a": [{"wildcard": "dir/*.png"}]}, {"a": "dir/sub/x.png"}, True),
        ({"a": [{"wildcard": "*/chunks/*"}]}, {"a": "v/r/chunks/00001.npz"}, True),
        ({"a": [{"wildcard": "*/chunks/*"}]}, {"a": "v/r/plan.json"}, False),
        ({"a": [{"wildcard": r"\*"}]}, {"a": "*"}, True),
        ({"a": [{"wildcard": r"\*"}]}, {"a": "x"}, False),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "z", "b": "y"}, True),
        ({"a": [None]}, {"a": None}, True),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
    ],
)
def test_a_pattern_matches_what_the_guide_says(
    pattern: dict[str, Any], detail: dict[str, Any], is_match: bool
) -> None:
    check_pattern({"detail": pattern})

    assert matches({"detail": pattern}, {**EC2, "detail": detail}) is is_match


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        ({"source": ["aws.ec2"], "detail": {"state": ["terminated"]}}, True),
        ({"source": ["aws.ec2"], "detail": {"state": ["running"]}}, False),
        ({"resources": [{"suffix": "i-1234567890abcdef0"}]}, True),
    ],
)
def test_a_pattern_looks_at_the_envelope_too(pattern: dict[str, Any], is_match: bool) -> None:
    assert matches(pattern, EC2) is is_match


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": "aws.s3"},
        {"source": []},
        {"detail": {"key": [{"like": "x"}]}},
        {"detail": {"key": [{"anything-but": {"like": "x"}}]}},
        {"$or": [{"a": [{"like": "x"}]}]},
        {"a": [{"prefix": "x", "suffix": "y"}]},
    ],
)
def test_what_eventbridge_refuses_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="event pattern"):
        check_pattern(pattern)
