"""How far a preset that leaves frames undecoded agrees with itself when every frame is decoded.

    python -m benchmarks.agreement [--preset P] [--only SUBSTRING] [--every N] [FILE...]

Over the clips of `benchmarks.accuracy`, or over files that are named. Prints a table, and exits
with 1 if labels agree for less than 99% of the time or a cut is not the same. Over all clips it
writes `benchmarks/agreement.md`; other presets than fast are there to see what they would lose.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import get_args

from benchmarks.accuracy_cases import Case, all_cases
from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.settings import AnalysisSettings, DecodingSettings, Preset
from tests.rendering import render_clip
from tests.tagging import tag

HERE = Path(__file__).parent
DOCUMENT = HERE / "agreement.md"
SAMPLES_PER_SECOND = 50
ASKED_LABELS = 0.99
# A flat curve's highest point is chance; from here on a peak stands out of its segment.
STANDS_OUT = 1.5
NEAR_RATE = 0.02

_DOCUMENT = """\
# Decoding less, and decoding everything

How far `--preset fast` agrees with itself when it decodes every frame, over the {clips} rendered
clips of [accuracy](accuracy.md), which are dense with edits. Levels and labels count by time, rates
agree within 0.02 and a tenth, edits and peaks at the same frames; a peak stands out that is half as
high again as its segment's mean. Written by `python -m benchmarks.agreement`.

{table}
"""

Score = Counter[str]
"""For each question how much was asked ("labels of") and how much agrees ("labels")."""


def compare(path: Path, preset: Preset = "fast") -> Score:
    """Tags a file both ways, and counts what agrees."""
    whole = AnalysisSettings.for_preset(preset).model_copy(update={"decoding": DecodingSettings()})
    less = whole.model_copy(update={"decoding": DecodingSettings(skip_unreferenced=True)})
    sparse, full = tag(path, settings=less).metadata, tag(path, settings=whole).metadata
    score: Score = Counter()
    frames = sparse.analysis.frames
    _count(score, "frames decoded", frames.decoded, frames.decoded + frames.skipped)
    _compare_over_time(score, sparse, full)
    _compare_edits(score, sparse, full)
    _compare_peaks(score, sparse.segments, full.segments)
    return score


def _count(score: Score, question: str, agreeing: int, asked: int = 1) -> None:
    score[question] += agreeing
    score[f"{question} of"] += asked


def _compare_over_time(score: Score, sparse: MotionMetadata, full: MotionMetadata) -> None:
    for found, true in zip(_samples(sparse), _samples(full), strict=False):
        _count(score, "labels", set(found.camera.labels) == set(true.camera.labels))
        _count(score, "level", found.motion.level == true.motion.level)
        _count(score, "subject level", found.subject.level == true.subject.level)
        for name in ("pan", "tilt", "zoom"):
            rate, right = getattr(found.camera, name), getattr(true.camera, name)
            if right is not None:
                near = rate is not None and abs(rate - right) <= NEAR_RATE + 0.1 * abs(right)
                _count(score, "rates", near)


def _samples(metadata: MotionMetadata) -> Iterator[Segment]:
    """The segment at each of many moments, evenly spread."""
    for segment in metadata.segments:
        first, last = (
            -int(-instant.seconds * SAMPLES_PER_SECOND // 1)
            for instant in (segment.start, segment.end)
        )
        for _ in range(first, last):
            yield segment


def _compare_edits(score: Score, sparse: MotionMetadata, full: MotionMetadata) -> None:
    found, true = _edits(sparse), _edits(full)
    for question, kinds in (("cuts F1", {"cut"}), ("edits F1", {"cut", "dissolve", "fade"})):
        mine = {edit for edit in found if edit[0] in kinds}
        theirs = {edit for edit in true if edit[0] in kinds}
        _count(score, question, 2 * len(mine & theirs), len(mine) + len(theirs))


def _edits(metadata: MotionMetadata) -> set[tuple[str, int, int]]:
    found = [shot.transition for shot in metadata.shots[1:]]
    return {(edit.kind, edit.start.frame, edit.end.frame) for edit in found}


def _compare_peaks(score: Score, sparse: Sequence[Segment], full: Sequence[Segment]) -> None:
    for true in full:
        if true.peak is None or true.motion.speed is None:
            continue
        same = any(one.peak is not None and one.peak.frame == true.peak.frame for one in sparse)
        _count(score, "peaks", same)
        if true.peak.speed >= STANDS_OUT * true.motion.speed:
            _count(score, "peaks that stand out", same)


def _of_case(case: Case, cache: Path, preset: Preset) -> Score:
    return compare(render_clip(case.clip, cache).path, preset)


def measure(tasks: Sequence[Callable[[], Score]], jobs: int) -> Score:
    """All scores together."""
    total: Score = Counter()
    with ProcessPoolExecutor(jobs) as pool:
        for done in [pool.submit(task) for task in tasks]:
            total.update(done.result())
    return total


def table(score: Score) -> str:
    """The scores as a table."""
    lines = ["| | agrees | of |", "|---|---:|---:|"]
    for question in [name for name in score if not name.endswith(" of")]:
        asked = score[f"{question} of"]
        lines.append(f"| {question} | {score[question] / max(asked, 1):.4f} | {asked} |")
    return "\n".join(lines)


def main(command_line: Sequence[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--preset", choices=get_args(Preset), default="fast")
    parser.add_argument("--only", default="", help="clips whose name or a condition contains this")
    parser.add_argument("--every", type=int, default=1, help="only each Nth clip")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, default=HERE / "out" / "clips")
    chosen = parser.parse_args(command_line)
    chosen.cache.mkdir(parents=True, exist_ok=True)
    cases = [case for case in all_cases() if chosen.only in " ".join((case.name, *case.conditions))]
    tasks: list[Callable[[], Score]] = [
        partial(compare, path, chosen.preset) for path in chosen.files
    ]
    if not chosen.files:
        tasks = [
            partial(_of_case, case, chosen.cache, chosen.preset) for case in cases[:: chosen.every]
        ]
    score = measure(tasks, chosen.jobs)
    print(f"{len(tasks)} files\n\n{table(score)}")
    if not chosen.files and len(tasks) == len(all_cases()) and chosen.preset == "fast":
        DOCUMENT.write_text(_DOCUMENT.format(clips=len(tasks), table=table(score)))
    labels = score["labels"] / max(score["labels of"], 1)
    return 0 if labels >= ASKED_LABELS and score["cuts F1"] == score["cuts F1 of"] else 1


if __name__ == "__main__":
    sys.exit(main())
