"""What follows a result: readers find it, and those who wait are told."""

from __future__ import annotations

from typing import Protocol

from flowtag.catalog import add_to_catalog
from flowtag.contracts.metadata import MotionMetadata, Status
from flowtag.errors import ObjectNotFoundError
from flowtag.frozen_model import Model
from flowtag.latest import SourceOrder, read_source, update_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion
from flowtag.storage import ObjectStore


class Ready(Model):
    """What the event *Motion Metadata Ready* says.

    Attributes:
        uri: of the video.
        motion: key of motion.json in the output bucket.
        latest: key of the video's latest.json there.
        etag: of motion.json. With run and status it tells repeated events from new ones.
        reason: why the result is less than complete.
    """

    video_id: str
    run_id: str
    status: Status
    uri: str
    motion: str
    latest: str
    etag: str
    reason: str | None


class Notify(Protocol):
    """Tells whoever waits for results."""

    def __call__(self, ready: Ready, /) -> None:
        """Sends the event, at least once.

        Raises:
            StorageError: it could not be sent; a retry may help.
        """
        ...


def announce(store: ObjectStore, keys: RunKeys, notify: Notify) -> Ready:
    """Enters a run's result in the catalog and latest.json, sends the event, closes the run.

    Whatever of this was done before is done again to the same end: an event may be sent twice,
    never not at all.

    Raises:
        ObjectNotFoundError: the run has no result.
        StorageError: the store failed, or the event could not be sent; a retry may help.
    """
    data, etag = store.get_with_etag(keys.motion)
    metadata = read_motion(data)
    order = _source_order(store, keys)
    add_to_catalog(store, metadata, keys, order)
    update_latest(store, keys, order)
    ready = _ready(metadata, keys, etag)
    notify(ready)
    store.delete(keys.open)
    return ready


def _ready(metadata: MotionMetadata, keys: RunKeys, etag: str) -> Ready:
    return Ready(
        video_id=keys.video_id,
        run_id=keys.run_id,
        status=metadata.analysis.status,
        uri=metadata.video.uri,
        motion=keys.motion,
        latest=keys.latest,
        etag=etag,
        reason=metadata.analysis.shortfall(),
    )


def _source_order(store: ObjectStore, keys: RunKeys) -> SourceOrder:
    try:
        return read_source(store, keys)
    except ObjectNotFoundError:
        # Back-filled by hand, or by a release that noted nothing.
        return SourceOrder(modified_at=store.written_at(keys.motion))
