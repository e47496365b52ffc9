"""``latest.json``: which run of a video a UI should read. It never goes back to an older one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from flowtag.errors import ContractError, ObjectNotFoundError
from flowtag.frozen_model import Model
from flowtag.run_keys import RunKeys
from flowtag.runs import put_if_newer, readable_json
from flowtag.storage import ObjectStore


class SourceOrder(Model):
    """Which of two contents of one location is the newer.

    Attributes:
        modified_at: when the content came to its place: S3's last modified, a file's change time.
        sequence: S3's sequencer or version where there is one; decides within one second.
    """

    modified_at: datetime
    sequence: str = ""


class Latest(Model):
    """``latest.json``: the run that a UI should read."""

    schema_name: Literal["flowtag.latest/1"] = Field("flowtag.latest/1", alias="schema")
    video_id: str
    run_id: str
    motion: str
    source: SourceOrder
    planned_at: datetime

    def order(self) -> tuple[Any, ...]:
        """Sorts as the rule says; the run's id decides between twins, so that all agree."""
        return (self.source.modified_at, self.source.sequence, self.planned_at, self.run_id)


def update_latest(store: ObjectStore, keys: RunKeys, source: SourceOrder) -> bool:
    """Points ``latest.json`` at a run, if none that is newer stands there; says whether it did.

    Newer is what was planned later for the later content: to finish later is not to be newer.
    """
    latest = Latest(
        video_id=keys.video_id,
        run_id=keys.run_id,
        motion=keys.motion,
        source=source,
        planned_at=planned_at(store, keys),
    )
    standing = put_if_newer(
        store, keys.latest, readable_json(latest), lambda data: _is_older(data, latest)
    )
    return standing is None


def read_latest(data: bytes) -> Latest:
    """Reads ``latest.json``.

    Raises:
        ContractError: it is damaged, or of another version.
    """
    try:
        return Latest.model_validate_json(data, extra="ignore")
    except ValidationError as error:
        raise ContractError("not a readable latest.json") from error


def note_source(store: ObjectStore, keys: RunKeys, source: SourceOrder) -> SourceOrder:
    """Notes when a run's content came to its place, and returns the newest that was noted.

    The same content may come again, after another: then its run is the one to read once more.
    """
    standing = put_if_newer(
        store,
        keys.source,
        readable_json(source),
        lambda data: _order(_read_order(data, keys)) < _order(source),
    )
    return source if standing is None else _read_order(standing, keys)


def read_source(store: ObjectStore, keys: RunKeys) -> SourceOrder:
    """When a run's content came to its place.

    Raises:
        ObjectNotFoundError: nobody noted it.
        ContractError: what stands there is damaged.
    """
    return _read_order(store.get(keys.source), keys)


def _order(source: SourceOrder) -> tuple[datetime, str]:
    return (source.modified_at, source.sequence)


def _read_order(data: bytes, keys: RunKeys) -> SourceOrder:
    try:
        return SourceOrder.model_validate_json(data, extra="ignore")
    except ValidationError as error:
        raise ContractError(f"{keys.source} is damaged") from error


def planned_at(store: ObjectStore, keys: RunKeys) -> datetime:
    """When a run was planned: of two runs of one content, the later planned is the newer.

    Raises:
        ObjectNotFoundError: the run has neither a plan nor a result.
    """
    try:
        return store.written_at(keys.plan)
    except ObjectNotFoundError:
        # A video that could not be planned has a result all the same, which says why.
        return store.written_at(keys.motion)


def _is_older(data: bytes, latest: Latest) -> bool:
    try:
        return read_latest(data).order() < latest.order()
    except ContractError:
        # A pointer that nobody can follow is worth less than any that works.
        return True
