"""Whether a file changes while it is looked at: a camera may still be copying it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flowtag.errors import SourceChangedError, SourceNotFoundError


@dataclass(frozen=True)
class FileState:
    """Differs after any change; good for one command, and no part of any identity.

    Attributes:
        changed_at: when this content came to this place. Unlike the time of modification, which
            a copy from a camera or a backup brings along, it is never set by anybody.
    """

    size: int
    modified_ns: int
    inode: int
    changed_at: datetime

    @classmethod
    def of(cls, path: Path) -> FileState:
        """The state of a file now.

        Raises:
            SourceNotFoundError: it is gone.
        """
        try:
            found = path.stat()
        except OSError as error:
            raise SourceNotFoundError(f"cannot be read: {error.strerror}") from error
        changed_at = datetime.fromtimestamp(found.st_ctime, UTC)
        return cls(found.st_size, found.st_mtime_ns, found.st_ino, changed_at)

    def is_same(self, other: FileState) -> bool:
        """Whether the content seems to be the same; a change of rights or of name is none."""
        mine = (self.size, self.modified_ns, self.inode)
        return mine == (other.size, other.modified_ns, other.inode)

    def require_unchanged(self, path: Path) -> None:
        """Compares with the file as it is now.

        Raises:
            SourceChangedError: it has changed.
        """
        if not FileState.of(path).is_same(self):
            raise SourceChangedError(
                "changed while it was being analysed; try again once it is at rest"
            )
