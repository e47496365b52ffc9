"""The third step as every host carries it out: from the results of chunks to a published run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from flowtag.assembly.assemble import Assembly, assemble
from flowtag.chunk_results import chunk_fetcher, chunk_loader
from flowtag.contracts.messages import Plan
from flowtag.contracts.metadata import MotionMetadata
from flowtag.prefetching import Load, prefetched
from flowtag.run_keys import BESIDE_MOTION, RunKeys
from flowtag.runs import find_with_etag, put_motion, read_motion, readable_json, would_change
from flowtag.storage import ObjectStore
from flowtag.tables import write_frames_table

_GOES = 5
_WRITERS = 16


@dataclass(frozen=True)
class Published:
    """What stands in a run's place now.

    Attributes:
        metadata: the ``motion.json`` that stands there: this one, or one that may stay.
        is_new: whether this call put it there.
    """

    metadata: MotionMetadata
    is_new: bool


def publish(store: ObjectStore, plan: Plan, before_motion: Callable[[Assembly], None]) -> Published:
    """Assembles a run and writes all that people read, ``motion.json`` last.

    Any number of these may run at a time, and die anywhere. One that comes too late leaves what
    stands as it is, thumbnails, evidence and table included.

    Args:
        store: where the run is.
        plan: of the run.
        before_motion: what else is to be written before ``motion.json``.

    Raises:
        BrokenMediaError: not a single frame could be analysed.
        ContractError: an object of the run is damaged.
        StorageError: the store failed.
    """
    for _ in range(_GOES):
        with prefetched(chunk_fetcher(store, plan), len(plan.chunks)) as fetch:
            load = chunk_loader(store, plan, fetch)
            assembly = assemble(plan, load)
            goes_beside = _belongs(store, plan, assembly.metadata)
            if goes_beside:
                _put_beside(store, plan, load, assembly)
            before_motion(assembly)
            change = put_motion(store, plan, assembly.metadata)
            if change == "replaced":
                # Whoever published the one before may have written beside it while this did; by now
                # that is over, and whoever comes from here on sees that this one stands.
                _put_beside(store, plan, load, assembly)
        if change != "kept":
            return Published(assembly.metadata, change != "unchanged")
        if not goes_beside:
            break
        # Another got ahead in between; its thumbnails and evidence may have been overwritten by
        # these. What is assembled now stands on all that it stood on.
    return Published(read_motion(store.get(RunKeys.of(plan).motion)), False)


def _belongs(store: ObjectStore, plan: Plan, metadata: MotionMetadata) -> bool:
    """Whether what goes with this metadata may stand beside ``motion.json``."""
    if would_change(store, plan, metadata):
        return True
    standing = find_with_etag(store, RunKeys.of(plan).motion)
    return standing is not None and standing[0] == readable_json(metadata)


def _put_beside(store: ObjectStore, plan: Plan, load: Load, assembly: Assembly) -> None:
    keys = RunKeys.of(plan)
    store.put(keys.frames, write_frames_table(plan, load))
    files = assembly.thumbnails | assembly.evidence
    current = {keys.beside(name): data for name, data in files.items()}
    # A day has tens of thousands: one after the other they alone would pass a function's time.
    with ThreadPoolExecutor(_WRITERS) as threads:
        list(threads.map(store.put, current, current.values()))
    for folder in BESIDE_MOTION:
        for key in set(store.list(keys.beside(folder))) - current.keys():
            store.delete(key)
