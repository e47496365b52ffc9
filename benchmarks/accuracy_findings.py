"""One clip's `motion.json` against its truth: a finding for every question that can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.accuracy_edit_findings import edit_findings
from benchmarks.accuracy_finding import Finding, Trial
from tests.rendering import PartTruth

BORDER_SECONDS = 0.3
SHORTEST_INTERIOR_SECONDS = 0.4
RATE_TOLERANCE = {"pan": 0.02, "tilt": 0.02, "zoom": 0.02, "roll": 1.5}
RELATIVE_TOLERANCE = 0.05
AREA_FACTOR = 2.0
SPEED_WITHIN = 0.15
PHANTOM_AREA = 0.03
LEAST_AREA = 0.02

Tags = dict[str, Any]

SILENCE: Tags = {
    "start": {"seconds": 0.0},
    "end": {"seconds": float("inf")},
    "motion": {"level": None},
    "camera": dict.fromkeys(("pan", "tilt", "zoom", "roll", "steadiness")) | {"labels": []},
    "subject": {"area": None, "speed": None},
    "flags": [],
}
NOTHING: Tags = {"analysis": {"status": "failed"}, "shots": [], "segments": []}


@dataclass(frozen=True)
class Matched:
    """A part of a clip and the segment that covers most of its interior."""

    part: PartTruth
    segment: Tags
    start_seconds: float
    end_seconds: float

    @property
    def weight(self) -> float:
        """Length of the interior in seconds."""
        return self.end_seconds - self.start_seconds

    @property
    def labels(self) -> frozenset[str]:
        """The camera labels that were given."""
        return frozenset(self.segment["camera"]["labels"])


def findings(trial: Trial, tags: Tags) -> list[Finding]:
    """Ask every question about one clip.

    Args:
        trial: The clip and its truth.
        tags: The content of its `motion.json`.

    Returns:
        The answers, right and wrong.
    """
    found = [
        trial.finding("tagged", tags["analysis"]["status"] == "complete", got=tags["analysis"])
    ]
    found += edit_findings(trial, tags)
    found += expected_flags(trial, tags)
    for part in trial.truth.parts:
        matched = match(part, tags["segments"])
        if matched is None:
            continue
        if part.black:
            found.append(trial.finding("black", "black" in matched.segment["flags"], at=part))
            continue
        found += level_findings(trial, matched)
        unknown = not matched.labels or matched.segment["motion"]["level"] is None
        if trial.truth.expectation.unknowable and unknown:
            continue
        found += label_findings(trial, matched)
        found += rate_findings(trial, matched)
        found += subject_findings(trial, matched)
        found += steadiness_findings(trial, matched)
        found.append(split_finding(trial, matched, tags["segments"]))
    return found


def match(part: PartTruth, segments: list[Tags]) -> Matched | None:
    """Return the segment that covers most of a part's interior, if the part is worth asking."""
    start, end = part.start_seconds + BORDER_SECONDS, part.end_seconds - BORDER_SECONDS
    if not part.scored or end - start < SHORTEST_INTERIOR_SECONDS:
        return None

    def overlap(segment: Tags) -> float:
        bounds = segment["start"]["seconds"], segment["end"]["seconds"]
        return float(min(end, bounds[1]) - max(start, bounds[0]))

    return Matched(part, max(segments or [SILENCE], key=overlap), start, end)


def label_findings(trial: Trial, matched: Matched) -> Iterator[Finding]:
    """Ask for every label that is due, and about every one that was given."""
    part, given = matched.part, matched.labels
    for question, labels, right in (
        ("label found", part.labels, given),
        ("label claimed", given - part.permitted, part.labels),
    ):
        for label in sorted(labels):
            yield trial.finding(
                question,
                label in right,
                key=label,
                at=part,
                weight=matched.weight,
                expected=sorted(part.labels),
                got=sorted(given),
            )


def rate_findings(trial: Trial, matched: Matched) -> Iterator[Finding]:
    """Compare the four rates of the camera."""
    if not matched.part.rates_scored:
        return
    for key, tolerance in RATE_TOLERANCE.items():
        truth, got = getattr(matched.part.move, key), matched.segment["camera"][key]
        error = None if got is None else abs(got - truth)
        allowed = max(tolerance, RELATIVE_TOLERANCE * abs(truth))
        right = error is not None and error <= allowed
        yield trial.finding(
            "rate", right, key=key, at=matched.part, expected=truth, got=got, error=error
        )


def subject_findings(trial: Trial, matched: Matched) -> Iterator[Finding]:
    """Compare a subject's area and speed where there is one; ask for none where there's none."""
    truth, got = matched.part.subject_area, matched.segment["subject"]["area"]
    if truth is None:
        return
    if truth >= LEAST_AREA:
        right = got is not None and truth / AREA_FACTOR <= got <= truth * AREA_FACTOR
        ratio = got / truth if got else None
        yield trial.finding(
            "subject area", right, at=matched.part, expected=truth, got=got, error=ratio
        )
        yield from subject_speed_findings(trial, matched)
    elif truth == 0:
        right = got is None or got < PHANTOM_AREA
        yield trial.finding("no phantom subject", right, at=matched.part, expected=0.0, got=got)


def subject_speed_findings(trial: Trial, matched: Matched) -> Iterator[Finding]:
    """Compare the subject's speed."""
    truth, got = matched.part.subject_speed, matched.segment["subject"]["speed"]
    if truth:
        error = None if got is None else abs(got / truth - 1)
        right = error is not None and error <= SPEED_WITHIN
        yield trial.finding(
            "subject speed", right, at=matched.part, expected=truth, got=got, error=error
        )


def level_findings(trial: Trial, matched: Matched) -> Iterator[Finding]:
    """Ask that what rests is not said to move, and what moves not said to rest."""
    level, expectation = matched.segment["motion"]["level"], trial.truth.expectation
    still = matched.part.still or expectation.still
    if still:
        right = level in (None, "static")
        yield trial.finding(
            "no false motion", right, at=matched.part, expected="static or null", got=level
        )
    elif not expectation.unknowable:
        right = level not in (None, "static")
        if matched.part.labels != {"static"}:
            yield trial.finding(
                "no false rest", right, at=matched.part, expected="motion", got=level
            )
    if still and not expectation.unknowable:
        yield trial.finding(
            "rest known", level is not None, at=matched.part, expected="static", got=level
        )


def steadiness_findings(trial: Trial, matched: Matched) -> Iterator[Finding]:
    """Ask for the word about steadiness."""
    right = matched.part.steadiness
    if right:
        got = matched.segment["camera"]["steadiness"]
        yield trial.finding(
            "steadiness", got in right, at=matched.part, expected=sorted(right), got=got
        )


def split_finding(trial: Trial, matched: Matched, segments: list[Tags]) -> Finding:
    """Ask that no border of a segment lies inside a part in which nothing changes."""
    borders = [
        segment["start"]["seconds"]
        for segment in segments
        if matched.start_seconds < segment["start"]["seconds"] < matched.end_seconds
    ]
    return trial.finding("whole", not borders, at=matched.part, expected="one segment", got=borders)


def expected_flags(trial: Trial, tags: Tags) -> Iterator[Finding]:
    """Ask for the flags that say what was seen."""
    raised = {flag for segment in tags["segments"] for flag in segment["flags"]}
    for flag in trial.truth.expectation.flags:
        yield trial.finding("flag", flag in raised, key=flag, expected=flag, got=sorted(raised))
