"""Where flowtag's own time goes: one chunk in this process, with a stopwatch around its stages.

    python -m benchmarks.breakdown [FILE] [--seconds N] [--preset NAME]

The stages' functions are replaced by ones that take the time; a stage's figure leaves out what is
spent in stages inside it. The stopwatch itself costs some microseconds a call.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_args
from unittest.mock import patch

from benchmarks.footage import FILMS, film
from flowtag.chunk_analysis import analyze_chunk
from flowtag.identity import local_source
from flowtag.planning import plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings, Preset

SECONDS = 32.0
REST = "everything else"
STAGES = (
    ("reading packets", "flowtag.video.reading.StreamReader.packets", True),
    ("decoding", "flowtag.video.reading.StreamReader._attempt", False),
    ("scaling", "flowtag.frame_measuring.small_luma", False),
    ("frame measures", "flowtag.frame_measuring.measure_frame", False),
    ("step evidence", "flowtag.motion.evidence.StepComparer.compare", False),
    ("step evidence: flow", "flowtag.motion.evidence.StepComparer._match", False),
    ("flow: DIS", "flowtag.flow.dis.DisFlow.both_ways", False),
    ("flow: brightness", "flowtag.flow.dis.equalise", False),
    ("confidence", "flowtag.flow.dis.gather_cues", False),
    ("confidence", "flowtag.flow.dis.confidence", False),
    ("camera fit", "flowtag.motion.statistics.fit_camera", False),
    ("overlays", "flowtag.motion.statistics.running_strip", False),
    ("overlays", "flowtag.motion.statistics.still_overlay", False),
    ("camera sharpened", "flowtag.motion.statistics.sharpen", False),
    ("camera's residual", "flowtag.motion.statistics._residual_of", False),
    ("subject", "flowtag.motion.statistics._write_subject", False),
    ("statistics", "flowtag.pair_refining.pair_features", False),
    ("stills", "flowtag.frame_measuring.small_colour_jpeg", False),
    ("writing rows", "flowtag.chunk_analysis.ChunkAnalyzer._write_frame", False),
    ("chunk file", "flowtag.chunk_analysis.write_chunk", False),
)


@dataclass
class Stopwatch:
    """CPU time by stage, each without the stages inside it."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    _inside: list[float] = field(default_factory=lambda: [0.0])

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts what happens within for a stage."""
        began = time.process_time()
        self._inside.append(0.0)
        try:
            yield
        finally:
            took = time.process_time() - began
            within = self._inside.pop()
            self._inside[-1] += took
            self.seconds[name] = self.seconds.get(name, 0.0) + took - within
            self.calls[name] = self.calls.get(name, 0) + 1

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*arguments, **named)

        return timed

    def around_iterator(
        self, name: str, function: Callable[..., Iterator[Any]]
    ) -> Callable[..., Iterator[Any]]:
        """The function, each step of whose iterator is timed."""

        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            iterator = function(*arguments, **named)
            while True:
                with self.stage(name):
                    item = next(iterator, None)
                if item is None:
                    return
                yield item

        return timed


@dataclass(frozen=True)
class Breakdown:
    """CPU time of one chunk by stage.

    Attributes:
        preset: that it was analysed with.
        frames: decoded and measured.
        seconds: by stage, ``REST`` included.
        calls: by stage.
    """

    preset: str
    frames: int
    seconds: dict[str, float]
    calls: dict[str, int]

    def table(self) -> str:
        """Markdown: ms a frame, share of decoding, and calls a frame."""
        decoding = self.seconds.get("decoding", 0.0) or 1.0
        lines = [
            f"| Stage ({self.preset}) | ms a frame | over decoding | calls a frame |",
            "|---|--:|--:|--:|",
        ]
        for name, seconds in sorted(self.seconds.items(), key=lambda item: -item[1]):
            each = self.calls.get(name, 0) / self.frames
            lines.append(
                f"| {name} | {1e3 * seconds / self.frames:.3f} | {seconds / decoding:.3f} |"
                f" {each:.2f} |"
            )
        total = sum(self.seconds.values())
        lines.append(f"| all | {1e3 * total / self.frames:.3f} | {total / decoding:.3f} | |")
        return "\n".join(lines)


def measure(path: Path, preset: Preset, seconds: float) -> Breakdown:
    """Analyses the beginning of a file in this process and takes the time of its stages."""
    settings = AnalysisSettings.for_preset(preset, (Fraction(0), Fraction(seconds)))
    execution = ExecutionSettings(chunk_seconds=Fraction(3600))
    task = plan_video(path, local_source(path), settings, execution).task(0)
    watch, frames = Stopwatch(), 0

    def count(done: int) -> None:
        nonlocal frames
        frames = done

    with ExitStack() as patches:
        for name, target, iterates in STAGES:
            _replace(patches, watch, name, target, iterates)
        began = time.process_time()
        analyze_chunk(task, path, count)
        total = time.process_time() - began
    rest = max(total - sum(watch.seconds.values()), 0.0)
    return Breakdown(preset, max(frames, 1), {**watch.seconds, REST: rest}, watch.calls)


def _replace(patches: ExitStack, watch: Stopwatch, name: str, target: str, iterates: bool) -> None:
    owner, _, attribute = target.rpartition(".")
    try:
        original = getattr(resolve_name(owner), attribute)
    except (ImportError, AttributeError):
        # Renamed since: its time counts for the stage around it.
        print(f"no {target} to time", file=sys.stderr)
        return
    around = watch.around_iterator if iterates else watch.around
    patches.enter_context(patch(target, around(name, original)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table for a file, or for the film that the benchmarks share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--preset", choices=get_args(Preset), default="balanced")
    chosen = parser.parse_args(arguments)
    path = chosen.file or film(FILMS, chosen.seconds)
    print(measure(path, chosen.preset, chosen.seconds).table())


if __name__ == "__main__":
    main()
