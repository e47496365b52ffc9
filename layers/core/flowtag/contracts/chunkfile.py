"""The files of one chunk: ``NNNNN.npz`` with its features, or ``NNNNN.failed.json``."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from flowtag.contracts.features import FRAME_DTYPE, PAIR_DTYPE, FrameTable, PairTable
from flowtag.contracts.messages import ChunkTask
from flowtag.errors import ContractError
from flowtag.frozen_model import Model
from flowtag.settings import canonical_json

DAMAGE = (
    ValueError,
    KeyError,
    OSError,
    EOFError,
    # From zipfile, where damage makes an entry look encrypted, or packed in a way that it lacks.
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
"""What zipfile, zlib and NumPy raise on damaged bytes."""


class TimelineJump(Model):
    """Where the stream's timestamps jumped or were missing; pts are the unwrapped ones."""

    from_pts: int
    to_pts: int
    reason: str


class DecodeSummary(Model):
    """What decoding a chunk met.

    Attributes:
        packet_errors: packets that could not be decoded.
        truncated: the file ended, or went bad, before the container said it would.
        jumps: breaks of the timeline.
        first_position: byte of the file at which the chunk's first frame begins, and
        next_position: the first frame after the chunk; noted where clocks may be reset.
    """

    packet_errors: int = 0
    size_changes: int = 0
    missing_pts: int = 0
    truncated: bool = False
    last_error: str | None = None
    jumps: tuple[TimelineJump, ...] = ()
    first_position: int | None = None
    next_position: int | None = None


class ChunkMeta(Model):
    """The JSON part of a chunk file.

    Attributes:
        engine: what ran the model that estimated or refined flow, on what, and how precisely; None:
            no model.
    """

    schema_name: Literal["flowtag.chunk/2"] = "flowtag.chunk/2"
    task_digest: str
    index: int
    working_width_px: int
    working_height_px: int
    decode: DecodeSummary
    engine: str | None = None


class FailedChunk(Model):
    """``NNNNN.failed.json``: why a chunk has no result. Carries the task, to try it again."""

    schema_name: Literal["flowtag.failed/1"] = "flowtag.failed/1"
    task: ChunkTask
    task_digest: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Everything that one worker found out.

    Attributes:
        meta: what was asked, and how decoding went.
        frames: rows of ``FRAME_DTYPE``.
        pairs: rows of ``PAIR_DTYPE``.
        signatures: ``(frames, 18, 32)`` uint8.
        stills: JPEG bytes by pts.
        grids: ``(stills, 18, 32, 3)`` int8: x, y in 1/127 of ``grid_scales``, confidence in 1/127.
        grid_pts: the pts of each grid.
        grid_scales: ``(grids,)`` float32: diagonals per second that 127 stands for.
        evidence: by pts of the first frame, the files of the least trusted pairs; see
            :mod:`flowtag.contracts.evidence`.
    """

    meta: ChunkMeta
    frames: FrameTable
    pairs: PairTable
    signatures: npt.NDArray[np.uint8]
    stills: dict[int, bytes]
    grid_pts: npt.NDArray[np.int64]
    grids: npt.NDArray[np.int8]
    grid_scales: npt.NDArray[np.float32]
    evidence: dict[int, bytes] = field(default_factory=dict)


def write_chunk(result: ChunkResult) -> bytes:
    """The bytes of ``NNNNN.npz``; the same for the same result."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        meta=np.frombuffer(canonical_json(result.meta.model_dump(mode="json")), dtype=np.uint8),
        frames=result.frames,
        pairs=result.pairs,
        signatures=result.signatures,
        allow_pickle=False,
        **_joined("still", result.stills),
        grid_pts=result.grid_pts,
        grids=result.grids,
        grid_scales=result.grid_scales,
        **_joined("evidence", result.evidence),
    )
    return buffer.getvalue()


def read_chunk(data: bytes) -> ChunkResult:
    """Reads ``NNNNN.npz``.

    Raises:
        ContractError: the file is damaged, or of another version.
    """
    try:
        arrays = read_arrays(data)
        result = ChunkResult(
            meta=ChunkMeta.model_validate_json(arrays["meta"].tobytes()),
            frames=arrays["frames"],
            pairs=arrays["pairs"],
            signatures=arrays["signatures"],
            stills=_split("still", arrays),
            grid_pts=arrays["grid_pts"],
            grids=arrays["grids"],
            grid_scales=arrays["grid_scales"],
            evidence=_split("evidence", arrays),
        )
    except DAMAGE as error:
        raise ContractError(f"not a readable chunk file: {error}") from error
    if result.frames.dtype != FRAME_DTYPE or result.pairs.dtype != PAIR_DTYPE:
        raise ContractError("the chunk file's columns are of another version")
    return result


def read_task_digest(data: bytes) -> str | None:
    """The digest of the task that a chunk file answers; None if the file is damaged."""
    try:
        return read_chunk(data).meta.task_digest
    except ContractError:
        return None


def failed_chunk(task: ChunkTask, error_code: str, message: str) -> bytes:
    """The bytes of ``NNNNN.failed.json``."""
    failed = FailedChunk(task=task, task_digest=task.digest(), code=error_code, message=message)
    return canonical_json(failed.model_dump(mode="json"))


def read_failed_chunk(data: bytes) -> FailedChunk:
    """Reads ``NNNNN.failed.json``.

    Raises:
        ContractError: the file is damaged, or of another version.
    """
    try:
        return FailedChunk.model_validate_json(data)
    except ValueError as error:
        raise ContractError(f"not a readable record of a failed chunk: {error}") from error


def read_arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an ``.npz`` by name.

    Each is parsed only once the checksum of all its bytes has held.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            part.filename.removesuffix(".npy"): np.lib.format.read_array(
                io.BytesIO(archive.read(part)), allow_pickle=False
            )
            for part in archive.infolist()
        }


def _joined(kind: str, files: dict[int, bytes]) -> dict[str, npt.NDArray[Any]]:
    ordered = sorted(files.items())
    return {
        f"{kind}_pts": np.array([pts for pts, _ in ordered], dtype=np.int64),
        f"{kind}_sizes": np.array([len(data) for _, data in ordered], dtype=np.int64),
        f"{kind}_bytes": np.frombuffer(b"".join(data for _, data in ordered), dtype=np.uint8),
    }


def _split(kind: str, arrays: dict[str, npt.NDArray[Any]]) -> dict[int, bytes]:
    sizes = arrays[f"{kind}_sizes"]
    ends = np.cumsum(sizes)
    data = arrays[f"{kind}_bytes"].tobytes()
    return {
        int(pts): data[int(end - size) : int(end)]
        for pts, size, end in zip(arrays[f"{kind}_pts"], sizes, ends, strict=True)
    }
