"""Analyse a plan's last chunk and nothing else, as a worker does, in a process to be measured.

Usage: `python -m benchmarks.chunk_memory PLAN.json FILE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flowtag.chunk_analysis import analyze_chunk
from flowtag.contracts.messages import Plan


def main(plan_path: str, media_path: str) -> None:
    """Analyses the last chunk of a plan.

    Args:
        plan_path: a run's `plan.json`.
        media_path: the file that the plan is of.
    """
    plan = Plan.model_validate_json(Path(plan_path).read_bytes())
    analyze_chunk(plan.task(len(plan.chunks) - 1), Path(media_path))


if __name__ == "__main__":
    main(*sys.argv[1:])
