"""What refining only where DIS is in doubt costs, and how far its tags agree with refining all.

    python -m benchmarks.hybrid [--model NAME] [--every N] [--first K] [--jobs N] [FILE...]

Tags rendered clips (those of the benchmark of accuracy; every N-th, from the K-th on) and the
footage that is named, three times each: by DIS alone, with `--refine`, and with a gate that asks
the model about every pair that it lets through at all. Writes `benchmarks/hybrid.md`. What was
measured is kept in `--cache` by content and settings, and not measured again: after a change of
code, empty it. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

from benchmarks.accuracy_cases import Case, all_cases
from benchmarks.accuracy_finding import Trial
from benchmarks.accuracy_findings import findings
from benchmarks.hybrid_report import Compared, document, missed
from flowtag import ALGORITHM_VERSION
from flowtag.contracts.messages import SourceRef
from flowtag.flow.field import FloatArray
from flowtag.flow.onnx_graph import OnnxGraph
from flowtag.models.registry import BUILT_IN_MODELS, KeptModel
from flowtag.pipeline import analyze_chunk, assemble, plan_video
from flowtag.runs import readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings, canonical_digest
from tests.rendering import render_clip

HERE = Path(__file__).parent
DOCUMENT = HERE / "hybrid.md"

Way = Literal["cheap", "hybrid", "all"]


@dataclass(frozen=True)
class Measured:
    """One way of tagging one video.

    Attributes:
        motion: its ``motion.json``.
        model_cpu_seconds: that the model took.
    """

    motion: dict[str, Any]
    model_cpu_seconds: float


def settings_for(way: Way, model: KeptModel, seconds: Fraction | None) -> AnalysisSettings:
    """The settings of a way; the last two differ in what is a reason to ask, in nothing else."""
    span = None if seconds is None else (Fraction(0), seconds)
    plain = AnalysisSettings.for_preset("balanced", span)
    if way == "cheap":
        return plain
    refining = plain.with_refining(model.manifest.name, model.sha256)
    if way == "hybrid" or refining.refine is None:
        return refining
    # Neither of the others matters then, so that to change them is not to measure this anew.
    opened = refining.refine.model_copy(
        update={
            "low_confidence": 1.0,
            "disagreeing_levels": 0.0,
            "complex_spread": 0.0,
            "complex_confidence": 1.0,
        }
    )
    return refining.model_copy(update={"refine": opened})


@contextmanager
def metered() -> Iterator[list[float]]:
    """Collects the processor seconds of every run of a model in this process."""
    spent: list[float] = []
    unmetered = OnnxGraph.run

    def run(self: OnnxGraph, first: FloatArray, second: FloatArray) -> dict[str, FloatArray]:
        began = time.process_time()
        found = unmetered(self, first, second)
        spent.append(time.process_time() - began)
        return found

    OnnxGraph.run = run  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        OnnxGraph.run = unmetered  # type: ignore[method-assign]


def tag(path: Path, settings: AnalysisSettings) -> Measured:
    """Tags a video in this process, in one chunk."""
    source = SourceRef(
        uri=str(path), name=path.name, size_bytes=path.stat().st_size, content_id=path.stem
    )
    # Neither a chunk's length nor its time limit changes a number.
    execution = ExecutionSettings(chunk_seconds=Fraction(86400), chunk_timeout_seconds=1e6)
    plan = plan_video(path, source, settings, execution)
    with metered() as spent:
        chunks = {i: analyze_chunk(plan.task(i), path) for i in range(len(plan.chunks))}
    motion = json.loads(readable_json(assemble(plan, chunks.get).metadata))
    return Measured(motion, sum(spent))


def remembered(cache: Path, path: Path, settings: AnalysisSettings) -> Measured:
    """As :func:`tag`, unless it was measured before."""
    content = [path.name, path.stat().st_size, settings.digest(), ALGORITHM_VERSION]
    kept = cache / f"{path.stem}-{canonical_digest(content)[:16]}.json"
    if kept.exists():
        return Measured(**json.loads(kept.read_text(encoding="utf-8")))
    measured = tag(path, settings)
    kept.write_text(json.dumps(asdict(measured)), encoding="utf-8")
    return measured


def compare(
    name: str,
    path: Path,
    model: KeptModel,
    cache: Path,
    seconds: Fraction | None = None,
    wrong: Callable[[dict[str, Any]], tuple[int, int]] | None = None,
) -> Compared:
    """Tags a video in all three ways.

    Args:
        name: of the video, in the report.
        path: of the video.
        model: that refines.
        cache: where what was measured is kept.
        seconds: only so many of its first; None: all.
        wrong: says how many answers of a ``motion.json`` are wrong, and of how many; None: unknown.
    """
    cheap, hybrid, every = (
        remembered(cache, path, settings_for(way, model, seconds))
        for way in ("cheap", "hybrid", "all")
    )
    answers = {
        way: wrong(measured.motion)
        for way, measured in (("cheap", cheap), ("hybrid", hybrid), ("all", every))
        if wrong is not None
    }
    return Compared(
        name=name,
        rendered=wrong is not None,
        cheap=cheap.motion,
        hybrid=hybrid.motion,
        every=every.motion,
        hybrid_cpu_seconds=hybrid.model_cpu_seconds,
        every_cpu_seconds=every.model_cpu_seconds,
        wrong=answers,
    )


def compare_case(case: Case, model: KeptModel, clips: Path, cache: Path) -> Compared:
    """Renders a case, unless it lies among the clips, and tags it in all three ways."""
    rendered = render_clip(case.clip, clips)

    def wrong(motion: dict[str, Any]) -> tuple[int, int]:
        trial = Trial(case.name, case.conditions, rendered.path, rendered.truth)
        found = findings(trial, motion)
        return sum(not one.right for one in found), len(found)

    return compare(case.name, rendered.path, model, cache, wrong=wrong)


def parse(command_line: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("footage", type=Path, nargs="*", metavar="FILE", help="real footage")
    parser.add_argument("--footage-seconds", type=Fraction, default=Fraction(8), help="of each")
    parser.add_argument("--model", default="tvl1")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th rendered clip")
    parser.add_argument("--first", type=int, default=0, help="from this one on")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=HERE / "out" / "hybrid")
    parser.add_argument("--clips", type=Path, default=HERE / "out" / "clips")
    return parser.parse_args(command_line)


def measure(arguments: argparse.Namespace) -> list[Compared]:
    """Compares all that was asked for; in the order of names."""
    model = BUILT_IN_MODELS.find(arguments.model)
    for folder in (arguments.cache, arguments.clips):
        folder.mkdir(parents=True, exist_ok=True)
    tasks: list[Callable[[], Compared]] = [
        partial(compare, path.name, path, model, arguments.cache, seconds=arguments.footage_seconds)
        for path in arguments.footage
    ]
    tasks += [
        partial(compare_case, case, model, arguments.clips, arguments.cache)
        for case in all_cases()[arguments.first :: arguments.every]
    ]
    found = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for done in as_completed([pool.submit(task) for task in tasks]):
            found.append(done.result())
            print(f"{len(found)}/{len(tasks)} {found[-1].name}", file=sys.stderr, flush=True)
    return sorted(found, key=lambda one: one.name)


def main(command_line: Sequence[str] | None = None) -> int:
    """Runs the benchmark and writes the document.

    Returns:
        0 if every target is met, else 1.
    """
    arguments = parse(command_line)
    found = measure(arguments)
    words = ["python -m benchmarks.hybrid"]
    words += [f"--every {arguments.every}"] if arguments.every > 1 else []
    words += [f"--first {arguments.first}"] if arguments.first else []
    words += ["FILE…"] if arguments.footage else []
    text = document(found, " ".join(words), arguments.model)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(text)
    return 1 if missed(found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
