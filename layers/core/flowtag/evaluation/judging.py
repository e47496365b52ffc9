"""Estimates every pair of a data set and holds the flow against what is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from flowtag import __version__
from flowtag.errors import GroundTruthError
from flowtag.evaluation.candidates import Candidate, Estimate, working_pair
from flowtag.evaluation.end_point_errors import (
    ErrorTally,
    end_point_error,
    kinds_of,
    scaled_to,
)
from flowtag.evaluation.flow_files import Mask
from flowtag.evaluation.layouts import KnownPair, PairFiles
from flowtag.evaluation.reliability import (
    TRUSTED_FROM,
    area_under_curve,
    calibration_error,
    reliability,
)
from flowtag.evaluation.results import (
    ConfidenceFigures,
    DataSet,
    ErrorFigures,
    EstimatorResult,
    Evaluation,
    MeanOverScenes,
    SceneResult,
    Timing,
)
from flowtag.flow.field import FloatArray, every, length_of

RIGHT_BELOW_PX = 1.0


@dataclass(frozen=True)
class Entry:
    """A candidate at one working size; None: the frames' own."""

    candidate: Candidate
    size_px: int | None


@dataclass
class _Claims:
    """Confidence of vectors, and whether they are right."""

    claimed: list[FloatArray] = field(default_factory=list)
    right: list[Mask] = field(default_factory=list)

    def figures(self) -> ConfidenceFigures | None:
        claimed = np.concatenate(self.claimed) if self.claimed else np.empty(0, np.float32)
        if not len(claimed):
            return None
        right = np.concatenate(self.right)
        return ConfidenceFigures(
            vectors=len(claimed),
            right=float(np.mean(right)),
            mean=float(np.mean(claimed, dtype=np.float64)),
            coverage=float(np.mean(claimed >= TRUSTED_FROM)),
            ece=calibration_error(claimed, right),
            auc=area_under_curve(claimed, right),
            reliability=reliability(claimed, right),
        )


@dataclass
class _Scene:
    pairs: int = 0
    errors: ErrorTally = field(default_factory=ErrorTally)
    claims: _Claims = field(default_factory=_Claims)


@dataclass
class _Account:
    """All that is found of one entry."""

    entry: Entry
    errors: ErrorTally = field(default_factory=ErrorTally)
    claims: _Claims = field(default_factory=_Claims)
    kinds: dict[str, ErrorTally] = field(default_factory=dict)
    scenes: dict[str, _Scene] = field(default_factory=dict)
    cpu_seconds: list[float] = field(default_factory=list)

    def judge(self, scene_name: str, pair: KnownPair, kinds: dict[str, Mask]) -> None:
        working = working_pair(pair.first, pair.second, self.entry.size_px)
        began = time.process_time()
        estimate = self.entry.candidate.estimate(working)
        self.cpu_seconds.append(time.process_time() - began)
        error = end_point_error(scaled_to(estimate.flow, pair.known.shape), pair.flow)
        speed = length_of(pair.flow[..., 0], pair.flow[..., 1])
        scene = self.scenes.setdefault(scene_name, _Scene())
        scene.pairs += 1
        for tally in (self.errors, scene.errors):
            tally.add(error[pair.known], speed[pair.known])
        for kind, mask in kinds.items():
            inside = mask & pair.known
            self.kinds.setdefault(kind, ErrorTally()).add(error[inside], speed[inside])
        if estimate.confidence is not None:
            claimed, right = claims_of(estimate, estimate.confidence, pair)
            for claims in (self.claims, scene.claims):
                claims.claimed.append(claimed)
                claims.right.append(right)

    def result(self) -> EstimatorResult:
        scenes = tuple(
            SceneResult(
                scene=name,
                pairs=scene.pairs,
                errors=_some(scene.errors),
                confidence=scene.claims.figures(),
            )
            for name, scene in self.scenes.items()
        )
        splits = {kind: tally.figures() for kind, tally in self.kinds.items()}
        return EstimatorResult(
            estimator=self.entry.candidate.name,
            model_sha256=self.entry.candidate.model_sha256,
            working_size_px=self.entry.size_px,
            errors=_some(self.errors),
            mean_over_scenes=MeanOverScenes(
                **{
                    name: fmean(getattr(scene.errors, name) for scene in scenes)
                    for name in MeanOverScenes.model_fields
                }
            ),
            splits={kind: figures for kind, figures in splits.items() if figures is not None},
            confidence=self.claims.figures(),
            scenes=scenes,
        )


def claims_of(
    estimate: Estimate, confidence: FloatArray, pair: KnownPair
) -> tuple[FloatArray, Mask]:
    """What an estimator claims of its vectors where the truth is known, and whether it holds.

    Confidence speaks of px of the working size: the truth is taken at the pixel that lies under
    each vector, and scaled to that size.

    Returns:
        ``(n,)`` confidence, and ``(n,)`` whether the end-point error is below 1 working px.
    """
    grid = every(estimate.step_px)
    height, width = estimate.flow.shape[:2]
    full_height, full_width = pair.known.shape
    # Pixel centres: 0.5 px from a pixel's corner at either size.
    rows = ((np.arange(height)[grid[0]] + 0.5) * full_height / height).astype(int)
    columns = ((np.arange(width)[grid[1]] + 0.5) * full_width / width).astype(int)
    under = np.ix_(rows, columns)
    factors = np.array([width / full_width, height / full_height], dtype=np.float32)
    error = end_point_error(estimate.flow[grid], pair.flow[under] * factors)
    known = pair.known[under]
    return confidence[known], np.asarray(error[known] < RIGHT_BELOW_PX)


def evaluate(
    entries: Sequence[Entry],
    name: str,
    layout: str,
    pairs: Sequence[PairFiles],
    on_pair: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Evaluates estimators, each pair's files being read once.

    Args:
        entries: what is evaluated, at least one.
        name: of the data set.
        layout: of the data set.
        pairs: at least one.
        on_pair: called with the number of pairs that all entries are done with.

    Raises:
        GroundTruthError: a file is missing or damaged.
    """
    if not pairs:
        raise GroundTruthError(f"{name}: there is no pair to evaluate on")
    accounts = [_Account(entry) for entry in entries]
    for done, files in enumerate(pairs, 1):
        pair = files.read()
        kinds = kinds_of(pair)
        for account in accounts:
            account.judge(files.scene, pair, kinds)
        on_pair(done)
    results = sorted((account.result() for account in accounts), key=lambda r: r.errors.epe_px)
    return Evaluation(
        flowtag_version=__version__,
        data=DataSet(
            name=name,
            layout=layout,
            scenes=len({files.scene for files in pairs}),
            pairs=len(pairs),
        ),
        results=tuple(results),
        timings=tuple(
            Timing(
                estimator=account.entry.candidate.name,
                working_size_px=account.entry.size_px,
                cpu_seconds_per_pair=fmean(account.cpu_seconds),
            )
            for account in accounts
        ),
    )


def _some(tally: ErrorTally) -> ErrorFigures:
    figures = tally.figures()
    # A pair without a known pixel is refused when it is read.
    assert figures is not None
    return figures
