"""The life of one input: from a place to an outcome, as a queue of work for other processes."""

from __future__ import annotations

import contextlib
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flowtag import ALGORITHM_VERSION
from flowtag.contracts.chunkfile import failed_chunk
from flowtag.contracts.messages import Plan, SourceRef
from flowtag.contracts.metadata import Status
from flowtag.errors import (
    FlowtagError,
    ObjectNotFoundError,
    SourceChangedError,
    SourceNotFoundError,
    StorageError,
)
from flowtag.identity import run_id, video_id
from flowtag.latest import update_latest
from flowtag.local.additions import Addition, ReportWork
from flowtag.local.export_work import ExportWork
from flowtag.local.outcomes import Outcome, OutcomeStatus, Progress, Stage
from flowtag.local.proxy_work import ProxyWork
from flowtag.local.steps import STEPS, Finished, Prepared, Steps
from flowtag.local.tally import Tally
from flowtag.local.workers import Done, Failed, Work
from flowtag.models.registry import BUILT_IN_MODELS, ModelRegistry
from flowtag.places import Found, SourcePlace, StorePlace
from flowtag.run_keys import RunKeys
from flowtag.run_record import Attempt, AttemptOutcome, ChunkFailure, record_attempt
from flowtag.runs import read_motion, read_plan
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import FolderStore, ObjectStore

if TYPE_CHECKING:
    from flowtag.export.formats import Format

T = TypeVar("T")

_STATUS_OF_RESULT: dict[Status, OutcomeStatus] = {
    "complete": "tagged",
    "partial": "partial",
    "skipped": "skipped",
    "failed": "failed",
}


# The other chunks would fail of it too, and theirs would not be the content that was asked for.
_LOST = (SourceChangedError, SourceNotFoundError)


@dataclass(frozen=True)
class Host:
    """What all inputs of one command share.

    Attributes:
        proxies: the store of results as a folder, where proxies are wanted; None: they are not.
        reports: likewise where pages are wanted.
        exports: formats that are written beside each video of a disk.
        models: whence the model comes that the settings name.
    """

    results: StorePlace
    settings: AnalysisSettings
    execution: ExecutionSettings
    force: bool = False
    steps: Steps = STEPS
    proxies: FolderStore | None = None
    reports: FolderStore | None = None
    exports: tuple[Format, ...] = ()
    models: ModelRegistry = BUILT_IN_MODELS

    @cached_property
    def store(self) -> ObjectStore:
        """Where results go, opened by this process."""
        return self.results.open()


class VideoRun:
    """One input on its way.

    ``begin`` it, then carry out what ``take`` hands out, several at a time, until ``outcome`` is
    there. Whatever is done is in the store, so it may be dropped at any moment.
    """

    def __init__(self, place: SourcePlace, host: Host) -> None:
        self.outcome: Outcome | None = None
        self._place = place
        self._host = host
        self._queue: deque[Callable[[int], Work]] = deque()
        self._stage: Stage = "planning"
        self._keys: RunKeys | None = None
        self._plan: Plan | None = None
        self._tally: Tally | None = None
        self._addition: Addition | None = None
        self._found: Found | None = None
        self._cpu_seconds = 0.0
        self._started_at = datetime.now(UTC)

    def begin(self) -> None:
        """Finds out what the input is, and whether there is anything left to do."""
        self._started_at = datetime.now(UTC)
        try:
            self._found = self._place.find()
            self._begin_run(self._found.source)
        except FlowtagError as error:
            self._fail(error)

    def take(self, slot: int) -> Work | None:
        """The next piece of work, which may report frames in a slot; None if there is none now."""
        return self._queue.popleft()(slot) if self._queue else None

    def progress(self, frames_done: Sequence[int]) -> Progress:
        """How far the input is, given what each slot reports."""
        if self._addition is not None:
            return self._addition.progress(frames_done)
        if self._tally is None:
            return Progress(self._place.address, self._stage)
        return self._tally.progress(self._place.address, self._stage, frames_done)

    def abandon(self) -> Outcome:
        """Ends the input where it is; the same command goes on from here."""
        if self._keys is not None:
            self._host.results.sweep(self._keys.folder)
        if self._addition is not None:
            reason = f"tagged, but its {self._addition.name} is not made yet"
            motion = self._host.results.address(self._run_keys.motion)
            return self._settle("interrupted", motion=motion, code="interrupted", reason=reason)
        reason = "not begun"
        if self._tally is not None:
            reason = f"{self._tally.done} of {self._tally.total} chunks are done"
            self._record("interrupted")
        return self._settle("interrupted", code="interrupted", reason=reason)

    def _begin_run(self, source: SourceRef) -> None:
        host = self._host
        keys = RunKeys(video_id(source), run_id(source, host.settings, ALGORITHM_VERSION))
        self._keys = keys
        host.results.sweep(keys.folder)
        if host.force:
            self._discard()
        elif self._is_done_already():
            return
        arguments = (host.results, keys, self._place, source, host.settings, host.execution)
        self._queue.append(lambda _: Work(host.steps.prepare, arguments, self._prepared))

    def _discard(self) -> None:
        store, keys = self._host.store, self._run_keys
        # The result first: without it nobody takes what is left for a finished run.
        store.delete(keys.motion)
        for key in list(store.list(f"{keys.folder}/")):
            store.delete(key)

    def _is_done_already(self) -> bool:
        store, keys = self._host.store, self._run_keys
        try:
            analysis = read_motion(store.get(keys.motion)).analysis
        except ObjectNotFoundError:
            return False
        if analysis.status == "partial":
            return False
        with contextlib.suppress(ObjectNotFoundError):
            update_latest(store, keys, _there(self._found).order)
        status: OutcomeStatus = "already_done"
        if analysis.status != "complete":
            status = _STATUS_OF_RESULT[analysis.status]
        self._publish(status, analysis.shortfall())
        return True

    def _prepared(self, result: Done[Prepared] | Failed) -> None:
        prepared = self._value(result)
        if prepared is None:
            return
        self._plan, self._stage = prepared.plan, "analysing"
        self._tally = Tally(prepared.plan, prepared.states)
        missing = (i for i, state in enumerate(prepared.states) if state != "done")
        self._queue.extend(partial(self._chunk_work, index) for index in missing)
        self._finish_when_settled()

    def _chunk_work(self, index: int, slot: int) -> Work:
        plan, tally = self._run_plan, self._run_tally
        tally.begin(index, slot)
        arguments = (plan.task(index), self._place, slot, self._host.models)
        return Work(self._host.steps.analyze, arguments, partial(self._chunk_settled, index))

    def _chunk_settled(self, index: int, result: Done[bytes] | Failed) -> None:
        if self.outcome is not None:
            return
        self._cpu_seconds += result.cpu_seconds
        try:
            _there(self._found).require_unchanged()
            if isinstance(result, Failed) and isinstance(result.error, _LOST):
                self._fail(result.error, result.details)
                return
            self._store_chunk(index, result)
        except FlowtagError as error:
            self._fail(error)
        else:
            self._finish_when_settled()

    def _store_chunk(self, index: int, result: Done[bytes] | Failed) -> None:
        store, keys, tally = self._host.store, self._run_keys, self._run_tally
        if isinstance(result, Failed):
            error = result.error
            record = failed_chunk(self._run_plan.task(index), error.code, str(error))
            store.put(keys.failed(index), record)
            tally.fail(index, error)
            return
        store.put(keys.chunk(index), result.value)
        store.delete(keys.failed(index))
        tally.succeed(index)

    def _finish_when_settled(self) -> None:
        tally = self._run_tally
        if not tally.is_settled:
            return
        if tally.done == 0 and tally.failures:
            # Nothing to publish; a motion.json that says "failed" would stand in the way of the
            # next attempt.
            self._record("failed")
            self._fail(tally.failures[min(tally.failures)])
            return
        self._stage = "assembling"
        order = _there(self._found).order
        arguments = (self._host.results, self._run_plan, order, self._attempt())
        self._queue.append(
            lambda _: Work(self._host.steps.finish, arguments, self._finished, chunks=0)
        )

    def _finished(self, result: Done[Finished] | Failed) -> None:
        finished = self._value(result)
        if finished is not None:
            self._publish(_STATUS_OF_RESULT[finished.status], finished.reason)

    def _publish(self, status: OutcomeStatus, reason: str | None) -> None:
        motion = self._host.results.address(self._run_keys.motion)
        if status in ("failed", "skipped"):
            self._settle(status, motion=motion, code=status, reason=reason)
        else:
            self._publish_proxy(status, {"motion": motion, "reason": reason})

    def _publish_proxy(self, status: OutcomeStatus, said: dict[str, Any]) -> None:
        store = self._host.proxies
        if store is None:
            self._publish_report(status, said)
        elif (path := store.path(self._run_keys.proxy)).is_file():
            self._publish_report(status, said | {"proxy": path})
        else:
            plan = self._plan or read_plan(store, self._run_keys)
            work = ProxyWork(store, plan, self._place, _there(self._found))
            self._add(work, said, partial(self._publish_report, status))

    def _publish_report(self, status: OutcomeStatus, said: dict[str, Any]) -> None:
        store = self._host.reports
        if store is None:
            self._publish_exports(status, said)
            return
        work = ReportWork(store, self._run_keys, self._place.address)
        if work.is_needed:
            self._add(work, said, partial(self._publish_exports, status))
        else:
            report = store.path(self._run_keys.report)
            self._publish_exports(status, said | {"report": report})

    def _publish_exports(self, status: OutcomeStatus, said: dict[str, Any]) -> None:
        motion, clip = said["motion"], self._place.address
        if self._host.exports and isinstance(motion, Path) and isinstance(clip, Path):
            work = ExportWork(motion, clip, self._host.exports)
            if work.is_needed:
                self._add(work, said, partial(self._settle_with, status))
                return
        self._settle(status, **said)

    def _add(
        self,
        addition: Addition,
        said: dict[str, Any],
        go_on: Callable[[dict[str, Any]], None],
    ) -> None:
        """Hands out one more step; what failed before it is told before what fails in it."""

        def made(result: Done[Any] | Failed) -> None:
            described = addition.described(result, said["reason"])
            earlier = {name: said[name] for name in ("code", "details") if name in said}
            failed = isinstance(result, Failed) and isinstance(result.error, StorageError)
            if failed and addition.is_among_results:
                described["storage_failed"] = True
            go_on(said | described | earlier)

        self._addition = addition
        self._queue.append(lambda slot: addition.work(slot, made))

    def _settle_with(self, status: OutcomeStatus, said: dict[str, Any]) -> None:
        self._settle(status, **said)

    def _value(self, result: Done[T] | Failed) -> T | None:
        self._cpu_seconds += result.cpu_seconds
        if isinstance(result, Done):
            return result.value
        self._fail(result.error, result.details)
        return None

    def _attempt(self) -> Attempt:
        tally = self._run_tally
        return Attempt(
            started_at=self._started_at,
            execution=self._host.execution,
            cpu_seconds=round(self._cpu_seconds, 3),
            analysed_chunks=tuple(sorted(tally.analysed)),
            failures=tuple(
                ChunkFailure(index=index, code=error.code, message=str(error))
                for index, error in sorted(tally.failures.items())
            ),
        )

    def _record(self, outcome: AttemptOutcome) -> None:
        attempt = self._attempt().model_copy(update={"outcome": outcome})
        with contextlib.suppress(StorageError):
            record_attempt(self._host.store, self._run_plan, attempt)

    def _fail(self, error: FlowtagError, details: str = "") -> None:
        details = details or "".join(traceback.format_exception(error))
        self._settle("failed", code=error.code, reason=str(error), details=details)

    def _settle(self, status: OutcomeStatus, **described: Any) -> Outcome:
        self._queue.clear()
        ids = (self._keys.video_id, self._keys.run_id) if self._keys else (None, None)
        self.outcome = Outcome(self._place.address, status, *ids, **described)
        return self.outcome

    @property
    def _run_keys(self) -> RunKeys:
        return _there(self._keys)

    @property
    def _run_plan(self) -> Plan:
        return _there(self._plan)

    @property
    def _run_tally(self) -> Tally:
        return _there(self._tally)


def _there(value: T | None) -> T:
    if value is None:
        raise RuntimeError("an input's steps were carried out in the wrong order")
    return value
