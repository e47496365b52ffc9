"""Marks of runs under way, ``open/…``: by them what got lost is found, and known for what it is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError

from flowtag.contracts.messages import SourceRef
from flowtag.frozen_model import Model
from flowtag.run_keys import RunKeys
from flowtag.runs import find_with_etag, readable_json
from flowtag.settings import AnalysisSettings
from flowtag.storage import ObjectStore


class OpenRun(Model):
    """A mark: of which video a run is, and how it is analysed, even if it is never planned."""

    schema_name: Literal["flowtag.open/1"] = Field("flowtag.open/1", alias="schema")
    source: SourceRef
    settings: AnalysisSettings


def mark_open(
    store: ObjectStore, keys: RunKeys, source: SourceRef, settings: AnalysisSettings
) -> None:
    """Marks a run as under way, from now on; whatever dies after this is found."""
    mark = OpenRun(schema="flowtag.open/1", source=source, settings=settings)
    store.put(keys.open, readable_json(mark))


def read_open(store: ObjectStore, keys: RunKeys) -> OpenRun | None:
    """A run's mark; None if there is none, or one that tells nothing."""
    standing = find_with_etag(store, keys.open)
    try:
        return OpenRun.model_validate_json(standing[0], extra="ignore") if standing else None
    except ValidationError:
        return None
