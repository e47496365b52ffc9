"""What the runner tells of its inputs: how far each is, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from flowtag.places import Address

OutcomeStatus = Literal["tagged", "partial", "already_done", "skipped", "failed", "interrupted"]
Stage = Literal["arriving", "planning", "analysing", "assembling", "proxy", "report", "export"]


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    Attributes:
        input: as it was given.
        status: ``partial`` is tagged too, with gaps; ``already_done`` was tagged before.
        motion: its motion.json, where there is one to read.
        proxy: its playable copy, where one was asked for and made.
        report: its page, where one was asked for and made.
        code: stable name of what went wrong, for programs.
        reason: what went wrong, for people.
        details: a traceback, for those who mend flowtag.
        storage_failed: it was the folder of results that failed: the same may work later.
    """

    input: Address
    status: OutcomeStatus
    video_id: str | None = None
    run_id: str | None = None
    motion: Address | None = None
    proxy: Address | None = None
    report: Address | None = None
    code: str | None = None
    reason: str | None = None
    details: str = ""
    storage_failed: bool = False

    @property
    def is_tagged(self) -> bool:
        """Whether there are tags to work with."""
        return self.status in ("tagged", "partial", "already_done")

    @property
    def is_as_asked(self) -> bool:
        """Whether there is all that was asked for: tags, and copy and page if they were."""
        return self.is_tagged and self.code is None


@dataclass(frozen=True)
class Progress:
    """How far one video is.

    Attributes:
        stage: ``arriving``: not at rest yet; ``proxy``, ``report``: its playable copy, its page is
            being made.
        frames_expected: None where the container does not say.
        seconds_done: of the video, analysed since this attempt began.
        seconds_left: of the video, None where unknown.
        elapsed_seconds: of the clock on the wall, since its first frames were done.
    """

    input: Address
    stage: Stage
    frames_done: int = 0
    frames_expected: int | None = None
    seconds_done: float = 0.0
    seconds_left: float | None = None
    elapsed_seconds: float = 0.0


class Watcher(Protocol):
    """Who is told."""

    def progressed(self, videos: Sequence[Progress]) -> None:
        """Several times a second: how far the videos in work are."""
        ...

    def settled(self, outcome: Outcome) -> None:
        """Once per input, as soon as it is known what became of it."""
        ...
