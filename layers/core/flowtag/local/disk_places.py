"""Videos and results on this machine's disks; see :mod:`flowtag.places`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flowtag.contracts.messages import SourceRef
from flowtag.identity import local_source
from flowtag.latest import SourceOrder
from flowtag.local.file_state import FileState
from flowtag.places import Found
from flowtag.storage import FolderStore
from flowtag.video.media import Media


@dataclass(frozen=True)
class FilePlace:
    """A video on this machine."""

    path: Path

    @property
    def address(self) -> Path:
        """The path as it was given."""
        return self.path

    def find(self) -> Found:
        """Samples the content, and remembers the state of the file to compare with later."""
        source = local_source(self.path)
        state = FileState.of(self.path)
        order = SourceOrder(modified_at=state.changed_at)
        return Found(source, order, partial(state.require_unchanged, self.path))

    def media(self, source: SourceRef) -> Media:
        """The path: whether its content is still the same is asked of :class:`Found`."""
        return self.path


@dataclass(frozen=True)
class FolderPlace:
    """A folder on this machine."""

    root: Path

    def open(self) -> FolderStore:
        """The store in the folder."""
        return FolderStore(self.root)

    def address(self, key: str) -> Path:
        """The path of an object."""
        return self.open().path(key)

    def sweep(self, folder: str) -> None:
        """Removes half-written files; see :class:`~flowtag.storage.FolderStore`."""
        self.open().sweep(folder)
