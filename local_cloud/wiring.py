"""What of a template runs here, and what is connected to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Function:
    """A Lambda function.

    Attributes:
        name: its logical id.
        handler: module and function; of an image, its command.
        folder: where its code lies; None for an image, whose code is the checkout's.
        timeout_seconds: how long one invocation may take.
        memory_mb: what it is given.
        environment: its variables.
        reserved: the most invocations at once, if it says so.
        retries: how often an asynchronous invocation that failed is repeated.
        on_failure: ARN of where such an invocation goes in the end; may be empty.
    """

    name: str
    handler: str
    folder: Path | None
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    reserved: int | None
    retries: int
    on_failure: str


@dataclass(frozen=True)
class QueueSpec:
    """A queue; ``dead_letters`` is the ARN of another, or empty."""

    name: str
    arn: str
    visibility_seconds: float
    dead_letters: str
    most_receives: int


@dataclass(frozen=True)
class BucketSpec:
    """A bucket, whether EventBridge hears of it, and what web pages of other origins may do."""

    name: str
    tells: bool
    versioned: bool
    cors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class RuleSpec:
    """An EventBridge rule and the ARNs of its targets."""

    name: str
    bus: str
    pattern: Mapping[str, Any]
    targets: tuple[str, ...]


@dataclass(frozen=True)
class SourceSpec:
    """A queue that a function is fed from."""

    queue: str
    function: str
    batch_size: int
    window_seconds: float
    reports_failures: bool
    most_at_once: int | None


@dataclass(frozen=True)
class ScheduleSpec:
    """A function that is invoked from time to time; with ``payload`` if that is given."""

    name: str
    function: str
    every_seconds: float
    payload: str | None


@dataclass(frozen=True)
class Route:
    """A route of the HTTP API.

    Attributes:
        key: as API Gateway has it, such as ``GET /videos/{id}``, or ``$default``.
        method: may be ANY.
        path: with names in braces; ``$default`` fits all.
        function: who answers.
        is_open: whether anybody may use it.
    """

    key: str
    method: str
    path: str
    function: str
    is_open: bool


@dataclass(frozen=True)
class Authorizer:
    """Who may use the HTTP API: holders of tokens, or of AWS keys where there is no issuer."""

    issuer: str
    audience: tuple[str, ...]


@dataclass(frozen=True)
class Cors:
    """Which web pages of other origins may use the HTTP API, and how; no origins, none."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    seconds: int = 0


@dataclass(frozen=True)
class Wiring:
    """Everything that a template has to run."""

    functions: Mapping[str, Function]
    queues: tuple[QueueSpec, ...]
    buckets: tuple[BucketSpec, ...]
    rules: tuple[RuleSpec, ...]
    sources: tuple[SourceSpec, ...]
    schedules: tuple[ScheduleSpec, ...]
    routes: tuple[Route, ...]
    authorizer: Authorizer
    cors: Cors

    def bucket(self, name: str) -> BucketSpec | None:
        """The bucket of a name, if the template has it."""
        return next((each for each in self.buckets if each.name == name), None)


def named(items: Iterable[Function]) -> dict[str, Function]:
    """Functions by their names."""
    return {each.name: each for each in items}
