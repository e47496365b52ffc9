"""How much memory assembly takes for each pair: its slope between a short and a long run.

One real chunk is measured, and laid end to end with later timestamps to as long a run as wanted.
Each length is assembled in a process of its own, for its resident set, and once more with
allocations traced.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from benchmarks.measuring import run
from flowtag.assembly.assemble import assemble
from flowtag.assembly.stitching import stitch
from flowtag.chunk_analysis import analyze_chunk
from flowtag.contracts.chunkfile import ChunkResult, read_chunk, write_chunk
from flowtag.contracts.messages import ChunkRange, Plan
from flowtag.identity import local_source
from flowtag.planning import plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.tables import write_frames_table

PAIR_COUNTS = (20_000, 80_000)


@dataclass(frozen=True)
class AssemblyFinding:
    """Bytes a pair.

    Attributes:
        kept: tables of the whole run.
        peak: of :func:`assemble`.
        result: what it returns.
        table_peak: of writing ``frames.parquet``.
        table_bytes: the length of ``frames.parquet``.
        resident: growth of the process that does both.
        how: what was measured, for people.
    """

    kept: float
    peak: float
    result: float
    table_peak: float
    table_bytes: float
    resident: float
    how: str


def measure_assembly(reel: Path, folder: Path) -> AssemblyFinding:
    """Assembles a short and a long run made of a reel's chunk, and compares them.

    Args:
        reel: footage to measure once.
        folder: where the chunks may lie meanwhile.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        pairs_each = _lay_out(reel, home)
        lengths = [-(-pairs // pairs_each) for pairs in PAIR_COUNTS]
        traced = [_traced(home, length) for length in lengths]
        resident = [_child(home, length, "resident", home / "none") for length in lengths]
    more = (lengths[1] - lengths[0]) * pairs_each
    slopes = {key: (traced[1][key] - traced[0][key]) / more for key in traced[0]}
    how = (
        f"Slopes between runs of {lengths[0] * pairs_each} and {lengths[1] * pairs_each} pairs:"
        f" real chunks of {pairs_each} pairs, repeated with later timestamps, with"
        f" {slopes['frames']:.2f} frames, {1000 * slopes['segments']:.1f} thousandths of a segment"
        " to a pair. Allocations are traced in Python and numpy; the resident set is the"
        " process's."
    )
    return AssemblyFinding(
        kept=slopes["kept"],
        peak=slopes["peak"],
        result=slopes["result"],
        table_peak=slopes["table_peak"],
        table_bytes=slopes["table_bytes"],
        resident=(resident[1] - resident[0]) * 2**20 / more,
        how=how,
    )


def _lay_out(reel: Path, home: Path) -> int:
    """Writes the plan and chunks of the longest run; returns how many pairs a chunk holds."""
    execution = ExecutionSettings(chunk_seconds=Fraction(3600))
    plan = plan_video(reel, local_source(reel), AnalysisSettings(), execution)
    chunk = read_chunk(analyze_chunk(plan.task(0), reel))
    interval = int(chunk.frames["pts"][1] - chunk.frames["pts"][0])
    ticks = int(chunk.frames["pts"][-1] - chunk.frames["pts"][0]) + interval
    count = -(-max(PAIR_COUNTS) // len(chunk.pairs))
    for index in range(count):
        (home / f"{index}.npz").write_bytes(write_chunk(later(chunk, index * ticks)))
    start = int(chunk.frames["pts"][0])
    edges = [None, *(start + index * ticks for index in range(1, count)), None]
    ranges = tuple(ChunkRange(start_pts=edges[i], end_pts=edges[i + 1]) for i in range(count))
    probe = plan.probe.model_copy(update={"end_pts": None, "frames_expected": None})
    whole = plan.model_copy(update={"chunks": ranges, "probe": probe})
    (home / "plan.json").write_text(whole.model_dump_json(), encoding="utf-8")
    return len(chunk.pairs)


def later(chunk: ChunkResult, ticks: int) -> ChunkResult:
    """The same chunk, so many ticks later."""
    frames, pairs = chunk.frames.copy(), chunk.pairs.copy()
    frames["pts"] += ticks
    pairs["pts"] += ticks
    pairs["second_pts"] += ticks
    stills = {pts + ticks: jpeg for pts, jpeg in chunk.stills.items()}
    evidence = {pts + ticks: files for pts, files in chunk.evidence.items()}
    return replace(
        chunk,
        frames=frames,
        pairs=pairs,
        stills=stills,
        grid_pts=chunk.grid_pts + ticks,
        evidence=evidence,
    )


def _traced(home: Path, length: int) -> dict[str, float]:
    found = home / f"{length}.json"
    _child(home, length, "traced", found)
    measured: dict[str, float] = json.loads(found.read_text(encoding="utf-8"))
    return measured


def _child(home: Path, length: int, mode: str, result: Path) -> float:
    """Assembles in a process of its own; returns its peak in MB."""
    module = [sys.executable, "-m", "benchmarks.assembly_memory"]
    return run([*module, str(home), str(length), mode, str(result)]).peak_rss_mb


def _plan_of(home: Path, length: int) -> Plan:
    plan = Plan.model_validate_json((home / "plan.json").read_text(encoding="utf-8"))
    last = plan.chunks[length - 1].model_copy(update={"end_pts": None})
    return plan.model_copy(update={"chunks": (*plan.chunks[: length - 1], last)})


def _trace(plan: Plan, load: Callable[[int], bytes]) -> dict[str, float]:
    """Bytes that the steps of assembly take, by what for."""
    # Once, so that what is imported late and kept does not count.
    assemble(plan.model_copy(update={"chunks": plan.chunks[:1]}), load)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    stitched = stitch(plan, load)
    kept, frames = tracemalloc.get_traced_memory()[0] - before, len(stitched.frames)
    del stitched
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    result = assemble(plan, load)
    now, peak = tracemalloc.get_traced_memory()
    segments = len(result.metadata.segments)
    del result
    base = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    table = write_frames_table(plan, load)
    table_peak = tracemalloc.get_traced_memory()[1] - base
    return {
        "kept": kept,
        "peak": peak - before,
        "result": now - before,
        "table_peak": table_peak,
        "table_bytes": len(table),
        "frames": frames,
        "segments": segments,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Assembles a run of so many chunks, as a child of :func:`measure_assembly`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("home", type=Path)
    parser.add_argument("length", type=int)
    parser.add_argument("mode", choices=["traced", "resident"])
    parser.add_argument("result", type=Path)
    chosen = parser.parse_args(arguments)
    home: Path = chosen.home
    plan = _plan_of(home, chosen.length)

    def load(index: int) -> bytes:
        return (home / f"{index}.npz").read_bytes()

    if chosen.mode == "traced":
        chosen.result.write_text(json.dumps(_trace(plan, load)), encoding="utf-8")
        return
    assemble(plan, load)
    write_frames_table(plan, load)


if __name__ == "__main__":
    main()
