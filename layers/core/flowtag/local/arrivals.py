"""Videos as they arrive in a folder: each once it has come to rest, and again when it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flowtag.errors import SourceNotFoundError, StorageError
from flowtag.local.disk_places import FilePlace
from flowtag.local.file_state import FileState
from flowtag.local.inputs import find_inputs
from flowtag.local.notices import FolderNotices
from flowtag.local.outcomes import Outcome
from flowtag.places import Address

_LOOKS_PER_SETTLING = 4
_LONGEST_LOOK_SECONDS = 0.5
_LISTED_WITHOUT_NOTICE_SECONDS = 60.0
_POLLED_SECONDS = 2.0
# A listing takes at most this part of the time: a large archive is listed more seldom.
_LISTING_SHARE = 1 / 20
_TRIED_AGAIN_SECONDS = 60.0
# What browsers and downloaders keep beside a file that is not whole yet.
_UNFINISHED_MARKS = (".part", ".crdownload", ".tmp", ".partial", ".aria2", ".filepart")


def _ignored(text: str) -> None:
    """Says it to nobody."""


@dataclass
class _Arrival:
    """One file.

    Attributes:
        state: as it was seen last.
        since: by the clock, when it was first seen so.
        handed_out: whether this state of it has been handed out.
    """

    path: Path
    state: FileState
    since: float
    handed_out: bool = False


class Arrivals:
    """Watches a folder; see :class:`flowtag.local.runner.Intake`.

    A file at rest has kept its size and time of modification for a while. It is handed out once,
    and once more whenever it has changed since; one that is gone is forgotten.
    """

    def __init__(
        self,
        folder: Path,
        output: Path,
        *,
        settle_seconds: float,
        poll: bool,
        once: bool,
        say: Callable[[str], None] = _ignored,
    ) -> None:
        """Looks at nothing yet.

        Args:
            folder: what is watched, with all folders within it.
            output: the folder of results, which is left out.
            settle_seconds: for how long a file must not change.
            poll: list the folder every other second, and ask the system for no notices.
            once: what is there at the first look is all there is.
            say: told what people should know.
        """
        self._folder = folder
        self._output = output
        self._settle_seconds = settle_seconds
        self._look_seconds = min(settle_seconds / _LOOKS_PER_SETTLING, _LONGEST_LOOK_SECONDS)
        self._once = once
        self.say = say
        self._files: dict[str, _Arrival] = {}
        self._in_work: set[Address] = set()
        self._unlisted: set[tuple[Path, str]] = set()
        self._identity: tuple[int, int] | None = None
        self._is_gone = False
        self._notices: FolderNotices | None = None
        self._asks_for_notices = not (poll or once)
        self._was_listed = False
        self._next_look = self._next_listing = self._earliest_listing = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be handed out."""
        waited_for = any(not file.handed_out for file in self._files.values())
        return self._once and self._was_listed and not waited_for and not self._in_work

    @property
    def is_gone(self) -> bool:
        """Whether the folder is not there at present."""
        return self._is_gone

    def moving(self) -> Iterator[Path]:
        """The files that are waited for."""
        return (file.path for file in self._files.values() if not file.handed_out)

    def arrived(self) -> list[FilePlace]:
        """The videos that have come to rest since the last call."""
        now = time.monotonic()
        if now < self._next_look:
            return []
        self._next_look = now + self._look_seconds
        self._find_folder()
        if not self._is_gone and self._is_listing_due(now):
            self._list()
        return [FilePlace(file.path) for file in self._at_rest(time.monotonic())]

    def ended(self, outcome: Outcome) -> None:
        """A video that was handed out is done with, for now.

        What failed is tried again when the file changes; or after a while, where it was the folder
        of results that failed.
        """
        self._in_work.discard(outcome.input)
        may_pass = outcome.storage_failed or outcome.code == StorageError.code
        if not may_pass or self._once:
            return
        for file in self._files.values():
            if file.path == outcome.input:
                file.handed_out = False
                file.since = time.monotonic() + _TRIED_AGAIN_SECONDS

    def stop(self) -> None:
        """Ends watching."""
        if self._notices is not None:
            self._notices.stop()
        self._notices = None

    def _find_folder(self) -> None:
        """Notices when the folder goes, as a card does, and when it or another one comes."""
        identity = _identity(self._folder)
        if identity == self._identity:
            return
        if identity is None:
            self.say(f"{self._folder} is gone; waiting for it to come back")
            self._files.clear()
        elif self._is_gone:
            self.say(f"{self._folder} is back")
        self._is_gone, self._identity = identity is None, identity
        self.stop()
        if identity is not None:
            self._watch()
            self._next_listing = self._earliest_listing = 0.0

    def _watch(self) -> None:
        if not self._asks_for_notices:
            return
        try:
            self._notices = FolderNotices(self._folder, self._output)
        except OSError as error:
            reason = error.strerror or str(error)
            self.say(f"no notices of changes ({reason}); looking every {_POLLED_SECONDS:g} s")

    def _is_listing_due(self, now: float) -> bool:
        if self._once and self._was_listed:
            return False
        if self._notices is not None and self._notices.taken():
            self._next_listing = 0.0
        return now >= max(self._next_listing, self._earliest_listing)

    def _list(self) -> None:
        started = time.monotonic()
        found = find_inputs([self._folder], self._output)
        self._was_listed = True
        for folder, reason in found.unreadable:
            if (folder, reason) not in self._unlisted:
                self.say(f"{folder} cannot be listed: {reason}")
        self._unlisted = set(found.unreadable)
        present = {os.path.realpath(path): path for path in found.files}
        for gone in self._files.keys() - present.keys():
            del self._files[gone]
        for real, path in present.items():
            self._look(real, path)
        ended = time.monotonic()
        polled = self._notices is None
        interval = _POLLED_SECONDS if polled else _LISTED_WITHOUT_NOTICE_SECONDS
        self._next_listing = ended + interval
        self._earliest_listing = ended + (ended - started) / _LISTING_SHARE

    def _look(self, real: str, path: Path) -> None:
        try:
            state = FileState.of(path)
        except SourceNotFoundError:
            self._files.pop(real, None)
            return
        known = self._files.get(real)
        if known is None:
            self._files[real] = _Arrival(path, state, time.monotonic())
        elif not state.is_same(known.state):
            known.state, known.since, known.handed_out = state, time.monotonic(), False

    def _at_rest(self, now: float) -> Iterator[_Arrival]:
        for real, file in list(self._files.items()):
            if file.handed_out:
                continue
            self._look(real, file.path)
            rested = now - file.since >= self._settle_seconds
            # A second run of the same file must not run beside the first.
            if real not in self._files or not rested or file.path in self._in_work:
                continue
            mark = _unfinished_mark(file.path)
            if mark is None:
                file.handed_out = True
                self._in_work.add(file.path)
                yield file
            elif self._once:
                self.say(f"{file.path} is left out: by {mark.name} it is not whole yet")
                del self._files[real]


def _unfinished_mark(path: Path) -> Path | None:
    marks = (path.with_name(path.name + mark) for mark in _UNFINISHED_MARKS)
    return next((mark for mark in marks if mark.exists()), None)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Differs when another folder or disk stands in a folder's place; None: there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if folder.is_dir() else None
