"""Edits: which were found, and which of those claimed are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.accuracy_finding import Finding, Trial
from tests.rendering import EditTruth

LEAST_OVERLAP = 0.5


@dataclass(frozen=True)
class Claim:
    """An edit that `motion.json` states."""

    kind: str
    start_seconds: float
    end_seconds: float


def claims(tags: dict[str, Any]) -> list[Claim]:
    """Return the edits with which shots begin."""
    transitions = [shot["transition"] for shot in tags["shots"]]
    return [
        Claim(edit["kind"], edit["start"]["seconds"], edit["end"]["seconds"])
        for edit in transitions
        if edit["kind"] != "start"
    ]


def edit_findings(trial: Trial, tags: dict[str, Any]) -> Iterator[Finding]:
    """Ask for every edit of the truth, and about every claim.

    Args:
        trial: The clip and its truth.
        tags: The content of its `motion.json`.

    Yields:
        Findings: `cut found` and `cut claimed`, frame-exact; `gradual …` for dissolves and fades,
        by the kind that is stated, and `gradual, any kind, …` whatever the kind.
    """
    stated = claims(tags)
    tolerance = trial.truth.shortest_interval_seconds / 2

    def same_frame(edit: EditTruth, claim: Claim) -> bool:
        return abs(claim.start_seconds - edit.start_seconds) < tolerance

    cuts = [edit for edit in trial.truth.edits if edit.kind == "cut"]
    gradual = [edit for edit in trial.truth.edits if edit.kind != "cut"]
    stated_gradual = [
        claim for claim in stated if claim.kind != "cut" and not of_the_ends(trial, claim)
    ]
    yield from paired(
        trial, "cut", cuts, [claim for claim in stated if claim.kind == "cut"], same_frame
    )
    yield from paired(trial, "gradual, any kind,", gradual, stated_gradual, same_span)
    for kind in ("dissolve", "fade"):
        yield from paired(
            trial,
            "gradual",
            [edit for edit in gradual if edit.kind == kind],
            [claim for claim in stated_gradual if claim.kind == kind],
            same_span,
        )


def of_the_ends(trial: Trial, claim: Claim) -> bool:
    """Return whether a claim is about the fade with which the clip itself begins or ends."""
    middle = (claim.start_seconds + claim.end_seconds) / 2
    return any(start <= middle <= end for start, end in trial.truth.own_fades)


def same_span(edit: EditTruth, claim: Claim) -> bool:
    """Return whether a claim covers about what the edit covers."""
    shared = min(edit.end_seconds, claim.end_seconds) - max(edit.start_seconds, claim.start_seconds)
    together = max(edit.end_seconds, claim.end_seconds) - min(
        edit.start_seconds, claim.start_seconds
    )
    apart = abs(edit.start_seconds + edit.end_seconds - claim.start_seconds - claim.end_seconds) / 2
    length = edit.end_seconds - edit.start_seconds
    return shared / max(together, 1e-9) >= LEAST_OVERLAP or apart <= length / 2


def paired(
    trial: Trial,
    what: str,
    edits: Sequence[EditTruth],
    stated: Sequence[Claim],
    same: Callable[[EditTruth, Claim], bool],
) -> Iterator[Finding]:
    """Pair each edit with at most one claim, in order, and report both sides."""
    left = list(stated)
    for edit in edits:
        claim = next((claim for claim in left if same(edit, claim)), None)
        if claim is not None:
            left.remove(claim)
        span = (edit.kind, round(edit.start_seconds, 3), round(edit.end_seconds, 3))
        near = None if claim else nearest(edit, stated)
        yield trial.finding(
            f"{what} found", claim is not None, key=edit.kind, at=edit, expected=span, got=near
        )
    for claim in stated:
        span = (claim.kind, round(claim.start_seconds, 3), round(claim.end_seconds, 3))
        yield trial.finding(
            f"{what} claimed",
            claim not in left,
            key=claim.kind,
            at=float(claim.start_seconds),
            got=span,
        )


def nearest(edit: EditTruth, stated: Sequence[Claim]) -> tuple[str, float, float] | None:
    """Return the claim nearest to an edit that was missed, to debug from."""
    if not stated:
        return None
    claim = min(stated, key=lambda claim: abs(claim.start_seconds - edit.start_seconds))
    return (claim.kind, round(claim.start_seconds, 3), round(claim.end_seconds, 3))
