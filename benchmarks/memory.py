"""Measure what a job and assembly keep in memory, for short and for long videos.

    python -m benchmarks.memory [--only jobs|assembly]

Writes `benchmarks/memory.md`, and exits with 1 if more is kept than is asked. A run with `--only`
prints, and leaves the document alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.assembly_memory import AssemblyFinding, measure_assembly
from benchmarks.footage import FILMS, film, film_reel, still_film
from benchmarks.measuring import flowtag_command, machine, run

HERE = Path(__file__).parent
DOCUMENT = HERE / "memory.md"
OUT = HERE / "out"
SHORT_SECONDS, LONG_SECONDS = 120.0, 7200.0
RANGE_SECONDS = 60.0
LIGHT_MEGABITS = 4
ASKED_MB = 400.0
ASKED_BYTES_PER_PAIR = 100.0
# Two runs of one command differ by this much.
ASKED_GROWTH = 1.05


@dataclass(frozen=True)
class JobFinding:
    """Peak memory of tagging, and of its decoding and estimating alone.

    Attributes:
        name: which file, and how much of it.
        kind: files of one kind are compared with each other.
        is_long: whether the file is the two-hour one.
        chunk_mb: the largest resident set of a process that analyses the last chunk.
        command_mb: that of the largest process of the whole command, which plans and assembles.
    """

    name: str
    kind: str
    is_long: bool
    chunk_mb: float
    command_mb: float


def measure_jobs() -> list[JobFinding]:
    """Tags short and long files and takes the memory of the processes that did it."""
    light = partial(film, FILMS, SHORT_SECONDS, megabits=LIGHT_MEGABITS)
    found = [
        *_whole("film, 25 fps", light, is_long=False),
        *_whole("still film, 5 fps", partial(still_film, FILMS, SHORT_SECONDS), is_long=False),
        *_whole("still film, 5 fps", partial(still_film, FILMS, LONG_SECONDS), is_long=True),
    ]
    with tempfile.TemporaryDirectory(dir=FILMS) as folder:
        # Gigabytes that nothing else needs.
        path = film(Path(folder), LONG_SECONDS, film_reel(FILMS, LIGHT_MEGABITS))
        for begin in (0.0, LONG_SECONDS / 2, LONG_SECONDS - RANGE_SECONDS):
            end = begin + RANGE_SECONDS
            peaks = _peaks_mb(path, "--range", f"{begin:g}", f"{end:g}")
            name = f"film, 25 fps, two hours: only {begin:g} to {end:g} s analysed"
            found.append(JobFinding(name, "film, 25 fps", True, *peaks))
    return found


def _whole(kind: str, make: Callable[[], Path], *, is_long: bool) -> list[JobFinding]:
    length = "two hours" if is_long else "two minutes"
    return [JobFinding(f"{kind}, {length}: all analysed", kind, is_long, *_peaks_mb(make()))]


def _peaks_mb(path: Path, *more: str) -> tuple[float, float]:
    print(f"tagging {path.name} {' '.join(more)}", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        command = [flowtag_command(), "tag", str(path), "--out", folder, "--jobs", "1", "--quiet"]
        command_mb = run([*command, *more]).peak_rss_mb
        (plan,) = Path(folder).glob("*/*/plan.json")
        chunk = [sys.executable, "-m", "benchmarks.chunk_memory", str(plan), str(path)]
        return run(chunk).peak_rss_mb, command_mb


def job_lines(found: Sequence[JobFinding]) -> tuple[list[str], bool]:
    """The jobs' part of the document, and whether they keep to what is asked."""
    lines = [
        "| File | its last chunk: peak MB | `flowtag tag`: peak MB of the largest process |",
        "|---|--:|--:|",
    ]
    lines += [f"| {f.name} | {f.chunk_mb:.0f} | {f.command_mb:.0f} |" for f in found]
    most = max(max(finding.chunk_mb, finding.command_mb) for finding in found)
    growths = []
    for kind in sorted({finding.kind for finding in found}):
        short, long = (
            max(f.chunk_mb for f in found if f.kind == kind and f.is_long is is_long)
            for is_long in (False, True)
        )
        growths.append((kind, long / short))
    small, steady = most <= ASKED_MB, all(growth <= ASKED_GROWTH for _, growth in growths)
    told = "; ".join(f"{kind}: {growth:.2f}" for kind, growth in growths)
    verdict = (
        f"**Asked: at most {ASKED_MB:.0f} MB a job. Measured: {most:.0f} MB:"
        f" {_word(small)}. Asked: decoding and estimating a chunk of two hours takes what it"
        f" takes of two minutes (within {100 * (ASKED_GROWTH - 1):.0f}%, as runs differ)."
        f" Measured, long over short: {told}: {_word(steady)}.**"
    )
    return [verdict, "", *lines], small and steady


def assembly_lines(found: AssemblyFinding) -> tuple[list[str], bool]:
    """Assembly's part of the document, and whether it keeps to what is asked."""
    met = found.kept <= ASKED_BYTES_PER_PAIR
    verdict = (
        f"**Asked: at most {ASKED_BYTES_PER_PAIR:.0f} bytes a pair beside a constant. Measured:"
        f" {found.kept:.0f}: {_word(met)}.**"
    )
    rows = (
        ("tables that assembly keeps of all frames and pairs", found.kept),
        ("peak while it works, result included", found.peak),
        ("the result: what becomes `motion.json`, and thumbnails", found.result),
        ("peak of writing `frames.parquet`", found.table_peak),
        ("`frames.parquet` itself", found.table_bytes),
        ("resident set, both steps", found.resident),
    )
    lines = ["| | bytes a pair |", "|---|--:|"]
    lines += [f"| {name} | {value:.0f} |" for name, value in rows]
    return [verdict, "", found.how, "", *lines], met


def _word(met: bool) -> str:
    return "met" if met else "missed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the document; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=["jobs", "assembly"])
    chosen = parser.parse_args(arguments)
    lines = [
        "# Memory",
        "",
        f"Written by `python -m benchmarks.memory` on {datetime.now(UTC):%Y-%m-%d}. {machine()}.",
    ]
    verdicts = []
    if chosen.only != "assembly":
        told, met = job_lines(measure_jobs())
        lines += ["", "## A job", "", *told]
        verdicts.append(met)
    if chosen.only != "jobs":
        told, met = assembly_lines(measure_assembly(film_reel(FILMS, LIGHT_MEGABITS), OUT))
        lines += ["", "## Assembly", "", *told]
        verdicts.append(met)
    text = "\n".join(lines) + "\n"
    print(text)
    if chosen.only is None:
        DOCUMENT.write_text(text, encoding="utf-8")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
