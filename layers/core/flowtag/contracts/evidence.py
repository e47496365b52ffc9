"""``evidence/`` of a run: what the least trusted pairs looked like, and what was made of them.

``index.json`` lists them with their numbers, the least trusted first; each has an ``NNNN.npz`` with
both working frames and the flow between them. A worker writes that file, assembly passes it on.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from flowtag.contracts.metadata import Instant
from flowtag.errors import ContractError
from flowtag.frozen_model import Model

EVIDENCE_INDEX = "evidence/index.json"

Reason = Literal[
    "edit", "light_change", "dark", "little_texture", "far", "directions_disagree", "looks_differ"
]
"""Why a pair's flow may not be trusted, as far as its numbers tell."""

_VECTOR_UNITS_PER_PX = 32
_ROUND_TRIP_UNITS_PER_PX = 16
_RESIDUAL_UNITS_PER_LEVEL = 2
_CONFIDENCE_UNITS = 255
_GRIDS = ("confidence", "round_trip", "residual", "texture")


class EvidencePair(Model):
    """A pair that is kept as evidence; rates and units as in ``motion.json``.

    Attributes:
        name: its file beside ``motion.json``, e.g. ``evidence/0000.npz``.
        start: the first frame, and ``end`` the second.
        segment: index of the segment that the first frame is in; None: of none.
        edit: the edit that the pair lies in or across; None: there is none.
        speed: None where nothing was trusted.
        light_change: of the mean brightness, relative to the first frame's.
        reasons: why its flow may not be trusted; empty where the numbers name no cause.
        refined_by: the model whose flow this is; None: the run's estimator's.
    """

    name: str
    start: Instant
    end: Instant
    segment: int | None
    edit: Literal["cut", "dissolve", "fade"] | None
    confidence: float
    coverage: float
    texture: float
    camera_confidence: float | None
    speed: float | None
    luma: float | None
    light_change: float | None
    reasons: list[Reason]
    refined_by: str | None = None


class EvidenceIndex(Model):
    """``evidence/index.json``; ``pairs`` holds the least trusted first."""

    schema_name: Literal["flowtag.evidence/1"] = Field("flowtag.evidence/1", alias="schema")
    estimator: str
    cell_seconds: int
    pairs: list[EvidencePair]


@dataclass(frozen=True, slots=True)
class EvidenceSample:
    """What the worker saw of one pair.

    Attributes:
        pts: of the first frame, and ``second_pts`` of the second.
        step_px: distance of the grid's points, px of the working size.
        first: the first working frame as a grey JPEG, and ``second`` the second.
        vectors: ``(rows, columns, 2)`` float32, px per pair, x right, y down, to 1/32 px.
        confidence: ``(rows, columns)`` float32, 0 to 1, to 1/255.
        round_trip_px: ``(rows, columns)`` float32, to 1/16 px; 15.9 and more read as 15.9.
        residual: ``(rows, columns)`` float32, grey levels, to half a level, at most 127.5.
        texture: ``(rows, columns)`` float32, square root of the field's texture, whole grey
            levels per px, at most 255.
    """

    pts: int
    second_pts: int
    step_px: int
    first: bytes
    second: bytes
    vectors: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]
    round_trip_px: npt.NDArray[np.float32]
    residual: npt.NDArray[np.float32]
    texture: npt.NDArray[np.float32]


def write_sample(sample: EvidenceSample) -> bytes:
    """The bytes of ``NNNN.npz``; the same for the same sample."""
    buffer = io.BytesIO()
    vectors = np.clip(np.rint(sample.vectors * _VECTOR_UNITS_PER_PX), -32767, 32767)
    np.savez_compressed(
        buffer,
        times=np.array([sample.pts, sample.second_pts], dtype=np.int64),
        step_px=np.array(sample.step_px, dtype=np.int64),
        first=np.frombuffer(sample.first, dtype=np.uint8),
        second=np.frombuffer(sample.second, dtype=np.uint8),
        vectors=vectors.astype(np.int16),
        confidence=_in_a_byte(sample.confidence, _CONFIDENCE_UNITS),
        round_trip=_in_a_byte(sample.round_trip_px, _ROUND_TRIP_UNITS_PER_PX),
        residual=_in_a_byte(sample.residual, _RESIDUAL_UNITS_PER_LEVEL),
        texture=_in_a_byte(sample.texture, 1),
    )
    return buffer.getvalue()


def read_sample(data: bytes) -> EvidenceSample:
    """Reads ``NNNN.npz``.

    Raises:
        ContractError: it is damaged, or of another version.
    """
    # Brings zipfile's and NumPy's errors on damage along.
    from flowtag.contracts.chunkfile import DAMAGE, read_arrays

    try:
        arrays = read_arrays(data)
        pts, second_pts = (int(value) for value in arrays["times"])
        sample = EvidenceSample(
            pts=pts,
            second_pts=second_pts,
            step_px=int(arrays["step_px"]),
            first=arrays["first"].tobytes(),
            second=arrays["second"].tobytes(),
            vectors=_divided(arrays["vectors"], _VECTOR_UNITS_PER_PX),
            confidence=_divided(arrays["confidence"], _CONFIDENCE_UNITS),
            round_trip_px=_divided(arrays["round_trip"], _ROUND_TRIP_UNITS_PER_PX),
            residual=_divided(arrays["residual"], _RESIDUAL_UNITS_PER_LEVEL),
            texture=arrays["texture"].astype(np.float32),
        )
    except (*DAMAGE, TypeError) as error:
        raise ContractError(f"not a readable piece of evidence: {error}") from error
    shape = sample.vectors.shape[:2]
    if sample.vectors.shape != (*shape, 2) or any(arrays[name].shape != shape for name in _GRIDS):
        raise ContractError("not a readable piece of evidence: its grids differ in shape")
    return sample


def read_index(data: bytes) -> EvidenceIndex:
    """Reads ``index.json``, whatever later versions may have added to it.

    Raises:
        ContractError: it is damaged, or of a version that this flowtag cannot read.
    """
    try:
        return EvidenceIndex.model_validate_json(data, extra="ignore")
    except ValidationError as error:
        raise ContractError("not a readable evidence/index.json") from error


def _in_a_byte(values: npt.NDArray[np.float32], units: int) -> npt.NDArray[np.uint8]:
    return np.clip(np.rint(values * units), 0, 255).astype(np.uint8)


def _divided(values: npt.NDArray[np.generic], units: int) -> npt.NDArray[np.float32]:
    divided: npt.NDArray[np.float32] = values.astype(np.float32) / np.float32(units)
    return divided
