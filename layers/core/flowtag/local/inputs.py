"""Which files a command line means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flowtag.places import VIDEO_SUFFIXES

_MOTION, _PROXY = "motion.json", "proxy.mp4"


@dataclass
class Inputs:
    """What was found.

    Attributes:
        files: in order, each file once.
        unreadable: folders that could not be listed, with the reason.
    """

    files: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def find_inputs(named: Iterable[Path], output: Path) -> Inputs:
    """Lists the files that are named, and the videos in the folders that are named.

    Folders are walked in order of names, hidden files and folders and the output folder left out.
    A file that turns up twice, through a link too, counts where it turns up first. A path that
    does not exist is listed as a file, so that its turn says so.
    """
    found = Inputs()
    seen: set[str] = set()
    for path in named:
        for file in _walk(path, output, found) if path.is_dir() else [path]:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                found.files.append(file)
    return found


def _walk(top: Path, output: Path, found: Inputs) -> Iterator[Path]:
    avoided = os.path.realpath(output)

    def note(error: OSError) -> None:
        found.unreadable.append((Path(error.filename or top), error.strerror or str(error)))

    for folder, folders, names in os.walk(top, onerror=note):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(Path(folder, name)) != avoided
        )
        if _MOTION in names:
            # The proxy of a run is no video of its own.
            names = [name for name in names if name != _PROXY]
        files = (Path(folder, name) for name in sorted(names) if not name.startswith("."))
        yield from (f for f in files if f.suffix.lower() in VIDEO_SUFFIXES and f.is_file())
