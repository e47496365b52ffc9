"""The three steps of a run as they are carried out in a worker's process, on a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowtag.contracts.messages import ChunkTask, Plan, SourceRef
from flowtag.contracts.metadata import Analysis, Status
from flowtag.errors import ObjectNotFoundError
from flowtag.latest import SourceOrder, update_latest
from flowtag.local.record import Attempt, record_attempt
from flowtag.local.workers import report_frames
from flowtag.runs import (
    ChunkState,
    RunKeys,
    chunk_loader,
    chunk_states,
    put_motion,
    put_plan,
    read_motion,
    read_plan,
    would_change,
)
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import FolderStore


@dataclass(frozen=True)
class Prepared:
    """A plan, and what is there of it from earlier attempts."""

    plan: Plan
    states: tuple[ChunkState, ...]


@dataclass(frozen=True)
class Finished:
    """How a run stands after its result was published, or an earlier one was kept."""

    status: Status
    reason: str | None


@dataclass(frozen=True)
class Steps:
    """What the worker processes carry out; each can be imported by a new process."""

    prepare: Callable[
        [Path, RunKeys, Path, SourceRef, AnalysisSettings, ExecutionSettings], Prepared
    ]
    analyze: Callable[[ChunkTask, Path, int], bytes]
    finish: Callable[[Path, Plan, SourceOrder, Attempt], Finished]


def prepare(
    root: Path,
    keys: RunKeys,
    path: Path,
    source: SourceRef,
    settings: AnalysisSettings,
    execution: ExecutionSettings,
) -> Prepared:
    """Plans a video, unless it has been planned, and looks which chunks are done."""
    from flowtag.pipeline import plan_video

    store = FolderStore(root)
    plan = _planned_before(store, keys)
    if plan is None:
        plan = put_plan(store, plan_video(path, source, settings, execution))
    return Prepared(plan, chunk_states(store, plan))


def analyze(task: ChunkTask, path: Path, slot: int) -> bytes:
    """Analyses a chunk; reports its progress in a slot."""
    from flowtag.pipeline import analyze_chunk

    return analyze_chunk(task, path, lambda frames: report_frames(slot, frames))


def finish(root: Path, plan: Plan, order: SourceOrder, attempt: Attempt) -> Finished:
    """Assembles the chunks and writes all that people read, ``motion.json`` last."""
    from flowtag.pipeline import assemble
    from flowtag.tables import write_frames_table

    store, keys = FolderStore(root), RunKeys.of(plan)
    load = chunk_loader(store, plan)
    assembly = assemble(plan, load)
    analysis = assembly.metadata.analysis
    if would_change(store, plan, assembly.metadata):
        store.put(keys.frames, write_frames_table(plan, load))
        _put_thumbnails(store, keys, assembly.thumbnails)
    record_attempt(store, plan, attempt.model_copy(update={"outcome": analysis.status}))
    if put_motion(store, plan, assembly.metadata) == "kept":
        analysis = read_motion(store.get(keys.motion)).analysis
    update_latest(store, keys, order)
    return Finished(analysis.status, describe_analysis(analysis))


def describe_analysis(analysis: Analysis) -> str | None:
    """Why a result is less than complete, in a few words; None if it is not."""
    if analysis.reason:
        return analysis.reason
    if not analysis.gaps:
        return None
    first = analysis.gaps[0]
    more = f", and {len(analysis.gaps) - 1} more gaps" if len(analysis.gaps) > 1 else ""
    return f"{first.start.timecode} to {first.end.timecode}: {first.reason}{more}"


def _planned_before(store: FolderStore, keys: RunKeys) -> Plan | None:
    try:
        return read_plan(store, keys)
    except ObjectNotFoundError:
        return None


def _put_thumbnails(store: FolderStore, keys: RunKeys, thumbnails: dict[str, bytes]) -> None:
    for name, jpeg in thumbnails.items():
        store.put(keys.beside(name), jpeg)
    current = {keys.beside(name) for name in thumbnails}
    for key in set(store.list(keys.beside("thumbnails/"))) - current:
        store.delete(key)


STEPS = Steps(prepare, analyze, finish)
