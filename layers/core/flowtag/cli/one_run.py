"""One run, wherever its motion.json is: on this machine or in a bucket."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowtag.cli.finding import find_motion
from flowtag.errors import (
    ContractError,
    ObjectNotFoundError,
    SettingsError,
    StorageError,
)
from flowtag.latest import read_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from flowtag.aws.s3_store import S3Store
    from flowtag.contracts.metadata import MotionMetadata

_MOTION = "motion.json"
_LATEST = "latest.json"


@dataclass(frozen=True)
class OneRun:
    """A run that was read.

    Attributes:
        metadata: its motion.json.
        address: where that is, for people.
        read: gets what motion.json names, such as ``thumbnails/0000.jpg``.
    """

    metadata: MotionMetadata
    address: str
    read: Callable[[str], bytes]


def open_run(run: str, endpoint_url: str | None, region: str | None) -> OneRun:
    """The run that a path or an ``s3://`` URI means; of a video the latest.

    Args:
        run: a motion.json, a run's folder, a video's, or an output folder with one video.
        endpoint_url: another server than AWS that speaks S3.
        region: None: as the environment and the profile say.

    Raises:
        ObjectNotFoundError: there is none.
        SettingsError: there are several.
        ContractError: it cannot be read.
        StorageError: the store failed.
    """
    # With too few slashes too: nobody means a folder of that name.
    if run.startswith("s3:"):
        return _in_bucket(run, endpoint_url, region)
    return _on_disk(Path(run))


def open_runs(run: str, endpoint_url: str | None, region: str | None) -> Iterator[OneRun]:
    """All runs that a path or an ``s3://`` URI means, one at a time; of each video the latest.

    Arguments and errors are those of :func:`open_run`, but that several are no mistake.
    """
    if not run.startswith("s3:"):
        yield from (_read_on_disk(motion) for motion in find_motion(Path(run)))
        return
    store = _store_at(_client(endpoint_url, region), run)
    videos = [] if run.endswith(".json") else list(_videos(store))
    if not videos:
        yield open_run(run, endpoint_url, region)
    for key in videos:
        yield _read(store, _followed(store, key))


def _on_disk(path: Path) -> OneRun:
    found = find_motion(path)
    if len(found) > 1:
        raise _several(str(path), [motion.parts[-3] for motion in found])
    return _read_on_disk(found[0])


def _read_on_disk(motion: Path) -> OneRun:
    from flowtag.storage import FolderStore

    try:
        metadata = read_motion(motion.read_bytes())
    except OSError as error:
        raise StorageError(f"{motion}: {error.strerror or error}") from error
    return OneRun(metadata, str(motion), FolderStore(motion.parent).get)


def _client(endpoint_url: str | None, region: str | None) -> S3Client:
    try:
        from flowtag.aws.clients import s3_client
        from flowtag.aws.s3_inputs import QUICK_ATTEMPTS
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"there is no module {error.name}; s3:// needs flowtag[aws] to be installed"
        ) from error
    return s3_client(endpoint_url, region, QUICK_ATTEMPTS)


def _in_bucket(uri: str, endpoint_url: str | None, region: str | None) -> OneRun:
    client = _client(endpoint_url, region)
    folder, _, name = uri.rpartition("/")
    if name.endswith(".json") and name != _LATEST:
        return _read(_store_at(client, folder), name)
    store = _store_at(client, folder if name == _LATEST else uri)
    return _read(store, _motion_key(store, uri))


def _store_at(client: S3Client, uri: str) -> S3Store:
    from flowtag.aws.s3_source import bucket_and_prefix
    from flowtag.aws.s3_store import S3Store

    bucket, prefix = bucket_and_prefix(f"{uri.rstrip('/')}/")
    return S3Store(client, bucket, prefix)


def _motion_key(store: S3Store, uri: str) -> str:
    """The key, below a place, of the motion.json that the place means."""
    for key in (_MOTION, _LATEST):
        try:
            data = store.get(key)
        except ObjectNotFoundError:
            continue
        return key if key == _MOTION else f"{read_latest(data).run_id}/{_MOTION}"
    some = list(itertools.islice(_videos(store), 5))
    if not some:
        raise ObjectNotFoundError(f"there are no results in {uri}")
    if len(some) > 1:
        raise _several(uri, [key.partition("/")[0] for key in some])
    return _followed(store, some[0])


def _videos(store: S3Store) -> Iterator[str]:
    """The keys of the latest.json of videos below a place."""
    return (key for key in store.list("") if key.count("/") == 1 and key.endswith(f"/{_LATEST}"))


def _followed(store: S3Store, key: str) -> str:
    latest = read_latest(store.get(key))
    return RunKeys(key.partition("/")[0], latest.run_id).motion


def _read(store: S3Store, key: str) -> OneRun:
    address = store.uri(key)
    try:
        metadata = read_motion(store.get(key))
    except ContractError as error:
        raise ContractError(f"{address}: {error}") from error
    folder = key.removesuffix(_MOTION) if key.endswith(_MOTION) else ""
    return OneRun(metadata, address, lambda name: store.get(f"{folder}{name}"))


def _several(place: str, videos: list[str]) -> SettingsError:
    named = ", ".join(videos[:3]) + (", …" if len(videos) > 3 else "")
    return SettingsError(f"{place} holds several videos ({named}): name one of them")
