"""The three steps of a run as they are carried out in a worker's process, on named places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtag.chunk_results import ChunkState, chunk_states
from flowtag.contracts.messages import ChunkTask, Plan, SourceRef
from flowtag.contracts.metadata import Status
from flowtag.errors import ObjectNotFoundError
from flowtag.latest import SourceOrder, update_latest
from flowtag.local.workers import report_frames
from flowtag.models.registry import ModelRegistry
from flowtag.places import SourcePlace, StorePlace
from flowtag.run_keys import RunKeys
from flowtag.run_record import Attempt, record_attempt
from flowtag.runs import put_plan, read_plan
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import FolderStore, ObjectStore

if TYPE_CHECKING:
    from flowtag.assembly.assemble import Assembly


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
        [StorePlace, RunKeys, SourcePlace, SourceRef, AnalysisSettings, ExecutionSettings],
        Prepared,
    ]
    analyze: Callable[[ChunkTask, SourcePlace, int, ModelRegistry], bytes]
    finish: Callable[[StorePlace, Plan, SourceOrder, Attempt], Finished]


def prepare(
    results: StorePlace,
    keys: RunKeys,
    place: SourcePlace,
    source: SourceRef,
    settings: AnalysisSettings,
    execution: ExecutionSettings,
) -> Prepared:
    """Plans a video, unless it has been planned, and looks which chunks are done."""
    from flowtag.pipeline import plan_video

    store = results.open()
    plan = _planned_before(store, keys)
    if plan is None:
        plan = put_plan(store, plan_video(place.media(source), source, settings, execution))
    return Prepared(plan, chunk_states(store, plan))


def analyze(task: ChunkTask, place: SourcePlace, slot: int, models: ModelRegistry) -> bytes:
    """Analyses a chunk; reports its progress in a slot."""
    from flowtag.pipeline import analyze_chunk

    media = place.media(task.source)
    return analyze_chunk(task, media, lambda frames: report_frames(slot, frames), models)


def finish(results: StorePlace, plan: Plan, order: SourceOrder, attempt: Attempt) -> Finished:
    """Assembles the chunks and writes all that people read, ``motion.json`` last."""
    from flowtag.completion import publish

    def note(assembly: Assembly) -> None:
        record_attempt(store, plan, attempt.published(assembly))

    store = results.open()
    analysis = publish(store, plan, note).metadata.analysis
    update_latest(store, RunKeys.of(plan), order)
    return Finished(analysis.status, analysis.shortfall())


def make_proxy(
    store: FolderStore,
    plan: Plan,
    place: SourcePlace,
    require_unchanged: Callable[[], None],
    slot: int,
) -> str | None:
    """Makes the proxy of a run; returns what is missing in it."""
    from flowtag.video.proxying import write_proxy

    media = place.media(plan.source)
    with store.being_filled(RunKeys.of(plan).proxy) as path:
        remark = write_proxy(
            path, media, plan.probe, plan.sequential, lambda frames: report_frames(slot, frames)
        )
        require_unchanged()
    return remark


def make_report(store: FolderStore, keys: RunKeys) -> None:
    """Writes the page of a run's result, with the proxy as its video where there is one."""
    from flowtag.report.writing import report_bytes

    store.put(keys.report, report_bytes(store.path(keys.motion), store.path(keys.report)))


def _planned_before(store: ObjectStore, keys: RunKeys) -> Plan | None:
    try:
        return read_plan(store, keys)
    except ObjectNotFoundError:
        return None


STEPS = Steps(prepare, analyze, finish)
