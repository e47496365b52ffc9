"""Files for people and other programs, outside the folder of results: whole, or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from flowtag.errors import StorageError


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file at once, whatever stood there: a program may be watching its folder.

    Raises:
        StorageError: it could not be written; what stood there stands.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def is_current(path: Path, *sources: Path) -> bool:
    """Whether a file is there, and none of the files that it is made of is newer."""
    try:
        written = path.stat().st_mtime_ns
        return path.is_file() and all(
            source.stat().st_mtime_ns <= written for source in sources if source.exists()
        )
    except OSError:
        return False
