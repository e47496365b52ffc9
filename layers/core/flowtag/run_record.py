"""``run.json``: how a run went, for people. Nothing is decided by what stands in it."""

from __future__ import annotations

import contextlib
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from flowtag import __version__
from flowtag.chunk_results import ChunkState, chunk_states
from flowtag.contracts.messages import Plan
from flowtag.errors import ObjectNotFoundError
from flowtag.frozen_model import Model
from flowtag.run_keys import RunKeys
from flowtag.runs import readable_json
from flowtag.settings import ExecutionSettings
from flowtag.storage import ObjectStore

if TYPE_CHECKING:
    from flowtag.assembly.assemble import Assembly

_LIBRARIES = ("numpy", "opencv-python-headless", "onnxruntime", "av", "pyarrow", "pydantic")


AttemptOutcome = Literal["complete", "partial", "skipped", "failed", "interrupted"]


class ChunkFailure(Model):
    """Why one chunk has no features."""

    index: int
    code: str
    message: str


class Attempt(Model):
    """One go at a run, by one command."""

    started_at: datetime
    outcome: AttemptOutcome = "interrupted"
    execution: ExecutionSettings
    wall_seconds: float = 0.0
    cpu_seconds: float | None = Field(
        0.0,
        description="Of the processes that planned and analysed; in the cloud, of the workers whose"
        " results the attempt stands on. Null where nobody counted.",
    )
    cost_usd: float | None = Field(
        None, description="What these CPU seconds cost; null where no price is known."
    )
    analysed_chunks: tuple[int, ...] = Field((), description="Those analysed in this attempt.")
    failures: tuple[ChunkFailure, ...] = ()
    engines: tuple[str, ...] = Field(
        (),
        description="What ran the model for the results that this attempt published: software,"
        " processor or GPU, precision. Empty where no model was asked, or nothing published.",
    )

    def published(self, assembly: Assembly) -> Attempt:
        """The same, as it ended: with what was assembled."""
        ended = {"outcome": assembly.metadata.analysis.status, "engines": assembly.engines}
        return self.model_copy(update=ended)


class RunRecord(Model):
    """``run.json``."""

    schema_name: Literal["flowtag.run/1"] = Field("flowtag.run/1", alias="schema")
    video_id: str
    run_id: str
    chunks: int
    analysed_chunks: tuple[int, ...] = Field(description="Those with a result by then.")
    versions: dict[str, str]
    platform: dict[str, str]
    attempts: tuple[Attempt, ...]


def record_attempt(
    store: ObjectStore,
    plan: Plan,
    attempt: Attempt,
    states: tuple[ChunkState, ...] | None = None,
) -> None:
    """Adds an attempt, which ends now, to a run's record.

    Args:
        store: where the run is.
        plan: of the run.
        attempt: how it went.
        states: of the run's chunks, where they are known already.
    """
    keys = RunKeys.of(plan)
    wall_seconds = (datetime.now(UTC) - attempt.started_at).total_seconds()
    ended = attempt.model_copy(update={"wall_seconds": round(max(wall_seconds, 0.0), 3)})
    states = states or chunk_states(store, plan)
    record = RunRecord(
        video_id=plan.video_id,
        run_id=plan.run_id,
        chunks=len(plan.chunks),
        analysed_chunks=tuple(i for i, state in enumerate(states) if state == "done"),
        versions=_versions(),
        platform=_platform(),
        attempts=(*_earlier_attempts(store, keys), ended),
    )
    store.put(keys.run, readable_json(record))


def _earlier_attempts(store: ObjectStore, keys: RunKeys) -> tuple[Attempt, ...]:
    try:
        return RunRecord.model_validate_json(store.get(keys.run), extra="ignore").attempts
    except (ObjectNotFoundError, ValidationError):
        # A record that cannot be read is no reason to lose a result that can.
        return ()


def _versions() -> dict[str, str]:
    versions = {"flowtag": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        # A function of the cloud has those alone that its step needs.
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    if "av" in versions:
        import av

        versions["ffmpeg"] = str(av.ffmpeg_version_info)
    return versions


def _platform() -> dict[str, str]:
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
    }
