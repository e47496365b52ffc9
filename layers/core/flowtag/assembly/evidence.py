"""Which pairs of a run are kept to be looked at, and what is said of each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from flowtag.assembly.account import instant
from flowtag.assembly.segment_tags import known
from flowtag.assembly.stitching import StitchedRun
from flowtag.contracts.evidence import (
    EVIDENCE_INDEX,
    EvidenceIndex,
    EvidencePair,
    EvidenceSample,
    Reason,
    read_sample,
)
from flowtag.contracts.features import PairGate, light_change
from flowtag.contracts.messages import Plan
from flowtag.contracts.metadata import Segment
from flowtag.edits.edit import Edit
from flowtag.least_trusted import EvidenceCells
from flowtag.runs import readable_json
from flowtag.thresholds import RefineSettings, Thresholds

# A quarter of the picture is more than a subject's edges and what leaves the picture.
_LARGE_SHARE = 0.25
_DISAGREEING_PX = 1.0
_DIFFERENT_LEVELS = 10.0
# Within one pair, of the picture's width: DIS's coarsest level follows about as far.
_FAR_WIDTHS = 0.08


def evidence_of(
    run: StitchedRun, plan: Plan, segments: Sequence[Segment], edits: Sequence[Edit]
) -> dict[str, bytes]:
    """The objects under ``evidence/`` by name; none where no pair is kept.

    Args:
        run: the stitched run.
        plan: of the run.
        segments: of the run, in order.
        edits: of the run, in order.
    """
    if not run.evidence_chunks:
        return {}
    files: dict[str, bytes] = {}
    pairs = []
    for place, doubt in enumerate(run.evidence_chunks):
        name = f"evidence/{place:04d}.npz"
        row, files[name] = run.evidence(doubt)
        pairs.append(_described(name, row, read_sample(files[name]), run, plan, segments, edits))
    index = EvidenceIndex(
        schema="flowtag.evidence/1",
        estimator=plan.settings.flow.estimator,
        cell_seconds=EvidenceCells(plan.probe, plan.settings).seconds,
        pairs=pairs,
    )
    return {EVIDENCE_INDEX: readable_json(index), **files}


def reasons_of(
    row: np.void, sample: EvidenceSample, edit: Edit | None, limits: Thresholds
) -> list[Reason]:
    """Why a pair's flow may not be trusted, as far as its numbers tell; the strongest first."""
    lengths = np.hypot(sample.vectors[..., 0], sample.vectors[..., 1])
    width_px = sample.vectors.shape[1] * sample.step_px
    change = float(light_change(row["gain"], row["offset"], row["luma"]))
    found: dict[Reason, bool] = {
        "edit": edit is not None,
        "light_change": abs(change) > limits.photometric_change,
        "dark": float(row["luma"]) < limits.low_light,
        "little_texture": float(row["texture"]) < limits.low_texture,
        "far": float(np.median(lengths)) > _FAR_WIDTHS * width_px,
        "directions_disagree": float(np.mean(sample.round_trip_px > _DISAGREEING_PX))
        > _LARGE_SHARE,
        "looks_differ": float(np.mean(sample.residual > _DIFFERENT_LEVELS)) > _LARGE_SHARE,
    }
    return [reason for reason, holds in found.items() if holds]


def _described(
    name: str,
    row: np.void,
    sample: EvidenceSample,
    run: StitchedRun,
    plan: Plan,
    segments: Sequence[Segment],
    edits: Sequence[Edit],
) -> EvidencePair:
    timeline, limits = plan.probe.timeline(), plan.settings.thresholds
    pts, second_pts = int(row["pts"]), int(row["second_pts"])
    edit = _edit_between(run, edits, pts, second_pts)
    return EvidencePair(
        name=name,
        start=instant(timeline, pts),
        end=instant(timeline, second_pts),
        segment=_segment_at(segments, pts),
        edit=None if edit is None else edit.kind,
        confidence=round(float(row["confidence"]), 4),
        coverage=round(float(row["coverage"]), 4),
        texture=round(float(row["texture"]), 4),
        camera_confidence=known(float(row["camera_confidence"]), 4),
        speed=known(float(row["speed"]), 4),
        luma=known(float(row["luma"]), 1),
        light_change=known(float(light_change(row["gain"], row["offset"], row["luma"])), 4),
        reasons=reasons_of(row, sample, edit, limits),
        refined_by=_refined_by(row, plan.settings.refine),
    )


def _refined_by(row: np.void, refine: RefineSettings | None) -> str | None:
    return refine.model if refine is not None and row["gate"] & PairGate.REFINED else None


def _edit_between(
    run: StitchedRun, edits: Sequence[Edit], pts: int, second_pts: int
) -> Edit | None:
    first, second = (int(i) for i in np.searchsorted(run.frames.pts, [pts, second_pts]))
    return next((one for one in edits if first < one.end and second >= one.start), None)


def _segment_at(segments: Sequence[Segment], pts: int) -> int | None:
    at = bisect_right([segment.start.pts for segment in segments], pts) - 1
    return segments[at].index if at >= 0 and pts < segments[at].end.pts else None
