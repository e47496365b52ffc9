"""The three steps of a run carried out in memory: plan, analyse every chunk, assemble."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from flowtag.contracts.messages import Plan, SourceRef
from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.pipeline import Assembly, analyze_chunk, assemble, plan_video
from flowtag.runs import readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings

WHOLE = Fraction(3600)


@dataclass(frozen=True)
class Tagged:
    """A run.

    Attributes:
        plan: what was to be done.
        chunks: by index, what each chunk became; of a chunk that is missing, nothing.
        assembly: what was made of them.
    """

    plan: Plan
    chunks: Mapping[int, bytes]
    assembly: Assembly

    @property
    def metadata(self) -> MotionMetadata:
        """What an editor reads."""
        return self.assembly.metadata

    @property
    def motion_json(self) -> bytes:
        """What an editor reads, as it is written."""
        return readable_json(self.metadata)

    @property
    def json(self) -> dict[str, Any]:
        """What a reader that knows no models sees."""
        value = json.loads(self.motion_json)
        assert isinstance(value, dict)
        return value

    @property
    def segments(self) -> list[Segment]:
        """The segments."""
        return self.metadata.segments

    @property
    def only(self) -> Segment:
        """The one segment that there is."""
        (segment,) = self.segments
        return segment

    @property
    def edits(self) -> list[tuple[str, int, int]]:
        """Kind, first and last frame of every edit."""
        found = [shot.transition for shot in self.metadata.shots[1:]]
        return [(edit.kind, edit.start.frame, edit.end.frame) for edit in found]

    def again_with(self, chunks: Mapping[int, bytes]) -> Tagged:
        """The same run, assembled of other chunks."""
        return Tagged(self.plan, chunks, assemble(self.plan, chunks.get))


def plan_of(
    path: Path,
    chunk_seconds: Fraction = WHOLE,
    settings: AnalysisSettings | None = None,
    chunk_timeout_seconds: float = 900,
) -> Plan:
    """Plans a file."""
    source = SourceRef(
        uri=f"/media/{path.name}", name=path.name, size_bytes=path.stat().st_size, content_id="c"
    )
    execution = ExecutionSettings(
        chunk_seconds=chunk_seconds, chunk_timeout_seconds=chunk_timeout_seconds
    )
    return plan_video(path, source, settings or AnalysisSettings(), execution)


def tag(
    path: Path,
    chunk_seconds: Fraction = WHOLE,
    settings: AnalysisSettings | None = None,
    order: Callable[[int], Iterable[int]] = range,
    chunk_timeout_seconds: float = 900,
) -> Tagged:
    """Tags a file.

    Args:
        path: the file.
        chunk_seconds: aimed-at length of a chunk; all in one by default.
        settings: the standard ones by default.
        order: in which so many chunks are analysed.
        chunk_timeout_seconds: what a worker has for a chunk; too little divides between key frames.
    """
    plan = plan_of(path, chunk_seconds, settings, chunk_timeout_seconds)
    chunks = {i: analyze_chunk(plan.task(i), path) for i in order(len(plan.chunks))}
    return Tagged(plan, chunks, assemble(plan, chunks.get))
