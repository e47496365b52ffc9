"""The three functions that every host wraps: plan a video, analyse a chunk, assemble a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flowtag.contracts.messages import ChunkTask, Plan, SourceRef
from flowtag.settings import AnalysisSettings, ExecutionSettings


def plan_video(
    path: Path, source: SourceRef, settings: AnalysisSettings, execution: ExecutionSettings
) -> Plan:
    """Probes a video and divides it into chunks; decodes nothing."""
    raise NotImplementedError


def analyze_chunk(
    task: ChunkTask, path: Path, on_progress: Callable[[int], None] | None = None
) -> bytes:
    """Analyses one chunk; returns the bytes of its ``.npz``.

    Args:
        task: what to analyse.
        path: the video as a local file.
        on_progress: called now and then with the number of frames done so far.
    """
    raise NotImplementedError
