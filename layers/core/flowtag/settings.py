"""What may be chosen. Analysis settings are part of a run's identity, execution settings not."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from flowtag.frozen_model import Model
from flowtag.thresholds import ESTIMATOR_PATTERN, RefineSettings, Thresholds

Preset = Literal["fast", "balanced", "best"]


def _to_fraction(value: Any) -> Any:
    return Fraction(value) if isinstance(value, (str, int)) else value


Rational = Annotated[
    Fraction,
    BeforeValidator(_to_fraction),
    PlainSerializer(lambda value: f"{value.numerator}/{value.denominator}", return_type=str),
    Field(json_schema_extra={"type": "string", "pattern": r"^-?\d+/\d+$"}),
]
"""A Fraction that stands in JSON as "numerator/denominator"."""


class FlowSettings(Model):
    """How flow is estimated between two small grey frames.

    By OpenCV's DIS (Kroeger et al. 2016), or by a model of that name, which
    ``AnalysisSettings.model_sha256`` pins.
    """

    estimator: str = Field("dis", pattern=ESTIMATOR_PATTERN)
    working_size_px: int = Field(256, ge=64, le=1024, description="Longer side of the small frame.")
    pairs_per_second: Rational = Field(
        Fraction(25, 2), gt=0, description="Aimed-at rate of frame pairs; never above the video's."
    )
    finest_scale: int = Field(1, ge=0, le=3, description="DIS: 0 estimates at full working size.")
    patch_stride_px: int = Field(5, ge=1, le=8)
    gradient_steps: int = Field(6, ge=1, le=64)
    refinement_steps: int = Field(0, ge=0, le=20, description="DIS variational refinement.")
    grid_step_px: int = Field(4, ge=1, le=16, description="Vectors are kept every so many pixels.")


class DecodingSettings(Model):
    """Which frames are decoded."""

    skip_unreferenced: bool = Field(
        False,
        description="Frames from which no other is predicted are left out, but for those of pairs"
        " and around candidate edits.",
    )


class AnalysisSettings(Model):
    """All that decides the numbers of a run; its digest is part of the run's identity."""

    preset: Preset = "balanced"
    range_seconds: tuple[Rational, Rational | None] | None = Field(
        None, description="Analyse only [start, end) of the video; None at the end: to its end."
    )
    model_sha256: str | None = Field(
        None, description="Digest of the model that estimates flow: SHA-256 of its model.json."
    )
    flow: FlowSettings = FlowSettings()
    decoding: DecodingSettings = DecodingSettings()
    refine: RefineSettings | None = Field(
        None, description="Which pairs a model estimates again after DIS; None: none."
    )
    thresholds: Thresholds = Thresholds()

    @classmethod
    def for_preset(
        cls, preset: Preset, range_seconds: tuple[Fraction, Fraction | None] | None = None
    ) -> AnalysisSettings:
        """The settings of a named preset, for the whole video or a range of it in seconds."""
        return cls(
            preset=preset,
            flow=PRESETS[preset],
            decoding=DECODING[preset],
            range_seconds=range_seconds,
        )

    def with_model(self, name: str, sha256: str, working_size_px: int) -> AnalysisSettings:
        """The same, but every pair's flow is estimated by a model, at the size that suits it."""
        flow = self.flow.model_copy(update={"estimator": name, "working_size_px": working_size_px})
        return self.model_copy(update={"flow": flow, "model_sha256": sha256})

    def with_refining(self, name: str, sha256: str) -> AnalysisSettings:
        """The same, but a model estimates those pairs again that DIS leaves in doubt."""
        return self.model_copy(update={"refine": RefineSettings(model=name, model_sha256=sha256)})

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of these settings, in hexadecimal."""
        return canonical_digest(self.model_dump(mode="json"))


PRESETS: dict[Preset, FlowSettings] = {
    "fast": FlowSettings(working_size_px=192, pairs_per_second=Fraction(27, 4)),
    "balanced": FlowSettings(),
    "best": FlowSettings(
        working_size_px=480,
        pairs_per_second=Fraction(25),
        finest_scale=1,
        patch_stride_px=3,
        gradient_steps=25,
        refinement_steps=5,
    ),
}


DECODING: dict[Preset, DecodingSettings] = {
    "fast": DecodingSettings(skip_unreferenced=True),
    "balanced": DecodingSettings(),
    "best": DecodingSettings(),
}


class ExecutionSettings(Model):
    """How a run is carried out. In no digest: results never depend on any of these."""

    chunk_seconds: Rational = Field(Fraction(60), gt=0, description="Length of a unit of work.")
    chunk_cpu_seconds: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Estimated processor seconds that a chunk may take; shortens chunks.",
    )
    model_cpu_seconds_per_megapixel: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="What the model takes, as its manifest says, where one estimates flow or"
        " refines it.",
    )
    jobs: int = Field(1, ge=1, description="Chunks analysed at a time, a process each.")
    chunk_timeout_seconds: float = Field(
        900.0,
        gt=0,
        allow_inf_nan=False,
        description="Wall-clock bound of one chunk, by which the plan divides; a chunk past it"
        " becomes a gap.",
    )
    memory_limit_mb: int = Field(
        4096, ge=512, description="Address space of one job; a chunk past it becomes a gap."
    )


def canonical_json(value: Any) -> bytes:
    """The one way in which flowtag writes JSON that is digested: sorted, compact, UTF-8."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def canonical_digest(value: Any) -> str:
    """SHA-256 of :func:`canonical_json`, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
