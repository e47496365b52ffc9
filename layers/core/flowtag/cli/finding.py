"""Which motion.json a path means: a file, a run, a video, or all videos of an output folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowtag.errors import ContractError, ObjectNotFoundError
from flowtag.latest import read_latest

_MOTION = "motion.json"
_LATEST = "latest.json"


def find_motion(path: Path) -> list[Path]:
    """The motion.json files that a path means, in order of names.

    A video's folder means the run that its latest.json names.

    Raises:
        ObjectNotFoundError: there is none.
        ContractError: a latest.json leads nowhere.
    """
    if path.is_file():
        return [path]
    if (path / _MOTION).is_file():
        return [path / _MOTION]
    if not path.is_dir():
        raise ObjectNotFoundError(f"there is no {path}")
    if (path / _LATEST).is_file():
        return [_followed(path)]
    found = list(_videos_in(path))
    if not found:
        raise ObjectNotFoundError(f"there are no results in {path}")
    return found


def _videos_in(root: Path) -> Iterator[Path]:
    for folder in sorted(root.iterdir()):
        if (folder / _LATEST).is_file():
            yield _followed(folder)


def _followed(video: Path) -> Path:
    latest = read_latest((video / _LATEST).read_bytes())
    motion = video / latest.run_id / _MOTION
    # A damaged pointer may lead anywhere; a video's run is always its own.
    if motion.parent.parent.resolve() != video.resolve() or not motion.is_file():
        raise ContractError(f"{video / _LATEST} names a run that has no result")
    return motion
