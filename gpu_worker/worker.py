"""One chunk, whichever host hands it over: fetch its frames, analyse them, write the result."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from flowtag.aws.environment import WorkerEnvironment, read_environment
from flowtag.aws.metric_sources import metric_source
from flowtag.aws.s3_source import S3Media
from flowtag.aws.s3_store import S3Store
from flowtag.aws.wiring import models, output_store
from flowtag.chunk_analysis import analyze_chunk
from flowtag.chunk_work import Outcome, carry_out
from flowtag.contracts.chunkfile import read_chunk
from flowtag.contracts.messages import ChunkTask
from flowtag.spent import Spent

logger = Logger(service="worker")


@cache
def store() -> S3Store:
    """Where runs are, as the environment says."""
    return output_store(_environment(), tags_chunks=True)


@cache
def _environment() -> WorkerEnvironment:
    return read_environment(WorkerEnvironment)


@dataclass
class _Account:
    """What analysing a chunk took, and what came of it."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    fetched_bytes: int = 0
    result: bytes = field(default=b"", repr=False)

    def spent(self) -> Spent:
        return Spent.at_price(self.cpu_seconds, _environment().usd_per_cpu_second)


def named(task: ChunkTask) -> AbstractContextManager[None]:
    """While it is open every line of the log says which chunk it is about."""
    return logger.append_context_keys(
        video_id=task.video_id, run_id=task.run_id, chunk=task.index, source=task.source.uri
    )


def carry_out_task(task: ChunkTask) -> Outcome:
    """Analyses a chunk and writes its result, or why there is none.

    Raises:
        FlowtagError: a failure that may pass; nothing was written.
    """
    account = _Account()

    def put_result(key: str, data: bytes) -> None:
        store().put_with_notes(key, data, account.spent().notes())

    outcome = carry_out(store(), task, lambda asked: _analyze(asked, account), put_result)
    figures = _figures(outcome, account)
    _measure(outcome, task, account, figures)
    logger.info(f"chunk {outcome}", extra={**figures, **_engine(account.result)})
    return outcome


def _analyze(task: ChunkTask, account: _Account) -> bytes:
    media = S3Media(store().client, task.source)
    wall, cpu = time.monotonic(), time.process_time()
    try:
        account.result = analyze_chunk(task, media, models=models(_environment()))
        return account.result
    finally:
        account.wall_seconds = time.monotonic() - wall
        account.cpu_seconds = time.process_time() - cpu
        account.fetched_bytes = sum(file.fetched_bytes for file in media.files)


def _measure(
    outcome: Outcome, task: ChunkTask, account: _Account, figures: dict[str, float]
) -> None:
    # Metrics of their own: what alarms watch has no dimension but the service.
    metrics = EphemeralMetrics(namespace="flowtag", service="worker")
    metrics.add_dimension(name="source", value=metric_source(task.source.uri))
    metrics.add_metadata("uri", task.source.uri)
    metrics.add_metadata("video_id", task.video_id)
    metrics.add_metadata("run_id", task.run_id)
    metrics.add_metadata("chunk", task.index)
    metrics.add_metadata("codec", task.probe.codec)
    metrics.add_metric(f"Chunks.{outcome}", MetricUnit.Count, 1)
    if outcome == "analysed":
        metrics.add_metric("PairLatency", MetricUnit.Milliseconds, figures["pair_milliseconds"])
        metrics.add_metric("FramesPerSecond", MetricUnit.CountPerSecond, figures["frame_rate"])
        metrics.add_metric("Coverage", MetricUnit.Percent, figures["coverage_percent"])
    if outcome != "already_done":
        spent = account.spent()
        metrics.add_metric("ChunkCpuSeconds", MetricUnit.Seconds, account.cpu_seconds)
        if spent.cost_usd is not None:
            metrics.add_metric("ChunkCost", MetricUnit.NoUnit, spent.cost_usd)
    metrics.flush_metrics()


def _engine(result: bytes) -> dict[str, str]:
    """What estimated the flow, and on what; nothing where no chunk was analysed, or by DIS."""
    engine = read_chunk(result).meta.engine if result else None
    return {} if engine is None else {"engine": engine}


def _figures(outcome: Outcome, account: _Account) -> dict[str, float]:
    figures: dict[str, float] = {
        "wall_seconds": round(account.wall_seconds, 3),
        "cpu_seconds": round(account.cpu_seconds, 3),
        "fetched_bytes": account.fetched_bytes,
    }
    if outcome != "analysed":
        return figures
    chunk = read_chunk(account.result)
    frames, pairs = len(chunk.frames), len(chunk.pairs)
    coverage = float(chunk.pairs["coverage"].mean()) if pairs else 0.0
    return figures | {
        "frames": frames,
        "frame_rate": round(frames / max(account.wall_seconds, 1e-3), 1),
        "pair_milliseconds": round(1000 * account.wall_seconds / max(pairs, 1), 2),
        "coverage_percent": round(100 * coverage, 1),
    }
