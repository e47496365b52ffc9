"""The plan and the result of a run, and the rules by which one may take another's place.

The rules hold alike in a bucket and in a folder, whoever else writes at the same time: the first
plan wins, a chunk that was analysed beats one that failed, and ``motion.json`` only ever grows.

Which chunks a ``partial`` motion.json stands on is read from its own ``analysis.gaps``: a chunk
whose whole range lies in a gap was not analysed. A list kept beside it, in ``run.json``, could
belong to another writer's ``motion.json`` by the time that it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from pydantic import ValidationError

from flowtag.contracts.messages import ChunkRange, Plan
from flowtag.contracts.metadata import Gap, MotionMetadata
from flowtag.errors import ContractError, ObjectNotFoundError, PreconditionFailedError
from flowtag.frozen_model import Model
from flowtag.run_keys import RunKeys
from flowtag.storage import ObjectStore

MotionChange = Literal["written", "replaced", "unchanged", "kept"]


def readable_json(model: Model) -> bytes:
    """A model as indented UTF-8 JSON. A number that is none is a mistake, never written."""
    value = model.model_dump(mode="json", by_alias=True)
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def put_plan(store: ObjectStore, plan: Plan) -> Plan:
    """Writes a plan, unless its run has one already; returns the one that holds.

    Raises:
        ContractError: the plan that stands there cannot be read.
    """
    try:
        store.put_if_absent(RunKeys.of(plan).plan, readable_json(plan))
    except PreconditionFailedError:
        return read_plan(store, RunKeys.of(plan))
    return plan


def read_plan(store: ObjectStore, keys: RunKeys) -> Plan:
    """The plan of a run.

    Raises:
        ObjectNotFoundError: there is none yet.
        ContractError: it cannot be read.
    """
    try:
        return Plan.model_validate_json(store.get(keys.plan))
    except ValidationError as error:
        raise ContractError(f"{keys.plan} is damaged, or of another version") from error


def put_motion(store: ObjectStore, plan: Plan, metadata: MotionMetadata) -> MotionChange:
    """Publishes the result of a run where the rules allow it.

    Returns:
        ``written`` if there was none, ``replaced`` if it stands on more chunks than the one
        before, ``unchanged`` if these very bytes stood there (a reply was lost), and ``kept``
        if what stands there may not be replaced by this.

    Raises:
        ContractError: the one that stands there cannot be read.
    """
    key, data = RunKeys.of(plan).motion, readable_json(metadata)
    while True:
        standing = find_with_etag(store, key)
        try:
            if standing is None:
                store.put_if_absent(key, data)
                return "written"
            if not _may_replace(plan, read_motion(standing[0]), metadata):
                return "unchanged" if standing[0] == data else "kept"
            store.replace(key, data, standing[1])
            return "replaced"
        except PreconditionFailedError:
            continue


def would_change(store: ObjectStore, plan: Plan, metadata: MotionMetadata) -> bool:
    """Whether :func:`put_motion` would publish this now: if not, nothing else need be written."""
    standing = find_with_etag(store, RunKeys.of(plan).motion)
    return standing is None or _may_replace(plan, read_motion(standing[0]), metadata)


def read_motion(data: bytes) -> MotionMetadata:
    """Reads ``motion.json``, whatever later versions may have added to it.

    Raises:
        ContractError: it is damaged, or of a version that this flowtag cannot read.
    """
    try:
        return MotionMetadata.model_validate_json(data, extra="ignore")
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ContractError(f"not a readable motion.json (at {where or 'its start'})") from error


def analysed_chunks(plan: Plan, metadata: MotionMetadata) -> frozenset[int]:
    """The chunks that a motion.json stands on: those that no gap covers whole."""
    if metadata.analysis.status in ("failed", "skipped"):
        return frozenset()
    gaps = metadata.analysis.gaps
    start = plan.probe.start_pts
    return frozenset(
        index
        for index, chunk in enumerate(plan.chunks)
        if not any(_covers(gap, chunk, start) for gap in gaps)
    )


def put_if_newer(
    store: ObjectStore, key: str, data: bytes, may_replace: Callable[[bytes], bool]
) -> bytes | None:
    """Writes an object unless what stands there is to stay, whoever else writes meanwhile.

    Args:
        store: where.
        key: of the object.
        data: what it is to be.
        may_replace: of what stands there, whether this may take its place; may be asked again.

    Returns:
        None if it was written, else what stands there.
    """
    while True:
        standing = find_with_etag(store, key)
        try:
            if standing is None:
                store.put_if_absent(key, data)
                return None
            if not may_replace(standing[0]):
                return standing[0]
            store.replace(key, data, standing[1])
            return None
        except PreconditionFailedError:
            continue


def find_with_etag(store: ObjectStore, key: str) -> tuple[bytes, str] | None:
    """An object with its etag, or None if there is none."""
    try:
        return store.get_with_etag(key)
    except ObjectNotFoundError:
        return None


def _may_replace(plan: Plan, standing: MotionMetadata, metadata: MotionMetadata) -> bool:
    # "failed" as well: a run of which not one chunk could be analysed may yet be redriven.
    if standing.analysis.status not in ("partial", "failed"):
        return False
    return analysed_chunks(plan, standing) < analysed_chunks(plan, metadata)


def _covers(gap: Gap, chunk: ChunkRange, start_pts: int) -> bool:
    start = start_pts if chunk.start_pts is None else chunk.start_pts
    if chunk.end_pts is None:
        # Nobody knows where the last chunk ends before it has been decoded.
        return gap.start.pts <= start < gap.end.pts
    return gap.start.pts <= start and chunk.end_pts <= gap.end.pts
