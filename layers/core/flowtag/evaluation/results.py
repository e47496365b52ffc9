"""``evaluation.json``: how estimators did on a data set; ``docs/formats/evaluation.md``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flowtag.evaluation.reliability import ReliabilityBin
from flowtag.frozen_model import Model


class ErrorFigures(Model):
    """End-point errors of some pixels, px of the truth's size."""

    pixels: int
    epe_px: float = Field(description="Mean end-point error.")
    median_px: float = Field(description="To 0.01 px.")
    off_1px: float = Field(description="Share of pixels that are off by more than 1 px.")
    off_3px: float
    off_5px: float
    fl: float = Field(description="KITTI's Fl: off by more than 3 px and 5% of the truth.")


class ConfidenceFigures(Model):
    """How far confidence is the probability of an error below 1 px of the working size."""

    vectors: int
    right: float = Field(description="Share of vectors whose error is below 1 working px.")
    mean: float
    coverage: float = Field(description="Share of vectors of confidence 0.5 and more.")
    ece: float = Field(description="Expected calibration error, ten bins.")
    auc: float | None = Field(description="None where all are right, or all wrong.")
    reliability: tuple[ReliabilityBin, ...]


class MeanOverScenes(Model):
    """Each scene counts once, however many pixels it has."""

    epe_px: float
    off_1px: float
    off_3px: float
    off_5px: float
    fl: float


class SceneResult(Model):
    """One scene."""

    scene: str
    pairs: int
    errors: ErrorFigures
    confidence: ConfidenceFigures | None


class EstimatorResult(Model):
    """One estimator at one size."""

    estimator: str
    model_sha256: str | None = None
    working_size_px: int | None = Field(description="Longer side; None: the frames' own size.")
    errors: ErrorFigures = Field(description="Over all pixels, each counted once.")
    mean_over_scenes: MeanOverScenes
    splits: dict[str, ErrorFigures] = Field(description="Over all pixels of a kind.")
    confidence: ConfidenceFigures | None = Field(description="Over all vectors; None: it has none.")
    scenes: tuple[SceneResult, ...]

    @property
    def size_text(self) -> str:
        """For people."""
        return "native" if self.working_size_px is None else f"{self.working_size_px}"


class Timing(Model):
    """What a pair took, without reading and scaling it."""

    estimator: str
    working_size_px: int | None
    cpu_seconds_per_pair: float


class DataSet(Model):
    """What was measured on."""

    name: str = Field(description="The folder's name.")
    layout: str
    scenes: int
    pairs: int


class Evaluation(Model):
    """All of it. Everything but ``timings`` is the same in every run on one platform."""

    schema_name: Literal["flowtag.evaluation/1"] = Field("flowtag.evaluation/1", alias="schema")
    flowtag_version: str
    data: DataSet
    results: tuple[EstimatorResult, ...] = Field(description="The smallest error first.")
    timings: tuple[Timing, ...]

    def timing_of(self, result: EstimatorResult) -> float:
        """Processor seconds a pair."""
        wanted = (result.estimator, result.working_size_px)
        return next(
            timing.cpu_seconds_per_pair
            for timing in self.timings
            if (timing.estimator, timing.working_size_px) == wanted
        )
