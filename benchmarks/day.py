"""A plan of 10,000 chunks, a day of video, completed as the cloud's function does it.

A real chunk is measured and laid end to end with later timestamps, in a bucket of a real S3
server; then one process of its own completes the run from there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

from benchmarks.assembly_memory import later
from benchmarks.measuring import Cost, machine, run
from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_analysis import analyze_chunk
from flowtag.completing import complete
from flowtag.contracts.chunkfile import ChunkResult, read_chunk, write_chunk
from flowtag.contracts.messages import ChunkRange, Plan
from flowtag.identity import local_source
from flowtag.planning import plan_video
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan
from flowtag.settings import AnalysisSettings, ExecutionSettings
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY, s3_server
from tests.rendering import CameraMove, Clip, Edit, Part, Picture, Shot, render_clip

CHUNKS = 10_000
REEL = Clip(
    "reel",
    (
        Shot(Picture("coffee"), (Part(4.3, CameraMove(pan=0.08)),)),
        Shot(Picture("astronaut"), (Part(4.34, CameraMove(zoom=0.06)),)),
    ),
    (Edit("cut"),),
    size=(320, 180),
)
"""Two shots, a 10,000th of a day together."""
BUCKET = "day"
_MOST_MB, _MOST_SECONDS = 10_240, 900


@dataclass(frozen=True)
class DayFinding:
    """What completing a day took.

    Attributes:
        pairs: of frames, in all.
        objects_mb: of all chunks together.
        cost: of the process.
    """

    pairs: int
    objects_mb: float
    cost: Cost


def measure_day(folder: Path) -> DayFinding:
    """Lays out a day in a bucket and completes it in a process of its own."""
    with (
        tempfile.TemporaryDirectory(dir=folder.absolute()) as name,
        s3_server(Path(name)) as server,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "eu-west-1",
            # As template.yaml sets it.
            "OPENBLAS_NUM_THREADS": "1",
        }
        s3_client().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        plan, chunk = _plan_and_chunk(render_clip(REEL, Path(name)).path)
        put_plan(_store(), plan)
        with ThreadPoolExecutor(8) as threads:
            sizes = list(threads.map(partial(_put_chunk, plan, chunk), range(CHUNKS)))
        cost = run([sys.executable, "-m", "benchmarks.day", RunKeys.of(plan).folder])
    return DayFinding(len(chunk.pairs) * CHUNKS, sum(sizes) / 2**20, cost)


@cache
def _store() -> S3Store:
    return S3Store(s3_client(), BUCKET)


def _plan_and_chunk(reel: Path) -> tuple[Plan, ChunkResult]:
    execution = ExecutionSettings(chunk_seconds=Fraction(3600))
    plan = plan_video(reel, local_source(reel), AnalysisSettings(), execution)
    chunk = read_chunk(analyze_chunk(plan.task(0), reel))
    start, ticks = _start_and_ticks(chunk)
    edges = [None, *(start + index * ticks for index in range(1, CHUNKS)), None]
    ranges = tuple(ChunkRange(start_pts=a, end_pts=b) for a, b in pairwise(edges))
    probe = plan.probe.model_copy(update={"end_pts": None, "frames_expected": None})
    return plan.model_copy(update={"chunks": ranges, "probe": probe}), chunk


def _start_and_ticks(chunk: ChunkResult) -> tuple[int, int]:
    pts = chunk.frames["pts"]
    return int(pts[0]), int(pts[-1] - pts[0]) + int(pts[1] - pts[0])


def _put_chunk(plan: Plan, chunk: ChunkResult, index: int) -> int:
    meta = chunk.meta.model_copy(update={"index": index, "task_digest": plan.task(index).digest()})
    moved = replace(later(chunk, index * _start_and_ticks(chunk)[1]), meta=meta)
    data = write_chunk(moved)
    _store().put(RunKeys.of(plan).chunk(index), data)
    return len(data)


def day_lines(found: DayFinding) -> list[str]:
    """The finding as it stands in the report."""
    cost = found.cost
    met = cost.peak_rss_mb <= _MOST_MB and cost.wall_seconds <= _MOST_SECONDS
    return [
        "# A day in 10,000 chunks",
        "",
        f"Written by `python -m benchmarks.day`. {machine()}.",
        "",
        f"**Asked: completed within a Lambda function's memory ({_MOST_MB} MB) and time"
        f" ({_MOST_SECONDS} s). Measured: {cost.peak_rss_mb:.0f} MB, {cost.wall_seconds:.0f} s:"
        f" {'met' if met else 'NOT met'}.**",
        "",
        f"{found.pairs} pairs of frames in {CHUNKS} objects of {found.objects_mb:.0f} MB in all,"
        " on a real S3 server on the same machine; one process lists them, reads each five times,"
        " assembles, writes `frames.parquet`, thumbnails and `motion.json`. CPU time"
        f" {cost.cpu_seconds:.0f} s.",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, or, named a run, completes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?")
    asked = parser.parse_args(arguments).run
    if asked is None:
        folder = Path("benchmarks/out")
        folder.mkdir(exist_ok=True)
        text = "\n".join(day_lines(measure_day(folder))) + "\n"
        Path("benchmarks/day.md").write_text(text, encoding="utf-8")
        print(text)
        return 0
    keys = RunKeys.of_key(f"{asked}/")
    if keys is None:
        raise SystemExit(f"{asked} is no run")
    return 0 if complete(_store(), keys, lambda ready: None).outcome == "published" else 1


if __name__ == "__main__":
    sys.exit(main())
