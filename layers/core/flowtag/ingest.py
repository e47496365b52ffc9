"""The first step as a function of the cloud carries it out: an upload in, chunks handed out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from flowtag import ALGORITHM_VERSION
from flowtag.contracts.messages import Plan, SourceRef
from flowtag.dispatching import Dispatcher, dispatch
from flowtag.errors import InputError, ObjectNotFoundError, PreconditionFailedError, SettingsError
from flowtag.identity import run_id, video_id
from flowtag.ingest_limits import Limits, over_limits
from flowtag.latest import SourceOrder, note_source
from flowtag.open_runs import mark_open
from flowtag.planning import plan_video
from flowtag.run_keys import RunKeys
from flowtag.runs import find_with_etag, put_plan, read_motion, read_plan, readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import ObjectStore
from flowtag.unanalysed import Closed, unanalysed
from flowtag.video.media import Media


@dataclass(frozen=True)
class Intake:
    """What all uploads share.

    Attributes:
        store: where runs go.
        dispatcher: the way to the workers.
        settings: how videos are analysed.
        execution: how runs are carried out.
        limits: what is too much.
    """

    store: ObjectStore
    dispatcher: Dispatcher
    settings: AnalysisSettings
    execution: ExecutionSettings
    limits: Limits


@dataclass(frozen=True)
class Ingested:
    """What became of an upload.

    Attributes:
        outcome: ``dispatched`` to workers; ``closed`` as skipped or failed, with a motion.json
            that says why; ``under_way`` or ``finished`` by an earlier delivery of the event. What
            failed before it was planned is tried again.
        keys: of the run.
        chunks: how many were handed out by this call.
        chunk_count: how many there are; None where nothing was planned.
        reason: why it was closed.
    """

    outcome: Literal["dispatched", "closed", "under_way", "finished"]
    keys: RunKeys
    chunks: int = 0
    chunk_count: int | None = None
    reason: str | None = None


def ingest(
    intake: Intake, source: SourceRef, order: SourceOrder, media: Callable[[], Media]
) -> Ingested:
    """Plans a video and hands its chunks to workers; any delivery of its event may do so again.

    Args:
        intake: what all uploads share.
        source: the video, and which content of it.
        order: when that content came to its place.
        media: opens it; asked for only if it is not planned yet.

    Raises:
        StorageError: the store or the way to the workers failed; a retry may help.
        ContractError: an object of the run is damaged.
    """
    store = intake.store
    keys = RunKeys(video_id(source), run_id(source, intake.settings, ALGORITHM_VERSION))
    note_source(store, keys, order)
    status = _standing_status(store, keys)
    if status is not None and not (status == "failed" and _is_unplanned(store, keys)):
        return Ingested("closed" if status in ("skipped", "failed") else "finished", keys)
    # Before the plan: whatever dies from here on is found by this mark.
    mark_open(store, keys, source, intake.settings)
    try:
        plan = _planned(intake, keys, source, media)
    except (InputError, SettingsError) as error:
        return _closed(intake, keys, source, "failed", str(error))
    excess = over_limits(plan, intake.limits)
    if excess is not None:
        return _closed(intake, keys, source, "skipped", excess, plan)
    put_plan(store, plan)
    handed_out = dispatch(store, plan, intake.dispatcher)
    outcome: Literal["dispatched", "under_way"] = "dispatched" if handed_out else "under_way"
    return Ingested(outcome, keys, len(handed_out), len(plan.chunks))


def _planned(intake: Intake, keys: RunKeys, source: SourceRef, media: Callable[[], Media]) -> Plan:
    try:
        return read_plan(intake.store, keys)
    except ObjectNotFoundError:
        return plan_video(media(), source, intake.settings, intake.execution)


def _standing_status(store: ObjectStore, keys: RunKeys) -> str | None:
    standing = find_with_etag(store, keys.motion)
    return read_motion(standing[0]).analysis.status if standing else None


def _is_unplanned(store: ObjectStore, keys: RunKeys) -> bool:
    """Such a run may have been given up because planning died; this go may come further."""
    return find_with_etag(store, keys.plan) is None


def _closed(
    intake: Intake,
    keys: RunKeys,
    source: SourceRef,
    status: Closed,
    reason: str,
    plan: Plan | None = None,
) -> Ingested:
    metadata = unanalysed(source, intake.settings, status, reason, plan)
    # Another delivery of the event may have been quicker; it came to the same end.
    with contextlib.suppress(PreconditionFailedError):
        intake.store.put_if_absent(keys.motion, readable_json(metadata))
    return Ingested("closed", keys, reason=reason)
