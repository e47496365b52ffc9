"""Where videos come from and where results go, told in so few words that any process can open it.

A client of a service, or an open file, cannot be sent to a worker's process. A place can: it is a
name and the way to open what is there. Those on a disk are in :mod:`flowtag.local.disk_places`,
those in a bucket in :mod:`flowtag.aws.s3_places`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flowtag.contracts.messages import SourceRef
from flowtag.latest import SourceOrder
from flowtag.storage import ObjectStore
from flowtag.video.media import Media

Address = Path | str
"""Of a file or an object, for people and other programs: a path, or a URI."""

# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".braw", ".divx", ".dv", ".f4v", ".flv", ".gxf",
    ".insv", ".lrv", ".m1v", ".m2t", ".m2ts", ".m2v", ".m4v", ".mj2", ".mkv", ".mod",
    ".mov", ".mp2v", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".mxv",
    ".nut", ".ogm", ".ogv", ".qt", ".r3d", ".rm", ".rmvb", ".tod", ".ts", ".vob", ".webm",
    ".wmv", ".y4m",
})
# fmt: on
"""What counts as video where many are meant; what is named is tried whatever it is called."""


def _is_pinned() -> None:
    """Nothing need be asked where every read asks for that very content."""


@dataclass(frozen=True)
class Found:
    """A video as it stands now.

    Attributes:
        source: which content it is.
        order: whether it is newer than another content of the same place.
        require_unchanged: raises :class:`~flowtag.errors.SourceChangedError` if another content
            stands there by now, and :class:`~flowtag.errors.SourceNotFoundError` if none does.
    """

    source: SourceRef
    order: SourceOrder
    require_unchanged: Callable[[], None] = _is_pinned


class SourcePlace(Protocol):
    """One input of a command."""

    @property
    def address(self) -> Address:
        """The input as people know it."""
        ...

    def find(self) -> Found:
        """Looks at what stands there now.

        Raises:
            InputError: there is none, it may not be read, or it cannot be a video.
            StorageError: the store of videos failed.
        """
        ...

    def media(self, source: SourceRef) -> Media:
        """Opens the content that was found; nothing is read yet."""
        ...


class StorePlace(Protocol):
    """Where results go."""

    def open(self) -> ObjectStore:
        """A store, for this process alone."""
        ...

    def address(self, key: str) -> Address:
        """Where the object of a key is."""
        ...

    def sweep(self, folder: str) -> None:
        """Removes what writers that died left in a folder, where a store keeps such things."""
        ...
