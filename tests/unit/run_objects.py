"""Small real objects of a run, for tests of what is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from flowtag import ALGORITHM_VERSION, __version__
from flowtag.contracts.chunkfile import ChunkMeta, ChunkResult, DecodeSummary, write_chunk
from flowtag.contracts.features import FRAME_DTYPE, GRID_SHAPE, PAIR_DTYPE, SIGNATURE_SHAPE
from flowtag.contracts.messages import ChunkRange, ChunkTask, Plan, SourceRef, VideoProbe
from flowtag.contracts.metadata import (
    Analysis,
    Camera,
    Confidence,
    Estimator,
    FrameCounts,
    Gap,
    Instant,
    Motion,
    MotionMetadata,
    Peak,
    Segment,
    Shot,
    Status,
    Subject,
    Transition,
    Video,
)
from flowtag.identity import run_id, video_id
from flowtag.settings import AnalysisSettings, ExecutionSettings

CHUNK_PTS = 100
FRAME_RATE = 25


def make_source(name: str = "Take 2.mov", content: str = "first") -> SourceRef:
    return SourceRef(uri=f"/media/{name}", name=name, size_bytes=1, content_id=content)


def make_probe(chunks: int = 3) -> VideoProbe:
    return VideoProbe(
        container="mov",
        codec="h264",
        stream_index=0,
        width=64,
        height=36,
        pixel_format="yuv420p",
        time_base=Fraction(1, FRAME_RATE),
        frame_rate=Fraction(FRAME_RATE),
        start_pts=0,
        end_pts=chunks * CHUNK_PTS,
        frames_expected=chunks * CHUNK_PTS,
    )


def make_plan(
    chunks: int = 3,
    source: SourceRef | None = None,
    settings: AnalysisSettings | None = None,
    execution: ExecutionSettings | None = None,
) -> Plan:
    """A plan of equal chunks, open at both ends as plans of whole videos are."""
    source = source or make_source()
    settings = settings or AnalysisSettings()
    edges = [None, *(CHUNK_PTS * i for i in range(1, chunks)), None]
    return Plan(
        run_id=run_id(source, settings, ALGORITHM_VERSION),
        video_id=video_id(source),
        source=source,
        probe=make_probe(chunks),
        index_source="container",
        settings=settings,
        settings_digest=settings.digest(),
        execution=execution or ExecutionSettings(),
        algorithm_version=ALGORITHM_VERSION,
        flowtag_version=__version__,
        chunks=tuple(ChunkRange(start_pts=edges[i], end_pts=edges[i + 1]) for i in range(chunks)),
    )


def make_chunk(task: ChunkTask) -> bytes:
    """A chunk file that answers a task, with nothing in it."""
    meta = ChunkMeta(
        task_digest=task.digest(),
        index=task.index,
        working_width_px=64,
        working_height_px=36,
        decode=DecodeSummary(),
    )
    return write_chunk(
        ChunkResult(
            meta=meta,
            frames=np.zeros(0, FRAME_DTYPE),
            pairs=np.zeros(0, PAIR_DTYPE),
            signatures=np.zeros((0, *SIGNATURE_SHAPE), np.uint8),
            stills={},
            grid_pts=np.zeros(0, np.int64),
            grids=np.zeros((0, *GRID_SHAPE, 3), np.int8),
            grid_scales=np.zeros(0, np.float32),
        )
    )


def instant(pts: int) -> Instant:
    seconds = pts / FRAME_RATE
    clock = f"00:00:{pts // FRAME_RATE:02d}:{pts % FRAME_RATE:02d}"
    return Instant(pts=pts, seconds=seconds, frame=pts, timecode=clock)


def make_gap(start: int, end: int, reason: str = "chunk_failed: no reason") -> Gap:
    return Gap(start=instant(start), end=instant(end), reason=reason)


def make_metadata(
    plan: Plan,
    failed: Sequence[int] = (),
    *,
    status: Status | None = None,
    gaps: Sequence[Gap] = (),
    name: str | None = None,
) -> MotionMetadata:
    """What assembly would say of a plan some of whose chunks failed."""
    found = [make_gap(i * CHUNK_PTS, (i + 1) * CHUNK_PTS) for i in failed]
    end = len(plan.chunks) * CHUNK_PTS
    return MotionMetadata(
        schema="flowtag.motion/1",
        video=make_video(plan, name),
        analysis=Analysis(
            status=status or ("partial" if failed or gaps else "complete"),
            estimator=Estimator(name="dis", sha256=None),
            settings={},
            settings_digest=plan.settings_digest,
            flowtag_version=plan.flowtag_version,
            algorithm_version=plan.algorithm_version,
            frames=FrameCounts(expected=end, decoded=end, dropped=0, repeated=0),
            gaps=[*found, *gaps],
            warnings=[],
        ),
        shots=[
            Shot(
                index=0,
                start=instant(0),
                end=instant(end),
                transition=Transition(kind="start", start=instant(0), end=instant(0)),
                flags=[],
            )
        ],
        segments=[make_segment(end)],
    )


def make_video(plan: Plan, name: str | None = None) -> Video:
    return Video(
        id=plan.video_id,
        uri=f"/media/{name}" if name else plan.source.uri,
        version_id=None,
        etag=None,
        size_bytes=1,
        container="mov",
        codec="h264",
        width=64,
        height=36,
        rotation=0,
        sample_aspect_ratio="1/1",
        pixel_format="yuv420p",
        field_order="progressive",
        time_base=f"1/{FRAME_RATE}",
        frame_rate=f"{FRAME_RATE}/1",
        variable_frame_rate=False,
        start_pts=0,
        duration_seconds=len(plan.chunks) * CHUNK_PTS / FRAME_RATE,
        frames=len(plan.chunks) * CHUNK_PTS,
        timecode="00:00:00:00",
        drop_frame=False,
    )


def make_segment(end: int) -> Segment:
    return Segment(
        index=0,
        shot=0,
        start=instant(0),
        end=instant(end),
        motion=Motion(
            level="high",
            activity=4,
            speed=0.21,
            speed_p95=0.5,
            moving_area=0.35,
            direction=180.0,
            direction_histogram=None,
        ),
        camera=Camera(
            labels=["pan_right"],
            pan=0.31,
            tilt=0.0,
            zoom=0.0,
            roll=0.0,
            steadiness="smooth",
            shake=0.004,
            confidence=0.97,
        ),
        subject=Subject(level="low", speed=0.02, area=0.06, centroid=(0.5, 0.5)),
        peak=Peak(pts=50, seconds=2.0, frame=50, timecode="00:00:02:00", speed=0.6),
        confidence=Confidence(mean=0.93, coverage=0.88),
        flags=["low_light"],
        thumbnail=None,
    )
