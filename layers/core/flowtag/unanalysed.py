"""The result of a video that was not analysed: an editor must learn why nothing came."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from flowtag import ALGORITHM_VERSION, __version__
from flowtag.contracts.messages import Plan, SourceRef
from flowtag.contracts.metadata import Analysis, Estimator, FrameCounts, MotionMetadata, Video
from flowtag.identity import video_id
from flowtag.settings import AnalysisSettings

Closed = Literal["skipped", "failed"]


def unanalysed(
    source: SourceRef,
    settings: AnalysisSettings,
    status: Closed,
    reason: str,
    plan: Plan | None = None,
) -> MotionMetadata:
    """What ``motion.json`` says of a video of which nothing was analysed.

    Args:
        source: the file.
        settings: by which it would have been analysed.
        status: ``skipped`` where flowtag would not, ``failed`` where it could not.
        reason: why, for people.
        plan: where it got so far; then the file is described as far as it was probed.
    """
    return MotionMetadata(
        schema="flowtag.motion/1",
        video=_video(source, plan),
        analysis=Analysis(
            status=status,
            reason=reason,
            estimator=Estimator(name=settings.flow.estimator, sha256=settings.model_sha256),
            settings=settings.model_dump(mode="json"),
            settings_digest=settings.digest(),
            flowtag_version=__version__,
            algorithm_version=ALGORITHM_VERSION,
            frames=FrameCounts(
                expected=plan.probe.frames_expected if plan else None,
                decoded=0,
                dropped=0,
                repeated=0,
            ),
            gaps=[],
            warnings=list(plan.warnings) if plan else [],
        ),
        shots=[],
        segments=[],
    )


def _video(source: SourceRef, plan: Plan | None) -> Video:
    probe = plan.probe if plan else None
    end_pts = probe.end_pts if probe else None
    return Video(
        id=video_id(source),
        uri=source.uri,
        version_id=source.version_id,
        etag=source.etag,
        size_bytes=source.size_bytes,
        container=probe and probe.container,
        codec=probe and probe.codec,
        width=probe and probe.width,
        height=probe and probe.height,
        rotation=probe and probe.rotation,
        sample_aspect_ratio=probe and _ratio(probe.sample_aspect_ratio),
        pixel_format=probe and probe.pixel_format,
        field_order=probe and probe.field_order,
        time_base=probe and _ratio(probe.time_base),
        frame_rate=probe and _ratio(probe.frame_rate),
        variable_frame_rate=probe and probe.variable_frame_rate,
        start_pts=probe and probe.start_pts,
        duration_seconds=(
            round(float(probe.timeline().seconds(end_pts)), 6)
            if probe is not None and end_pts is not None
            else None
        ),
        frames=None,
        timecode=probe and probe.timeline().timecode(probe.start_pts),
        drop_frame=probe and probe.drop_frame,
    )


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
