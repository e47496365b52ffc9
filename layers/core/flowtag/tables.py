"""``frames.parquet``: every frame's and pair's features, for analysts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flowtag.contracts.chunkfile import ChunkResult, read_chunk
from flowtag.contracts.features import FEATURES_SCHEMA, FRAME_DTYPE, PAIR_DTYPE
from flowtag.contracts.messages import Plan
from flowtag.timing import Timeline

_FRAME_TYPES = {"pts": pa.int64(), "duration_pts": pa.int64(), "flags": pa.uint8()}


def table_schema(plan: Plan) -> pa.Schema:
    """The columns of ``frames.parquet``: a row a frame; a pair stands in its first frame's row.

    Columns of a pair are null in the rows of frames at which no pair begins.
    """
    fields = [
        pa.field("frame", pa.int64()),
        pa.field("seconds", pa.float64()),
        *(pa.field(name, _FRAME_TYPES.get(name, pa.float32())) for name in _names(FRAME_DTYPE)),
        *(pa.field(name, _pair_type(name)) for name in _pair_names()),
    ]
    metadata = {
        "schema": FEATURES_SCHEMA,
        "flowtag_version": plan.flowtag_version,
        "algorithm_version": str(plan.algorithm_version),
        "video_id": plan.video_id,
        "run_id": plan.run_id,
        "time_base": str(plan.probe.time_base),
        "settings": json.dumps(plan.settings.model_dump(mode="json"), sort_keys=True),
    }
    return pa.schema(fields, metadata=metadata)


def write_frames_table(plan: Plan, load_chunk: Callable[[int], bytes | None]) -> bytes:
    """The bytes of ``frames.parquet``, one row group per chunk, so that memory stays bounded."""
    sink = io.BytesIO()
    schema = table_schema(plan)
    timeline = plan.probe.timeline()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for index in range(len(plan.chunks)):
            data = load_chunk(index)
            if data is None or data[:2] != b"PK":
                continue
            chunk = read_chunk(data)
            if len(chunk.frames):
                writer.write_table(_chunk_table(chunk, schema, timeline))
    return sink.getvalue()


def _names(dtype: np.dtype[np.void]) -> list[str]:
    return list(dtype.names or ())


def _pair_names() -> list[str]:
    return [_column_name(name) for name in _names(PAIR_DTYPE) if name not in ("pts", "luma")]


def _column_name(name: str) -> str:
    return {"confidence": "flow_confidence"}.get(name, name)


def _pair_type(column: str) -> pa.DataType:
    if column == "second_pts":
        return pa.int64()
    if column == "directions":
        return pa.list_(pa.uint8(), 8)
    if column == "gate":
        return pa.uint16()
    return pa.float32()


def _chunk_table(chunk: ChunkResult, schema: pa.Schema, timeline: Timeline) -> pa.Table:
    frames, pairs = chunk.frames, chunk.pairs
    pts = [int(value) for value in frames["pts"]]
    columns: list[pa.Array] = [
        pa.array([timeline.frame(value) for value in pts], pa.int64()),
        pa.array([float(timeline.seconds(value)) for value in pts], pa.float64()),
    ]
    for name in _names(FRAME_DTYPE):
        columns.append(_nullable(frames[name], schema.field(name).type))
    row_of = np.searchsorted(frames["pts"], pairs["pts"])
    for name in _names(PAIR_DTYPE):
        if name in ("pts", "luma"):
            continue
        kind = schema.field(_column_name(name)).type
        columns.append(_scattered(pairs[name], row_of, len(frames), kind))
    return pa.Table.from_arrays(columns, schema=schema)


def _nullable(values: npt.NDArray[np.generic], kind: pa.DataType) -> pa.Array:
    if values.dtype.kind != "f":
        return pa.array(values, kind)
    return pa.array(values, kind, mask=~np.isfinite(values.astype(np.float64)))


def _scattered(
    values: npt.NDArray[np.generic],
    rows: npt.NDArray[np.intp],
    count: int,
    kind: pa.DataType,
) -> pa.Array:
    """A column of ``count`` rows with the values at ``rows`` and null elsewhere."""
    if values.ndim == 2:
        lists: list[list[int] | None] = [None] * count
        for row, value in zip(rows.tolist(), values.tolist(), strict=True):
            lists[row] = value
        return pa.array(lists, kind)
    absent = np.ones(count, dtype=np.bool_)
    column = np.zeros(count, dtype=values.dtype)
    column[rows] = values
    absent[rows] = False
    if values.dtype.kind == "f":
        absent[rows] = ~np.isfinite(values.astype(np.float64))
    return pa.array(column, kind, mask=absent)
