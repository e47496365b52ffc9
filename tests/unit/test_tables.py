"""``frames.parquet``: a row a frame, pairs in the rows of their first frames, nulls elsewhere."""

from __future__ import annotations

import io
import json
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowtag.contracts.chunkfile import ChunkMeta, ChunkResult, DecodeSummary, write_chunk
from flowtag.contracts.features import FRAME_DTYPE, GRID_SHAPE, PAIR_DTYPE, SIGNATURE_SHAPE
from flowtag.contracts.messages import Plan
from flowtag.settings import AnalysisSettings
from flowtag.tables import write_frames_table
from tests.unit.run_objects import CHUNK_PTS, FRAME_RATE, make_plan

PAIR_EVERY = 2
SHOWN = 5


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(3)


def make_rows(plan: Plan, index: int) -> bytes:
    """A chunk of five frames, of which every second begins a pair."""
    pts = index * CHUNK_PTS + np.arange(SHOWN)
    frames = np.zeros(SHOWN, FRAME_DTYPE)
    frames["pts"], frames["luma"] = pts, 100 + pts
    frames["match"] = [1.0, 0.5, np.nan, 1.0, 1.0]
    begins = pts[::PAIR_EVERY]
    pairs = np.zeros(len(begins), PAIR_DTYPE)
    pairs["pts"], pairs["second_pts"] = begins, begins + PAIR_EVERY
    pairs["pan"] = [0.25, np.nan, -0.5]
    pairs["confidence"] = 0.75
    pairs["directions"] = np.arange(8)
    size = plan.task(index)
    return write_chunk(
        ChunkResult(
            meta=ChunkMeta(
                task_digest=size.digest(),
                index=index,
                working_width_px=64,
                working_height_px=36,
                decode=DecodeSummary(),
            ),
            frames=frames,
            pairs=pairs,
            signatures=np.zeros((SHOWN, *SIGNATURE_SHAPE), np.uint8),
            stills={},
            grid_pts=np.zeros(0, np.int64),
            grids=np.zeros((0, *GRID_SHAPE, 3), np.int8),
            grid_scales=np.zeros(0, np.float32),
        )
    )


def read(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


@pytest.fixture(scope="module")
def table(plan: Plan) -> pa.Table:
    """The table of a run whose middle chunk failed."""
    return read(write_frames_table(plan, lambda i: b"{}" if i == 1 else make_rows(plan, i)))


def test_the_file_says_which_schema_and_run_it_is_of(table: pa.Table, plan: Plan) -> None:
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert metadata["schema"] == "flowtag.features/1"
    assert metadata["flowtag_version"] == plan.flowtag_version
    assert metadata["algorithm_version"] == str(plan.algorithm_version)
    assert (metadata["video_id"], metadata["run_id"]) == (plan.video_id, plan.run_id)
    assert Fraction(metadata["time_base"]) == Fraction(1, FRAME_RATE)
    settings = AnalysisSettings.model_validate(json.loads(metadata["settings"]))
    assert settings.digest() == plan.settings_digest


def test_there_is_a_row_for_every_frame_that_was_analysed(table: pa.Table) -> None:
    expected = [*range(SHOWN), *range(2 * CHUNK_PTS, 2 * CHUNK_PTS + SHOWN)]
    assert table["pts"].to_pylist() == expected
    assert table["frame"].to_pylist() == expected
    assert table["seconds"].to_pylist() == [pts / FRAME_RATE for pts in expected]
    assert table["luma"].to_pylist() == [100 + pts for pts in expected]


def test_a_pair_stands_in_the_row_of_its_first_frame(table: pa.Table) -> None:
    begins = [pts for pts in table["pts"].to_pylist() if pts % PAIR_EVERY == 0]
    second = dict(zip(table["pts"].to_pylist(), table["second_pts"].to_pylist(), strict=True))
    found = {first: to for first, to in second.items() if to is not None}
    assert found == {first: first + PAIR_EVERY for first in begins}


def test_where_no_pair_begins_its_columns_are_null(table: pa.Table) -> None:
    rows = table.slice(0, SHOWN).to_pylist()
    assert [row["flow_confidence"] for row in rows] == [0.75, None, 0.75, None, 0.75]
    assert [row["directions"] for row in rows[:2]] == [list(range(8)), None]


def test_what_is_unknown_is_null_and_not_a_number_that_is_none(table: pa.Table) -> None:
    rows = table.slice(0, SHOWN).to_pylist()
    assert [row["match"] for row in rows] == [1.0, 0.5, None, 1.0, 1.0]
    assert [row["pan"] for row in rows] == [0.25, None, None, None, -0.5]


def test_a_run_of_which_nothing_was_analysed_is_a_table_without_rows(plan: Plan) -> None:
    table = read(write_frames_table(plan, lambda index: None))
    assert table.num_rows == 0
    assert table.schema.metadata[b"schema"] == b"flowtag.features/1"


def test_every_chunk_is_a_row_group_of_its_own(plan: Plan) -> None:
    data = write_frames_table(plan, lambda index: make_rows(plan, index))
    assert pq.ParquetFile(io.BytesIO(data)).num_row_groups == len(plan.chunks)


def test_the_same_run_gives_the_same_bytes(plan: Plan) -> None:
    one, two = (write_frames_table(plan, lambda index: make_rows(plan, index)) for _ in range(2))
    assert one == two
