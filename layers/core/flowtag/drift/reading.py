"""Runs as drift reads them: pairs of ``frames.parquet`` in pieces, and how the run was made."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flowtag.aws.metric_sources import metric_source
from flowtag.contracts.features import FEATURES_SCHEMA, light_change
from flowtag.contracts.metadata import MotionMetadata
from flowtag.drift.metrics import Metric, Values
from flowtag.errors import ContractError, SettingsError
from flowtag.frozen_model import Model
from flowtag.settings import canonical_digest

_COLUMNS = ("second_pts", "speed", "flow_confidence", "coverage", "gain", "offset", "luma")


class Recipe(Model):
    """All that decides a run's numbers besides its pictures; the range analysed is left out."""

    estimator: str
    preset: str
    model_sha256: str | None
    algorithm_version: int
    settings_digest: str

    def described(self) -> str:
        """For people."""
        model = f", model {self.model_sha256[:12]}" if self.model_sha256 else ""
        return (
            f"{self.estimator}, preset {self.preset}{model}, algorithm {self.algorithm_version},"
            f" settings {self.settings_digest[:12]}"
        )


class RunTable:
    """The ``frames.parquet`` of a run.

    Attributes:
        source: what it is counted under.
        run_id: of the run.
        recipe: how it was made.
    """

    def __init__(self, table: bytes | Path, source: str) -> None:
        """Opens a table.

        Raises:
            ContractError: it is damaged, or of another version.
        """
        self.source = source
        try:
            self._file = pq.ParquetFile(io.BytesIO(table) if isinstance(table, bytes) else table)
            metadata = {k.decode(): v for k, v in (self._file.schema_arrow.metadata or {}).items()}
            if metadata["schema"].decode() != FEATURES_SCHEMA:
                raise ContractError(f"frames.parquet is of version {metadata['schema'].decode()}")
            self.run_id = metadata["run_id"].decode()
            self.recipe = _recipe(json.loads(metadata["settings"]), metadata["algorithm_version"])
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise ContractError(f"not a readable frames.parquet: {error}") from error

    def values(self) -> Iterator[dict[Metric, Values]]:
        """The metrics of the pairs, a row group at a time; unknown is NaN."""
        try:
            for group in range(self._file.num_row_groups):
                yield _metrics(self._file.read_row_group(group, columns=list(_COLUMNS)))
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ContractError(f"not a readable frames.parquet: {error}") from error


def source_namer(by: str) -> Callable[[MotionMetadata], str]:
    """Names the source of a run's video.

    Args:
        by: ``video``: each for itself. ``folder``: the folder that it lies in. ``bucket``: bucket
            and top folder, as metrics have it. Else a regular expression over the address, whose
            first group, or all that it matches, is the name.

    Raises:
        SettingsError: it is none of these.
    """
    if by == "video":
        return lambda metadata: metadata.video.id
    if by == "folder":
        return lambda metadata: metadata.video.uri.rpartition("/")[0]
    if by == "bucket":
        return lambda metadata: metric_source(metadata.video.uri)
    try:
        pattern = re.compile(by)
    except re.error as error:
        raise SettingsError(f"--by {by!r} is no regular expression: {error}") from error
    return lambda metadata: _matched(pattern, metadata.video.uri)


def _matched(pattern: re.Pattern[str], uri: str) -> str:
    found = pattern.search(uri)
    if found is None:
        return "(no match)"
    return found.group(1) if pattern.groups and found.group(1) else found.group()


def _recipe(settings: dict[str, Any], algorithm_version: bytes) -> Recipe:
    return Recipe(
        estimator=settings["flow"]["estimator"],
        preset=settings["preset"],
        model_sha256=settings.get("model_sha256"),
        algorithm_version=int(algorithm_version),
        settings_digest=canonical_digest({**settings, "range_seconds": None}),
    )


def _metrics(table: pa.Table) -> dict[Metric, Values]:
    columns = {name: _column(table, name) for name in _COLUMNS}
    pairs = np.isfinite(columns.pop("second_pts"))
    of_pairs = {name: values[pairs] for name, values in columns.items()}
    change = light_change(of_pairs["gain"], of_pairs["offset"], of_pairs["luma"])
    return {
        "speed": of_pairs["speed"],
        "confidence": of_pairs["flow_confidence"],
        "coverage": of_pairs["coverage"],
        "photometric_change": np.abs(np.asarray(change, dtype=np.float64)),
    }


def _column(table: pa.Table, name: str) -> Values:
    column = table.column(name).cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
