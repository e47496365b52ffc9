"""From findings to figures, and from figures to targets that are met or missed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy_finding import Finding

CUT_F1 = 0.99
GRADUAL_F1 = 0.90
LABELS = 0.98
LEAST_RECALL = 0.90
RATES_WITHIN = 0.98
AREAS_WITHIN = 0.95
OTHERS = 0.95
NO_EXCEPTION = 1.0
PLAIN_TARGETS = {
    "camera labels: recall, by time": ("label found", LABELS),
    "camera labels: precision, by time": ("label claimed", LABELS),
    "subject area within a factor of two": ("subject area", AREAS_WITHIN),
    "subject speed within 15%": ("subject speed", OTHERS),
    "no subject where there is none": ("no phantom subject", OTHERS),
    "rest is never called motion": ("no false motion", OTHERS),
    "motion is never called rest or unknown": ("no false rest", OTHERS),
    "rest that can be seen is not unknown": ("rest known", OTHERS),
    "steadiness": ("steadiness", OTHERS),
    "flags that are due": ("flag", OTHERS),
    "black shots flagged": ("black", OTHERS),
    "files tagged": ("tagged", NO_EXCEPTION),
}


@dataclass(frozen=True)
class Row:
    """A figure, and what is asked of it; `target` None for a figure that is only stated."""

    name: str
    figure: float | None
    target: float | None
    count: int

    @property
    def met(self) -> bool:
        """Whether the target is reached; a target that nothing was measured for isn't missed."""
        return self.target is None or self.figure is None or self.figure >= self.target - 1e-9


def share_right(found: Iterable[Finding]) -> float | None:
    """Return the weighted share of right answers; None where nothing was asked."""
    answers = list(found)
    total = sum(finding.weight for finding in answers)
    right = sum(finding.weight for finding in answers if finding.right)
    return right / total if total else None


def asked(found: Iterable[Finding], *questions: str) -> list[Finding]:
    """Return the findings of given questions."""
    return [finding for finding in found if finding.question in questions]


def f1(found: Sequence[Finding], what: str) -> Row:
    """Return precision and recall of edits in one figure."""
    recall = share_right(asked(found, f"{what} found"))
    precision = share_right(asked(found, f"{what} claimed"))
    count = len(asked(found, f"{what} found"))
    if recall is None and precision is None:
        return Row("", None, None, 0)
    first, second = recall or 0.0, precision or 0.0
    figure = 2 * first * second / (first + second) if first + second else 0.0
    return Row("", figure, None, count)


def targets(found: Sequence[Finding]) -> list[Row]:
    """Return what is asked of the whole set.

    Args:
        found: All findings.

    Returns:
        One row per target.
    """
    cut, gradual = f1(found, "cut"), f1(found, "gradual")
    rows = [
        Row("cuts, frame-exact: F1", cut.figure, CUT_F1, cut.count),
        Row("dissolves and fades, by kind: F1", gradual.figure, GRADUAL_F1, gradual.count),
    ]
    for key, unit in (
        ("pan", "0.02/s"),
        ("tilt", "0.02/s"),
        ("zoom", "0.02/s"),
        ("roll", "1.5°/s"),
    ):
        answers = [finding for finding in asked(found, "rate") if finding.key == key]
        rows.append(
            Row(f"{key} within {unit} or 5%", share_right(answers), RATES_WITHIN, len(answers))
        )
    for name, (question, target) in PLAIN_TARGETS.items():
        answers = asked(found, question)
        rows.append(Row(name, share_right(answers), target, len(answers)))
    whole = asked(found, "whole")
    rows.append(Row("parts left in one piece", share_right(whole), None, len(whole)))
    return rows


def recalls(found: Sequence[Finding], of: Callable[[Finding], Iterable[str]]) -> list[Row]:
    """Return recall per label, or per condition, with the least that is asked of each.

    Args:
        found: Findings of one question.
        of: The groups that a finding belongs to.
    """
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        for group in of(finding):
            groups[group].append(finding)
    return [
        Row(group, share_right(answers), LEAST_RECALL, len(answers))
        for group, answers in sorted(groups.items())
    ]


def tables(found: Sequence[Finding]) -> dict[str, list[Row]]:
    """Return all tables, by their headings."""
    labels, claimed = asked(found, "label found"), asked(found, "label claimed")
    edits = asked(found, "cut found", "gradual found")
    kinds = asked(found, "gradual, any kind, found")
    loose = f1(found, "gradual, any kind,")
    return {
        "Targets": targets(found),
        "Recall per camera label": recalls(labels, lambda finding: [finding.key]),
        "Precision per camera label": recalls(claimed, lambda finding: [finding.key]),
        "Recall of camera labels per condition": recalls(labels, lambda f: f.conditions),
        "Recall of edits per kind": recalls(edits, lambda finding: [finding.key]),
        "Recall of edits per condition": recalls(edits, lambda finding: finding.conditions),
        "Dissolves and fades, whatever they are called": [
            Row("F1", loose.figure, None, loose.count),
            Row("recall", share_right(kinds), None, len(kinds)),
        ],
    }


@dataclass(frozen=True)
class ErrorSpread:
    """How far one rate is off over the whole set."""

    key: str
    median: float
    percentile_95: float
    worst: float
    worst_clip: str


def error_spreads(found: Sequence[Finding]) -> list[ErrorSpread]:
    """Return the spread of error of each rate."""
    spreads = []
    for key in ("pan", "tilt", "zoom", "roll"):
        answers = [f for f in asked(found, "rate") if f.key == key and f.error is not None]
        if not answers:
            continue
        errors = np.array([finding.error for finding in answers], dtype=np.float64)
        median, high = np.percentile(errors, [50, 95])
        worst = int(errors.argmax())
        spreads.append(
            ErrorSpread(key, float(median), float(high), float(errors[worst]), answers[worst].clip)
        )
    return spreads
