"""Word from the system that something in a folder has changed, so that it is worth a look.

What has changed is not asked: notices get lost where many come at once, and folders within may be
filled before they are watched. Whoever gets one lists the folder.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

# The system itself leaves out the rest: a card that is copied is thousands of writes a second.
_OF_LINUX: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileMovedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]


class FolderNotices(FileSystemEventHandler):
    """Notices of one folder and all within it, but for another one; begins at once."""

    def __init__(self, folder: Path, ignored: Path) -> None:
        """Starts watching.

        Args:
            folder: what is watched.
            ignored: where changes mean nothing, such as the folder of results.

        Raises:
            OSError: the system gives no notices of it, or not of so many folders.
        """
        self._changed = threading.Event()
        watched, results = (os.path.realpath(each) + os.sep for each in (folder, ignored))
        # Of a folder that holds what is watched all is worth a look.
        self._ignored = None if watched.startswith(results) else results
        self._observer: BaseObserver = Observer()
        kinds = _OF_LINUX if sys.platform == "linux" else None
        self._observer.schedule(self, os.path.realpath(folder), recursive=True, event_filter=kinds)
        self._observer.start()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called in the observer's thread."""
        paths = (os.fsdecode(path) for path in (event.src_path, event.dest_path) if path)
        if self._ignored is None or not all(path.startswith(self._ignored) for path in paths):
            self._changed.set()

    def taken(self) -> bool:
        """Whether something has changed since the last call."""
        changed = self._changed.is_set()
        self._changed.clear()
        return changed

    def stop(self) -> None:
        """Ends watching."""
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join()
