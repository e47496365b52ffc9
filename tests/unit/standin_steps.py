"""Steps that do what a file's text says, to be carried out by real worker processes.

A file is a list of words, one per chunk: ``ok``, ``slow``, ``crash``, ``hang``, ``bad``, ``eat``,
``bug``, ``swap``. A first word ``noplan`` or ``crashplan`` spoils the planning instead. Where the
variable ``HEALED`` is set in the environment, all chunks are well.
"""

from __future__ import annotations

import os
import signal
import time

from flowtag.chunk_results import chunk_states
from flowtag.contracts.messages import ChunkTask, Plan, SourceRef
from flowtag.errors import (
    BrokenMediaError,
    NotAVideoError,
    ObjectNotFoundError,
    SourceChangedError,
)
from flowtag.latest import SourceOrder, update_latest
from flowtag.local.disk_places import FilePlace
from flowtag.local.steps import Finished, Prepared, Steps
from flowtag.local.workers import report_frames
from flowtag.models.registry import ModelRegistry
from flowtag.places import SourcePlace, StorePlace
from flowtag.run_keys import RunKeys
from flowtag.run_record import Attempt, record_attempt
from flowtag.runs import put_motion, put_plan, read_plan
from flowtag.settings import AnalysisSettings, ExecutionSettings
from tests.unit.run_objects import make_chunk, make_metadata, make_plan

SLOW_SECONDS = 0.5
HEALED = "FLOWTAG_TESTS_HEALED"


def prepare(
    results: StorePlace,
    keys: RunKeys,
    place: SourcePlace,
    source: SourceRef,
    settings: AnalysisSettings,
    execution: ExecutionSettings,
) -> Prepared:
    words = _words(place)
    if words[0] == "noplan":
        raise NotAVideoError("holds words")
    if words[0] == "crashplan":
        os.kill(os.getpid(), signal.SIGSEGV)
    store = results.open()
    try:
        plan = read_plan(store, keys)
    except ObjectNotFoundError:
        plan = put_plan(store, make_plan(len(words), source, settings, execution))
    return Prepared(plan, chunk_states(store, plan))


def analyze(task: ChunkTask, place: SourcePlace, slot: int, models: ModelRegistry) -> bytes:
    word = "ok" if HEALED in os.environ else _words(place)[task.index]
    report_frames(slot, 50)
    if word == "slow":
        time.sleep(SLOW_SECONDS)
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "hang":
        time.sleep(60)
    if word == "bad":
        raise BrokenMediaError("nothing decodes")
    if word == "swap":
        raise SourceChangedError("another content stands there")
    if word == "eat":
        return bytes(8 << 30)
    if word == "bug":
        raise LookupError("unforeseen")
    return make_chunk(task)


def finish(results: StorePlace, plan: Plan, order: SourceOrder, attempt: Attempt) -> Finished:
    store = results.open()
    states = chunk_states(store, plan)
    metadata = make_metadata(plan, [i for i, state in enumerate(states) if state != "done"])
    status = metadata.analysis.status
    record_attempt(store, plan, attempt.model_copy(update={"outcome": status}))
    put_motion(store, plan, metadata)
    update_latest(store, RunKeys.of(plan), order)
    return Finished(status, None)


def _words(place: SourcePlace) -> list[str]:
    assert isinstance(place, FilePlace)
    return place.path.read_text().split()


STANDIN_STEPS = Steps(prepare, analyze, finish)
