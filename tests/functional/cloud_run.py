"""The three steps as the cloud carries them out, in one process, over any store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from flowtag.announcing import Ready
from flowtag.chunk_analysis import analyze_chunk
from flowtag.chunk_work import carry_out, record_failure
from flowtag.completing import Completed, complete
from flowtag.contracts.messages import ChunkTask, Plan
from flowtag.identity import local_source
from flowtag.ingest import Ingested, Intake, ingest
from flowtag.ingest_limits import Limits
from flowtag.latest import SourceOrder
from flowtag.reconciliation import Found, Reconciler
from flowtag.run_keys import RunKeys
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import ObjectStore

SETTINGS = AnalysisSettings.for_preset("fast")
EXECUTION = ExecutionSettings(chunk_seconds=Fraction(2))
UPLOADED = SourceOrder(modified_at=datetime(2026, 11, 1, tzinfo=UTC), sequence="1")
OVERDUE = timedelta(hours=1)
LATER = timedelta(hours=2)

_ANALYZED: dict[str, bytes] = {}


@dataclass
class Cloud:
    """A queue, a bus and workers, none of which does anything before it is told to.

    Attributes:
        film: what is uploaded.
        queue: tasks handed out and not yet carried out.
        told: events that were sent.
        asked: runs that somebody asked to complete.
        execution: how what is uploaded is planned.
        backlog: whether tasks that were handed out wait for a worker.
    """

    film: Path
    may_repeat: bool = True
    queue: list[ChunkTask] = field(default_factory=list)
    told: list[Ready] = field(default_factory=list)
    asked: list[RunKeys] = field(default_factory=list)
    analyze: Callable[[ChunkTask], bytes] | None = None
    execution: ExecutionSettings = EXECUTION
    backlog: bool = False

    def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        self.queue += [plan.task(index) for index in chunks]

    def has_backlog(self) -> bool:
        return self.backlog

    def upload(self, store: ObjectStore, limits: Limits | None = None) -> Ingested:
        """The event of the upload is delivered."""
        intake = Intake(store, self, SETTINGS, self.execution, limits or Limits())
        return ingest(intake, local_source(self.film), UPLOADED, self.media)

    def media(self) -> Path:
        """Opens what was uploaded, to plan it."""
        return self.film

    def work(self, store: ObjectStore) -> None:
        """A worker takes the first task; it is gone from the queue only when that is done."""
        carry_out(store, self.queue[0], self.analyze or self._analyze_once)
        self.queue.pop(0)

    def _analyze_once(self, task: ChunkTask) -> bytes:
        # Of the same task always the same bytes: other tests see to that.
        if task.digest() not in _ANALYZED:
            _ANALYZED[task.digest()] = analyze_chunk(task, self.film)
        return _ANALYZED[task.digest()]

    def work_all(self, store: ObjectStore) -> None:
        while self.queue:
            self.work(store)

    def lose(self, store: ObjectStore) -> None:
        """The first task ends in the dead-letter queue."""
        record_failure(store, self.queue.pop(0), "chunk_lost", "no worker finished it")

    def complete(self, store: ObjectStore, keys: RunKeys) -> Completed:
        """The event of a chunk is delivered."""
        return complete(store, keys, self.told.append)

    def reconcile(self, store: ObjectStore, after: timedelta = LATER) -> list[Found]:
        """The schedule comes round, some time after everything that happened so far."""
        reconciler = Reconciler(store, self, self.asked.append, OVERDUE)
        return list(reconciler.reconcile(datetime.now(UTC) + after))
