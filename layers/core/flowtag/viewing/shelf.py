"""The results that a path means, as the viewer lists them, and the files that belong to each."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flowtag.catalog_entry import CatalogEntry, summarize
from flowtag.errors import ContractError, FlowtagError, ObjectNotFoundError, StorageError
from flowtag.latest import SourceOrder, read_latest
from flowtag.places import VIDEO_SUFFIXES
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_READABLE = re.compile(
    r"motion\.json|plan\.json|run\.json|frames\.parquet|proxy\.mp4"
    r"|thumbnails/[A-Za-z0-9_-]+\.jpg|chunks/[0-9]+\.npz"
)
_MOTION = "motion.json"


@dataclass(frozen=True)
class Shelved:
    """One result.

    Attributes:
        entry: what the catalog says of it.
        motion: its motion.json; the other files of its run lie beside it.
    """

    entry: CatalogEntry
    motion: Path


class Shelf:
    """All results under one path; looked for again whenever they are listed."""

    def __init__(self, path: Path, find_motion: Callable[[Path], list[Path]]) -> None:
        """Takes a place of results.

        Args:
            path: an output folder, a video's or a run's folder, or a motion.json.
            find_motion: the motion.json files that a path means.
        """
        self._path = path
        self._find_motion = find_motion
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[tuple[int, int], Shelved]] = {}
        self._shelved: dict[str, Shelved] = {}
        self.problems: tuple[str, ...] = ()

    def refresh(self) -> list[CatalogEntry]:
        """Looks for results; returns what is there now, newest first.

        Only what is new or has changed since the last look is read.

        Raises:
            ObjectNotFoundError: there is no result at all.
            ContractError: the only one there is cannot be read.
        """
        with self._lock:
            found, problems = self._look()
            self._shelved = {each.entry.video_id: each for each in found}
            self.problems = tuple(problems)
            entries = [each.entry for each in self._shelved.values()]
            return sorted(entries, key=lambda entry: entry.place, reverse=True)

    def file(self, video_id: str, run_id: str, name: str) -> Path:
        """A file of a run.

        Args:
            video_id: of a video that is listed.
            run_id: of any run of it.
            name: below the run's folder, as ``thumbnails/0000.jpg``.

        Raises:
            ObjectNotFoundError: there is none, or it is not one that a viewer reads.
        """
        if not _READABLE.fullmatch(name):
            raise ObjectNotFoundError(f"{name} is not for viewers")
        motion = self._motion_of(video_id, run_id)
        path = motion if name == _MOTION else motion.parent / name
        # A link in the folder must not lead out of it.
        if not path.is_file() or not path.resolve().is_relative_to(motion.parent.resolve()):
            raise ObjectNotFoundError(f"there is no {name}")
        return path

    def video(self, video_id: str, run_id: str) -> Path:
        """The video that a run is of, where it lies on this machine.

        Raises:
            ObjectNotFoundError: it is elsewhere, or not there any more.
        """
        metadata = read_motion(self._motion_of(video_id, run_id).read_bytes())
        path = Path(metadata.video.uri)
        # What a motion.json names need not be a video: it may come from anywhere.
        is_video = path.suffix.lower() in VIDEO_SUFFIXES
        if not (path.is_absolute() and is_video and path.is_file()):
            raise ObjectNotFoundError(f"there is no {path.name} on this machine")
        return path

    def _motion_of(self, video_id: str, run_id: str) -> Path:
        shelved = self._shelved.get(video_id)
        if shelved is None:
            raise ObjectNotFoundError("there is no such video")
        if shelved.entry.run_id == run_id:
            return shelved.motion
        other = shelved.motion.parents[1] / run_id / _MOTION
        if not _ID.fullmatch(run_id) or not other.is_file():
            raise ObjectNotFoundError("there is no such run")
        return other

    def _look(self) -> tuple[list[Shelved], list[str]]:
        found: list[Shelved] = []
        problems: list[str] = []
        for motion in self._motions(problems):
            try:
                # The files of a run lie beside the motion.json itself, not beside a link to it; and
                # a relative path has too few parents.
                found.append(self._shelve(motion.resolve()))
            except FlowtagError as error:
                problems.append(f"{motion}: {error}")
        if not found and problems:
            raise ContractError(problems[0])
        return found, problems

    def _motions(self, problems: list[str]) -> list[Path]:
        """As ``find_motion`` does, but one damaged video of a folder hides no other."""
        path = self._path
        named = path.is_file() or (path / _MOTION).is_file() or (path / "latest.json").is_file()
        if named or not path.is_dir():
            return self._find_motion(path)
        motions: list[Path] = []
        for folder in sorted(each for each in path.iterdir() if (each / "latest.json").is_file()):
            try:
                motions += self._find_motion(folder)
            except FlowtagError as error:
                problems.append(str(error))
        if not motions and not problems:
            raise ObjectNotFoundError(f"there are no results in {path}")
        return motions

    def _shelve(self, motion: Path) -> Shelved:
        try:
            stat = motion.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            known = self._read.get(motion)
            if known is not None and known[0] == stamp:
                return known[1]
            shelved = _shelved(motion, datetime.fromtimestamp(stat.st_mtime, UTC))
        except OSError as error:
            raise StorageError(error.strerror or str(error)) from error
        self._read[motion] = (stamp, shelved)
        return shelved


def _shelved(motion: Path, written_at: datetime) -> Shelved:
    metadata = read_motion(motion.read_bytes())
    if not _ID.fullmatch(metadata.video.id):
        raise ContractError("its video has no proper id")
    run = motion.parent.name
    keys = RunKeys(metadata.video.id, run if _ID.fullmatch(run) else metadata.video.id)
    order, planned_at = SourceOrder(modified_at=written_at), written_at
    pointer = motion.parents[1] / "latest.json"
    if pointer.is_file():
        latest = read_latest(pointer.read_bytes())
        if latest.run_id == keys.run_id:
            order, planned_at = latest.source, latest.planned_at
    return Shelved(summarize(metadata, keys, order, planned_at), motion)
