"""The document that says how accurate flowtag is, and where it errs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.accuracy_finding import Finding
from benchmarks.accuracy_table import Row, error_spreads, tables

MISSES_SHOWN = 60
INTRODUCTION = """# Accuracy

What `flowtag tag` says about clips that were rendered with exactly known motion, from photographs
that scikit-image ships. Written by the command below; the clips are listed, as data, in
`benchmarks/accuracy_cases*.py`, and the generator is `tests/rendering`. Scored from `motion.json`
alone. A part of a clip is compared with the segment that covers most of its interior, 0.3 s away
from either end; labels count by time, edits by number, and a cut has to be on the very frame.
"""
PACKAGES = ("flowtag", "numpy", "opencv-python-headless", "av", "scikit-image")


def number(value: float | None) -> str:
    """Format a share so that what is not quite one doesn't look like one."""
    if value is None:
        return "not asked"
    return "1" if value == 1 else f"{min(value, 0.9999):.4f}"


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| | figure | target | | of |", "|---|---|---|---|---|"]
    for row in rows:
        verdict = "" if row.target is None or row.figure is None else "**missed**"
        if row.met and verdict:
            verdict = "met"
        target = "" if row.target is None else f"≥ {row.target:g}"
        lines.append(f"| {row.name} | {number(row.figure)} | {target} | {verdict} | {row.count} |")
    return lines


def machine() -> list[str]:
    """Return what the figures were taken on."""
    packages = []
    for package in PACKAGES:
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            packages.append(f"{package} from the source tree")
    return [
        f"- {platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        f"- Python {platform.python_version()}, {', '.join(packages)}",
    ]


def describe(finding: Finding) -> str:
    """Return a miss in one line."""
    return (
        f"{finding.clip} at {finding.at_seconds:.2f} s: {finding.question}"
        f"{' ' + finding.key if finding.key else ''}: expected {compact(finding.expected)},"
        f" got {compact(finding.got)}"
    )


def compact(value: object) -> str:
    """Return a value without more digits than help."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (list, tuple)):
        return " ".join(compact(item) for item in value) or "nothing"
    return str(value)[:120]


def misses(found: Sequence[Finding]) -> list[Finding]:
    """Return all wrong answers."""
    return [finding for finding in found if not finding.right]


def document(found: Sequence[Finding], command: str, wall_seconds: float) -> str:
    """Return the whole report.

    Args:
        found: All findings.
        command: What was run.
        wall_seconds: How long it took.
    """
    clips = len({finding.clip for finding in found})
    lines = [INTRODUCTION, "```", command, "```", "", *machine()]
    lines += [f"- {clips} clips, {len(found)} questions, {wall_seconds:.0f} s", ""]
    for heading, rows in tables(found).items():
        if rows:
            lines += [f"## {heading}", "", *table(rows), ""]
    lines += ["## Error of the rates", "", "| | median | 95th percentile | worst | clip |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {spread.key} | {spread.median:.4f} | {spread.percentile_95:.4f} | {spread.worst:.3f}"
        f" | {spread.worst_clip} |"
        for spread in error_spreads(found)
    ]
    wrong = misses(found)
    lines += ["", f"## Misses ({len(wrong)})", ""]
    lines += [f"- {describe(finding)}" for finding in wrong[:MISSES_SHOWN]]
    if len(wrong) > MISSES_SHOWN:
        lines.append(f"- … and {len(wrong) - MISSES_SHOWN} more, in `accuracy-misses.json`")
    return "\n".join(lines) + "\n"


def missed_targets(found: Sequence[Finding]) -> list[tuple[str, Row]]:
    """Return every row of every table whose target is missed, with the table's heading."""
    return [
        (heading, row) for heading, rows in tables(found).items() for row in rows if not row.met
    ]


def write_misses(found: Sequence[Finding], path: Path) -> None:
    """Write all wrong answers as JSON, for debugging."""
    rows = [asdict(finding) for finding in misses(found)]
    path.write_text(json.dumps(rows, indent=1, default=str) + "\n", encoding="utf-8")
