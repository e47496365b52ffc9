"""What may be chosen. Analysis settings are part of a run's identity; execution settings are not.

Every threshold stands once, here, with the reason for its value; ``docs/thresholds.md`` is written
from this table and a test keeps the two in step.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

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


class Model(BaseModel):
    """Base of all of flowtag's models: frozen, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class FlowSettings(Model):
    """How flow is estimated between two small grey frames (OpenCV DIS; Kroeger et al. 2016)."""

    estimator: Literal["dis"] = "dis"
    working_size_px: int = Field(256, ge=64, le=1024, description="Longer side of the small frame.")
    pairs_per_second: Rational = Field(
        Fraction(25, 2), gt=0, description="Aimed-at rate of frame pairs; never above the video's."
    )
    finest_scale: int = Field(1, ge=0, le=3, description="DIS: 0 estimates at full working size.")
    patch_stride_px: int = Field(5, ge=1, le=8)
    gradient_steps: int = Field(12, ge=1, le=64)
    refinement_steps: int = Field(0, ge=0, le=20, description="DIS variational refinement.")
    grid_step_px: int = Field(4, ge=1, le=16, description="Vectors are kept every so many pixels.")


class AnalysisSettings(Model):
    """All that decides the numbers of a run; its digest is part of the run's identity."""

    preset: Preset = "balanced"
    range_seconds: tuple[Rational, Rational | None] | None = Field(
        None, description="Analyse only [start, end) of the video; None at the end: to its end."
    )
    model_sha256: str | None = Field(None, description="Digest of a learned model's weights.")
    flow: FlowSettings = FlowSettings()

    @classmethod
    def for_preset(
        cls, preset: Preset, range_seconds: tuple[Fraction, Fraction | None] | None = None
    ) -> AnalysisSettings:
        """The settings of a named preset, for the whole video or a range of it in seconds."""
        return cls(preset=preset, flow=PRESETS[preset], range_seconds=range_seconds)

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of these settings, in hexadecimal."""
        return canonical_digest(self.model_dump(mode="json"))


PRESETS: dict[Preset, FlowSettings] = {
    "fast": FlowSettings(working_size_px=192, pairs_per_second=Fraction(8)),
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


class ExecutionSettings(Model):
    """How a run is carried out. In no digest: results never depend on any of these."""

    chunk_seconds: Rational = Field(Fraction(60), gt=0, description="Length of a unit of work.")
    jobs: int = Field(1, ge=1, description="Chunks analysed at a time, a process each.")
    chunk_timeout_seconds: float = Field(
        900.0, gt=0, description="Wall-clock bound of one chunk; a chunk past it becomes a gap."
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
