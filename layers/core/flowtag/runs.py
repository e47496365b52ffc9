"""The objects of a run: their keys, and the rules by which one may take another's place.

The rules hold alike in a bucket and in a folder, whoever else writes at the same time: the first
plan wins, a chunk that was analysed beats one that failed, and ``motion.json`` only ever grows.

Which chunks a ``partial`` motion.json stands on is read from its own ``analysis.gaps``: a chunk
whose whole range lies in a gap was not analysed. A list kept beside it, in ``run.json``, could
belong to another writer's ``motion.json`` by the time that it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from pydantic import ValidationError

from flowtag.contracts.messages import ChunkRange, Plan
from flowtag.contracts.metadata import Gap, MotionMetadata
from flowtag.errors import ContractError, ObjectNotFoundError, PreconditionFailedError
from flowtag.settings import Model
from flowtag.storage import ObjectStore

OPEN_RUNS = "open/"
"""All marks of runs under way begin with this."""

_ID = r"[a-z0-9][a-z0-9-]{0,63}"
_OF_A_RUN = re.compile(rf"(?P<video>{_ID})/(?P<run>{_ID})(/|\.json$)")

ChunkState = Literal["done", "failed", "missing"]
MotionChange = Literal["written", "replaced", "unchanged", "kept"]


@dataclass(frozen=True)
class RunKeys:
    """Where the objects of a run stand in a store."""

    video_id: str
    run_id: str

    @classmethod
    def of(cls, plan: Plan) -> RunKeys:
        """The keys of a plan's run."""
        return cls(plan.video_id, plan.run_id)

    @property
    def folder(self) -> str:
        """All keys of the run begin with this and a slash."""
        return f"{self.video_id}/{self.run_id}"

    @property
    def plan(self) -> str:
        """Written first."""
        return f"{self.folder}/plan.json"

    @property
    def chunks(self) -> str:
        """All keys of results of chunks begin with this."""
        return f"{self.folder}/chunks/"

    def chunk(self, index: int) -> str:
        """The features of a chunk."""
        return f"{self.chunks}{index:05d}.npz"

    def failed(self, index: int) -> str:
        """Why a chunk has no features."""
        return f"{self.chunks}{index:05d}.failed.json"

    @property
    def frames(self) -> str:
        """All features of the run, for analysts."""
        return f"{self.folder}/frames.parquet"

    def beside(self, name: str) -> str:
        """An object that motion.json names, such as ``thumbnails/0000.jpg``."""
        return f"{self.folder}/{name}"

    @property
    def run(self) -> str:
        """How the run went."""
        return f"{self.folder}/run.json"

    @property
    def motion(self) -> str:
        """What an editorial UI reads; written last."""
        return f"{self.folder}/motion.json"

    @property
    def proxy(self) -> str:
        """A small copy of the video that any browser plays, where one was asked for."""
        return f"{self.folder}/proxy.mp4"

    @property
    def report(self) -> str:
        """The result as a page of its own, where one was asked for."""
        return f"{self.folder}/report.html"

    @property
    def latest(self) -> str:
        """Which run of the video a UI should read."""
        return f"{self.video_id}/latest.json"

    @property
    def source(self) -> str:
        """When the content that this run is of last came to its place."""
        return f"{self.folder}/source.json"

    @property
    def open(self) -> str:
        """Stands there while the run is under way, so that what got lost is found."""
        return f"{OPEN_RUNS}{self.folder}.json"

    @property
    def dispatches(self) -> str:
        """All keys of records of what was handed to workers begin with this."""
        return f"{self.folder}/dispatch/"

    def dispatch(self, number: int) -> str:
        """What was handed to workers at the first, second, … go."""
        return f"{self.dispatches}{number:04d}.json"

    def task(self, index: int, go: int = 1) -> str:
        """A chunk's task, for hosts that take it as an object; a key for each go."""
        again = "" if go == 1 else f".{go}"
        return f"{self.folder}/tasks/{index:05d}{again}.json"

    def begun(self, index: int) -> str:
        """That a worker took a chunk up, for the one that comes after it."""
        return f"{self.folder}/begun/{index:05d}.json"

    @classmethod
    def of_key(cls, key: str) -> RunKeys | None:
        """The keys of the run that an object belongs to; None if it belongs to none."""
        found = _OF_A_RUN.match(key.removeprefix(OPEN_RUNS))
        return cls(found["video"], found["run"]) if found else None


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


def chunk_names(store: ObjectStore, plan: Plan) -> tuple[ChunkState, ...]:
    """How far each chunk seems to be by the names of objects alone: one listing, nothing read."""
    keys = RunKeys.of(plan)
    present = set(store.list(keys.chunks))

    def state(index: int) -> ChunkState:
        if keys.chunk(index) in present:
            return "done"
        return "failed" if keys.failed(index) in present else "missing"

    return tuple(state(index) for index in range(len(plan.chunks)))


def chunk_states(store: ObjectStore, plan: Plan) -> tuple[ChunkState, ...]:
    """How far each chunk is.

    A chunk is done by a file that answers this very task: one of another task, or a damaged one,
    counts for nothing. Done beats failed.
    """
    keys = RunKeys.of(plan)
    present = set(store.list(keys.chunks))

    def state(index: int) -> ChunkState:
        if keys.chunk(index) in present and _read_chunk(store, plan, index) is not None:
            return "done"
        return "failed" if keys.failed(index) in present else "missing"

    return tuple(state(index) for index in range(len(plan.chunks)))


def chunk_loader(
    store: ObjectStore, plan: Plan, fetch: Callable[[int], bytes | None] | None = None
) -> Callable[[int], bytes | None]:
    """Reads, by index: the features of a chunk, else why it has none, else None.

    Args:
        store: where the run is.
        plan: of the run.
        fetch: gets what stands in a chunk's place, as :func:`chunk_fetcher` does.
    """
    keys = RunKeys.of(plan)
    fetch = fetch or chunk_fetcher(store, plan)
    # A chunk is asked for several times over, and to read it whole each time costs most.
    answering: dict[int, int] = {}

    def load(index: int) -> bytes | None:
        data = fetch(index)
        if data is not None and answering.get(index) == crc32(data):
            return data
        chunk = _answering(plan, index, data)
        if chunk is None:
            return _get_or_none(store, keys.failed(index))
        answering[index] = crc32(chunk)
        return chunk

    return load


def chunk_fetcher(store: ObjectStore, plan: Plan) -> Callable[[int], bytes | None]:
    """Gets, by index, what stands in a chunk's place, unread; None if nothing does.

    It parses nothing, so any number of threads may call it: ``ast``, by which numpy reads the
    headers of arrays, fails in threads before Python 3.11.9 (cpython issue 106905).
    """
    keys = RunKeys.of(plan)
    return lambda index: _get_or_none(store, keys.chunk(index))


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


def _read_chunk(store: ObjectStore, plan: Plan, index: int) -> bytes | None:
    return _answering(plan, index, _get_or_none(store, RunKeys.of(plan).chunk(index)))


def _answering(plan: Plan, index: int, data: bytes | None) -> bytes | None:
    # Brings numpy along, which a function that only looks at names does without.
    from flowtag.contracts.chunkfile import read_task_digest

    if data is None or read_task_digest(data) != plan.task(index).digest():
        return None
    return data


def _get_or_none(store: ObjectStore, key: str) -> bytes | None:
    try:
        return store.get(key)
    except ObjectNotFoundError:
        return None
