"""One chunk, whichever host hands it over: fetch its frames, analyse them, write the result."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from flowtag.aws.environment import OutputEnvironment, read_environment
from flowtag.aws.s3_source import S3Media
from flowtag.aws.s3_store import S3Store
from flowtag.aws.wiring import output_store
from flowtag.chunk_analysis import analyze_chunk
from flowtag.chunk_work import Outcome, carry_out
from flowtag.contracts.chunkfile import read_chunk
from flowtag.contracts.messages import ChunkTask

logger = Logger(service="worker")
metrics = Metrics(namespace="flowtag", service="worker")


@cache
def store() -> S3Store:
    """Where runs are, as the environment says."""
    return output_store(read_environment(OutputEnvironment), tags_chunks=True)


@dataclass
class _Account:
    """What analysing a chunk took, and what came of it."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    fetched_bytes: int = 0
    result: bytes = field(default=b"", repr=False)


def carry_out_task(task: ChunkTask) -> Outcome:
    """Analyses a chunk and writes its result, or why there is none.

    Raises:
        FlowtagError: a failure that may pass; nothing was written.
    """
    keys = {"video_id": task.video_id, "run_id": task.run_id, "chunk": task.index}
    logger.append_keys(**keys)
    account = _Account()
    try:
        outcome = carry_out(store(), task, lambda asked: _analyze(asked, account))
        _report(outcome, task, account)
        return outcome
    finally:
        logger.remove_keys(list(keys))


def _analyze(task: ChunkTask, account: _Account) -> bytes:
    media = S3Media(store().client, task.source)
    wall, cpu = time.monotonic(), time.process_time()
    try:
        account.result = analyze_chunk(task, media)
        return account.result
    finally:
        account.wall_seconds = time.monotonic() - wall
        account.cpu_seconds = time.process_time() - cpu
        account.fetched_bytes = sum(file.fetched_bytes for file in media.files)


def _report(outcome: Outcome, task: ChunkTask, account: _Account) -> None:
    metrics.add_dimension(name="codec", value=task.probe.codec)
    metrics.add_metric(f"Chunks.{outcome}", MetricUnit.Count, 1)
    figures: dict[str, float] = {
        "wall_seconds": round(account.wall_seconds, 3),
        "cpu_seconds": round(account.cpu_seconds, 3),
        "fetched_bytes": account.fetched_bytes,
    }
    if outcome == "analysed":
        figures |= _figures(account)
        metrics.add_metric("ChunkCpuSeconds", MetricUnit.Seconds, account.cpu_seconds)
        metrics.add_metric("PairLatency", MetricUnit.Milliseconds, figures["pair_milliseconds"])
        metrics.add_metric("FramesPerSecond", MetricUnit.CountPerSecond, figures["frame_rate"])
        metrics.add_metric("Coverage", MetricUnit.Percent, figures["coverage_percent"])
    logger.info(f"chunk {outcome}", source=task.source.uri, extra=figures)


def _figures(account: _Account) -> dict[str, float]:
    chunk = read_chunk(account.result)
    frames, pairs = len(chunk.frames), len(chunk.pairs)
    coverage = float(chunk.pairs["coverage"].mean()) if pairs else 0.0
    return {
        "frames": frames,
        "frame_rate": round(frames / max(account.wall_seconds, 1e-3), 1),
        "pair_milliseconds": round(1000 * account.wall_seconds / max(pairs, 1), 2),
        "coverage_percent": round(100 * coverage, 1),
    }
