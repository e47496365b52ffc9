"""``model.json``: what a model of flow says of itself; ``docs/formats/models.md`` explains it."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field, ValidationError

from flowtag.errors import ModelError
from flowtag.flow.calibration import Calibration
from flowtag.frozen_model import Model
from flowtag.thresholds import ESTIMATOR_PATTERN

MANIFEST_NAME = "model.json"
SHA256_PATTERN = r"^[0-9a-f]{64}$"


class EvaluationFigures(Model):
    """How a model did on pairs whose flow is known; None where it was not measured."""

    data: str = Field(description="Which pairs, and at which size.")
    epe_px: float | None = Field(None, ge=0, description="Mean end-point error.")
    off_1px: float | None = Field(
        None, ge=0, le=1, description="Share of pixels whose error is 1 px or more."
    )
    ece: float | None = Field(
        None, ge=0, le=1, description="Expected calibration error of the confidence."
    )
    auc: float | None = Field(
        None, ge=0, le=1, description="Chance that a right vector is trusted more than a wrong one."
    )


class ModelManifest(Model):
    """All that a host must know to run a model, and whoever chooses one to choose it."""

    schema_name: Literal["flowtag.model/1"] = Field("flowtag.model/1", alias="schema")
    name: str = Field(pattern=ESTIMATOR_PATTERN)
    file: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$", description="The graph, beside model.json."
    )
    sha256: str = Field(pattern=SHA256_PATTERN, description="Of the graph's bytes.")
    licence: str = Field(min_length=1, description="SPDX identifier.")
    source: str = Field(min_length=1, description="How it was made, in one line.")
    colour: Literal["grey", "rgb", "bgr"] = Field(
        "grey", description="Grey: one channel; else three, each the luma."
    )
    mean: float = 0.0
    scale: float = Field(1 / 255, gt=0, description="value = (level - mean) * scale.")
    pad_multiple: int = Field(
        1, ge=1, le=256, description="Pictures are padded to multiples by repeating the border."
    )
    working_size_px: int = Field(
        ge=64, le=1024, description="Longer side at which it runs when it estimates every pair."
    )
    batch_pairs: int = Field(1, ge=1, le=256, description="Pairs at a time, beside a GPU.")
    cpu_seconds_per_megapixel: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Processor seconds on one core, forward and backward, for a million pixels of"
        " a pair's picture; None: not measured.",
    )
    confidence: Literal["calibration", "output"] = Field(
        "calibration", description="From the cues by the calibration, or as the graph puts out."
    )
    calibration: Calibration
    evaluation: tuple[EvaluationFigures, ...] = ()

    @property
    def channels(self) -> int:
        """Of a picture as the graph takes it."""
        return 1 if self.colour == "grey" else 3


def read_manifest(data: bytes, where: str) -> ModelManifest:
    """Reads a ``model.json``.

    Args:
        data: its bytes.
        where: it stands, for the error.

    Raises:
        ModelError: it is none.
    """
    try:
        return ModelManifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        raise ModelError(
            f"{where} describes no model: {place}: {first['msg']}; see docs/formats/models.md"
        ) from error


def sha256_of(data: bytes) -> str:
    """In hexadecimal. A model's digest is that of its ``model.json``, which names its graph's."""
    return hashlib.sha256(data).hexdigest()
