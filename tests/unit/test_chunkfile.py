"""Chunk files: what goes in comes out, and damage is never read as data."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flowtag.contracts.chunkfile import (
    ChunkMeta,
    ChunkResult,
    DecodeSummary,
    TimelineJump,
    failed_chunk,
    read_chunk,
    read_failed_chunk,
    read_task_digest,
    write_chunk,
)
from flowtag.contracts.features import FRAME_DTYPE, GRID_SHAPE, PAIR_DTYPE, SIGNATURE_SHAPE
from flowtag.errors import ContractError
from tests.unit.run_objects import make_chunk, make_plan


def make_result(seed: int = 1, frames: int = 3, pairs: int = 1) -> ChunkResult:
    """A chunk of arbitrary bytes in every column."""
    draw = np.random.default_rng(seed)

    def rows(dtype: np.dtype[np.void], count: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
        table = np.zeros(count, dtype)
        for name in dtype.names or ():
            table[name] = draw.integers(0, 200, table[name].shape)
        return table

    return ChunkResult(
        meta=ChunkMeta(
            task_digest="d" * 64,
            index=4,
            working_width_px=64,
            working_height_px=36,
            decode=DecodeSummary(
                packet_errors=2,
                truncated=True,
                last_error="ends early",
                jumps=(TimelineJump(from_pts=1, to_pts=9, reason="reset"),),
            ),
        ),
        frames=rows(FRAME_DTYPE, frames),
        pairs=rows(PAIR_DTYPE, pairs),
        signatures=draw.integers(0, 255, (frames, *SIGNATURE_SHAPE)).astype(np.uint8),
        stills={-5: b"\xff\xd8first", 7: b"", 9: b"\xff\xd8third" * 3},
        grid_pts=np.array([7], np.int64),
        grids=draw.integers(-127, 127, (1, *GRID_SHAPE, 3)).astype(np.int8),
        grid_scales=np.array([0.5], np.float32),
        evidence={7: b"PK kept", -5: b""},
    )


def assert_same(found: ChunkResult, expected: ChunkResult) -> None:
    assert found.meta == expected.meta
    assert found.stills == expected.stills
    assert found.evidence == expected.evidence
    for name in ("frames", "pairs", "signatures", "grid_pts", "grids", "grid_scales"):
        one, two = getattr(found, name), getattr(expected, name)
        assert one.dtype == two.dtype
        assert one.shape == two.shape
        assert one.tobytes() == two.tobytes()


RESULT = make_result()
WHOLE = write_chunk(RESULT)


@pytest.mark.parametrize(("frames", "pairs"), [(3, 1), (1, 0), (0, 0)])
def test_a_chunk_is_read_as_it_was_written(frames: int, pairs: int) -> None:
    result = make_result(2, frames, pairs)
    assert_same(read_chunk(write_chunk(result)), result)


def test_unknown_values_stay_unknown() -> None:
    result = make_result()
    result.pairs["pan"] = np.nan
    assert np.isnan(read_chunk(write_chunk(result)).pairs["pan"]).all()


def test_the_same_result_gives_the_same_bytes() -> None:
    stills = dict(reversed(RESULT.stills.items()))
    assert write_chunk(replace(make_result(), stills=stills)) == WHOLE


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE) - 1))
@example(0)
@example(len(WHOLE) - 1)
def test_a_chunk_that_was_cut_short_is_refused(length: int) -> None:
    with pytest.raises(ContractError):
        read_chunk(WHOLE[:length])


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_byte_that_flipped_is_refused_or_changes_nothing(place: int, flip: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    try:
        found = read_chunk(bytes(damaged))
    except ContractError:
        return
    assert_same(found, RESULT)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=40))
def test_bytes_that_were_overwritten_are_refused_or_change_nothing(
    place: int, other: bytes
) -> None:
    damaged = WHOLE[:place] + other + WHOLE[place + len(other) :]
    try:
        found = read_chunk(damaged)
    except ContractError:
        return
    assert_same(found, RESULT)


def test_most_flipped_bytes_are_refused() -> None:
    refused = 0
    for place in range(0, len(WHOLE), 7):
        damaged = bytearray(WHOLE)
        damaged[place] ^= 0x10
        refused += read_task_digest(bytes(damaged)) is None
    assert refused > 0.8 * len(range(0, len(WHOLE), 7))


@given(st.binary(max_size=200))
def test_what_is_no_chunk_file_is_refused(data: bytes) -> None:
    with pytest.raises(ContractError):
        read_chunk(data)
    assert read_task_digest(data) is None


def rewritten(name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None) -> bytes:
    """The whole chunk file with one of its arrays replaced, or left out."""
    with np.load(io.BytesIO(WHOLE)) as parts:
        arrays = {part: parts[part] for part in parts.files if part != name}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays, **({} if array is None else {name: array}))  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name", ["meta", "frames", "pairs", "signatures", "still_sizes", "evidence_pts"]
)
def test_a_chunk_that_lacks_a_part_is_refused(name: str) -> None:
    with pytest.raises(ContractError):
        read_chunk(rewritten(name, None))


def test_columns_of_another_version_are_refused() -> None:
    older = np.zeros(3, np.dtype([("pts", "<i8")]))
    with pytest.raises(ContractError, match="another version"):
        read_chunk(rewritten("frames", older))


def test_a_schema_of_another_version_is_refused() -> None:
    meta = json.loads(RESULT.meta.model_dump_json()) | {"schema_name": "flowtag.chunk/1"}
    with pytest.raises(ContractError):
        read_chunk(rewritten("meta", np.frombuffer(json.dumps(meta).encode(), np.uint8)))


def test_pickled_objects_are_refused() -> None:
    with pytest.raises(ContractError):
        read_chunk(rewritten("grids", np.array([{"any": "object"}], dtype=object)))


def test_an_encrypted_part_is_refused() -> None:
    data = bytearray(WHOLE)
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        entry = data.index(b"PK\x01\x02", archive.start_dir)
    data[entry + 8] |= 1
    with pytest.raises(ContractError):
        read_chunk(bytes(data))


def test_a_chunk_says_which_task_it_answers() -> None:
    task = make_plan(2).task(1)
    assert read_task_digest(make_chunk(task)) == task.digest()


def test_a_failure_is_read_as_it_was_written() -> None:
    task = make_plan(2).task(1)
    failed = read_failed_chunk(failed_chunk(task, "chunk_timeout", "after 900 s"))
    assert failed.task == task
    assert failed.task_digest == task.digest()
    assert (failed.code, failed.message) == ("chunk_timeout", "after 900 s")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_damaged_record_of_a_failure_is_refused(data: bytes) -> None:
    with pytest.raises(ContractError):
        read_failed_chunk(data)
