"""Render the benchmark's clips, tag them, and say how right the tags are.

    python -m benchmarks.accuracy [--only SUBSTRING] [--jobs N] [--footage FILE...]

Writes `benchmarks/accuracy.md`, and beside the clips all misses and every `motion.json`. Exits with
1 if a target is missed. A run with `--only` prints, and leaves the document alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.accuracy_cases import Case, all_cases
from benchmarks.accuracy_finding import Finding, Trial
from benchmarks.accuracy_findings import NOTHING, findings
from benchmarks.accuracy_report import describe, document, missed_targets, misses, write_misses
from benchmarks.accuracy_table import tables
from tests.rendering import CameraMove, crop_pan_over_video, crop_size, render_clip

HERE = Path(__file__).parent
DOCUMENT = HERE / "accuracy.md"
FOOTAGE_MOVES = (CameraMove(pan=0.08), CameraMove(pan=-0.05, tilt=0.1), CameraMove(zoom=0.1))
FOOTAGE_SHARE, FOOTAGE_SECONDS = 0.7, 3.0

Tagger = Callable[[Path], dict[str, Any]]


@dataclass(frozen=True)
class CommandLineTagger:
    """Tags by the command that everybody uses.

    Attributes:
        output: Folder that `flowtag tag --out` gets.
    """

    output: Path

    def __call__(self, path: Path) -> dict[str, Any]:
        """Tag a file, and return its `motion.json`."""
        command = shutil.which("flowtag", path=str(Path(sys.executable).parent)) or "flowtag"
        done = subprocess.run(
            [command, "tag", str(path), "--out", str(self.output), "--quiet", "--jobs", "1"],
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout.strip().splitlines()
        if done.returncode or not printed:
            raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()[-2000:]}")
        loaded: dict[str, Any] = json.loads(Path(printed[-1]).read_text(encoding="utf-8"))
        return loaded


def judge(trial: Trial, tagger: Tagger, kept: Path) -> list[Finding]:
    """Tag a file and compare; a tagger that fails is a wrong answer, not the end of the run."""
    try:
        tags = tagger(trial.path)
    # Whatever the tagger raises, the other clips still count.
    except Exception as error:
        reason = trial.finding("tagged", False, expected="motion.json", got=str(error))
        return [reason, *findings(trial, NOTHING)[1:]]
    (kept / f"{trial.name}.json").write_text(json.dumps(tags, indent=1), encoding="utf-8")
    return findings(trial, tags)


def judge_case(case: Case, tagger: Tagger, cache: Path, kept: Path) -> list[Finding]:
    """Render a case, unless it lies in the cache, and judge it."""
    rendered = render_clip(case.clip, cache)
    return judge(Trial(case.name, case.conditions, rendered.path, rendered.truth), tagger, kept)


def judge_footage(
    source: Path, move: CameraMove, tagger: Tagger, cache: Path, kept: Path
) -> list[Finding]:
    """Move a crop over footage, and judge what is said about it."""
    name = f"{source.stem}-{'-'.join(sorted(move.labels()))}"
    path = cache / f"footage-{name}.mp4"
    size = crop_size(source, FOOTAGE_SHARE)
    truth = crop_pan_over_video(source, move, path, size=size, seconds=FOOTAGE_SECONDS)
    return judge(Trial(name, ("real footage",), path, truth), tagger, kept)


def judge_all(tasks: Sequence[Callable[[], list[Finding]]], jobs: int) -> Iterator[list[Finding]]:
    """Carry out tasks in processes, and yield what each found as it ends."""
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(task) for task in tasks]):
            yield done.result()


def tasks_of(
    arguments: argparse.Namespace, tagger: Tagger, kept: Path
) -> list[Callable[[], list[Finding]]]:
    """Return what there is to do, one task per clip."""
    places: dict[str, Any] = {"tagger": tagger, "cache": arguments.cache, "kept": kept}
    tasks: list[Callable[[], list[Finding]]] = [
        partial(judge_case, case, **places)
        for case in all_cases()
        if arguments.only in " ".join((case.name, *case.conditions))
    ]
    tasks += [
        partial(judge_footage, source, move, **places)
        for source in arguments.footage
        for move in FOOTAGE_MOVES
    ]
    return tasks


def measure(arguments: argparse.Namespace, tagger: Tagger | None = None) -> list[Finding]:
    """Run the benchmark.

    Args:
        arguments: See `parse`.
        tagger: What turns a file into a `motion.json`; the command by default.

    Returns:
        All findings, in the order of clips' names.
    """
    # Tags of an earlier state of the code must not be taken for this one's.
    runs, kept = arguments.out / "runs", arguments.out / "tags"
    shutil.rmtree(runs, ignore_errors=True)
    for folder in (runs, kept, arguments.cache):
        folder.mkdir(parents=True, exist_ok=True)
    tasks = tasks_of(arguments, tagger or CommandLineTagger(runs), kept)
    found: list[Finding] = []
    for done, answers in enumerate(judge_all(tasks, arguments.jobs), start=1):
        found += answers
        if sys.stderr.isatty():
            print(f"\r{done}/{len(tasks)} {answers[0].clip:40.40}", end="", file=sys.stderr)
    return sorted(found, key=lambda finding: finding.clip)


def show(found: Sequence[Finding]) -> None:
    """Print misses, tables, and what of them is not as it should be."""
    for finding in misses(found):
        print(describe(finding))
    for row in tables(found)["Targets"]:
        if row.figure is not None:
            verdict = "met" if row.met else "MISSED"
            print(f"{row.name:45} {row.figure:.4f} of {row.count:5}  {verdict}")
    for heading, row in missed_targets(found):
        if heading != "Targets":
            print(f"{heading}: {row.name} {row.figure:.3f} of {row.count} MISSED")


def parse(command_line: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="clips whose name or a condition contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=HERE / "out" / "accuracy")
    parser.add_argument("--cache", type=Path, default=HERE / "out" / "clips")
    parser.add_argument("--footage", type=Path, nargs="*", default=[], help="cameras at rest")
    return parser.parse_args(command_line)


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the benchmark and write the document.

    Args:
        command_line: Arguments; those of the process by default.

    Returns:
        0 if every target is met, else 1.
    """
    arguments = parse(command_line)
    started = time.monotonic()
    found = measure(arguments)
    wall_seconds = time.monotonic() - started
    show(found)
    write_misses(found, arguments.out / "accuracy-misses.json")
    if not arguments.only:
        command = "python -m benchmarks.accuracy" + (" --footage …" if arguments.footage else "")
        DOCUMENT.write_text(document(found, command, wall_seconds), encoding="utf-8")
    return 1 if missed_targets(found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
