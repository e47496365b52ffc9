"""Where the objects of a run are kept: one small port, and the folder store of a laptop."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from flowtag.errors import ObjectNotFoundError, PreconditionFailedError, StorageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME = ".flowtag-lock"
_TEMPORARY_SUFFIX = ".tmp"
_STALE_SECONDS = 3600.0
_UNLOCKABLE = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class ObjectStore(Protocol):
    """A flat store of named objects with conditional writes, after S3's semantics.

    Keys use ``/``. An etag is an opaque string that changes whenever the bytes do.
    """

    def get(self, key: str) -> bytes:
        """The bytes of an object.

        Raises:
            ObjectNotFoundError: there is none of that key.
            StorageError: the store failed.
        """
        ...

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """The bytes of an object and the etag to replace just these by."""
        ...

    def get_if_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """As :meth:`get_with_etag`; None, and nothing is sent, if ``etag`` is what stands there."""
        ...

    def written_at(self, key: str) -> datetime:
        """When the store took the object as it stands, with a time zone.

        Raises:
            ObjectNotFoundError: there is none of that key.
        """
        ...

    def put(self, key: str, data: bytes) -> str:
        """Writes an object, whatever stood there, whole or not at all; returns its etag."""
        ...

    def put_if_absent(self, key: str, data: bytes) -> str:
        """Writes an object that must not exist yet; returns its etag.

        Raises:
            PreconditionFailedError: there is one already.
        """
        ...

    def replace(self, key: str, data: bytes, etag: str) -> str:
        """Replaces the object that was read with ``etag``; returns the new etag.

        Raises:
            PreconditionFailedError: it is another one by now, or gone.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """The keys under a prefix, in order."""
        ...

    def delete(self, key: str) -> None:
        """Removes an object; it is no error if there is none."""
        ...


def checked_key(key: str) -> str:
    """Returns a key that is safe in every store.

    Raises:
        ValueError: empty, absolute, climbing (``..``), hidden, or with a character that some
            store or file system gives a meaning of its own.
    """
    parts = key.split("/")
    if any(not part or part.startswith(".") for part in parts):
        raise ValueError(f"not a key: {key!r}")
    if any(character in '\\:*?"<>|' or not character.isprintable() for character in key):
        raise ValueError(f"not a key: {key!r}")
    return key


class FolderStore:
    """Objects as files under one folder; any number of processes may write at a time.

    An object is written beside its place under a hidden name and then moved or linked there, so
    that no reader, and no crash, ever sees half of one. Unlike in S3 a key cannot also be the
    folder of another.
    """

    def __init__(self, root: Path) -> None:
        """Takes a folder, which is made on the first write."""
        self.root = root

    def path(self, key: str) -> Path:
        """Where the object of a key lies."""
        return self.root.joinpath(*PurePosixPath(checked_key(key)).parts)

    def get(self, key: str) -> bytes:
        """The bytes of an object; see :class:`ObjectStore`."""
        with _reading(key):
            return self.path(key).read_bytes()

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """The bytes of an object and their SHA-256, which is its etag."""
        data = self.get(key)
        return data, _etag(data)

    def get_if_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """The same, or None if they are what ``etag`` names; see :class:`ObjectStore`."""
        found = self.get_with_etag(key)
        return None if found[1] == etag else found

    def written_at(self, key: str) -> datetime:
        """When the object was written; see :class:`ObjectStore`."""
        with _reading(key):
            return datetime.fromtimestamp(self.path(key).stat().st_mtime, UTC)

    def put(self, key: str, data: bytes) -> str:
        """Writes an object, whatever stood there; see :class:`ObjectStore`."""
        with _writing(key), self._written_beside(key, data) as temporary, self._locked():
            temporary.replace(self.path(key))
        return _etag(data)

    def put_if_absent(self, key: str, data: bytes) -> str:
        """Writes an object that must not exist yet; see :class:`ObjectStore`."""
        target = self.path(key)
        with _writing(key), self._written_beside(key, data) as temporary, self._locked():
            _move_if_absent(temporary, target)
        return _etag(data)

    def replace(self, key: str, data: bytes, etag: str) -> str:
        """Replaces the object that was read with ``etag``; see :class:`ObjectStore`."""
        target = self.path(key)
        with _writing(key), self._written_beside(key, data) as temporary, self._locked():
            if not target.is_file() or _etag(target.read_bytes()) != etag:
                raise PreconditionFailedError(f"{key} is not the object that was read")
            temporary.replace(target)
        return _etag(data)

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with a prefix, in order; see :class:`ObjectStore`."""
        folder = prefix.rpartition("/")[0]
        top = self.path(folder) if folder else self.root
        files = (path for path in _walk_files(top) if not path.name.startswith("."))
        keys = (path.relative_to(self.root).as_posix() for path in files)
        yield from sorted(key for key in keys if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Removes an object and the folders that it leaves empty; see :class:`ObjectStore`."""
        path = self.path(key)
        with _writing(key):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in itertools.takewhile(lambda parent: parent != self.root, path.parents):
                folder.rmdir()

    @contextlib.contextmanager
    def being_filled(self, key: str) -> Iterator[Path]:
        """A new file for an object too large to be held: it takes its place if all goes well.

        Raises:
            StorageError: the file cannot be made, or not be moved to its place.
        """
        with self._hidden_beside(key) as temporary:
            yield temporary
            with _writing(key):
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
                with self._locked():
                    temporary.replace(self.path(key))

    def sweep(self, folder: str) -> None:
        """Removes what writers that died left under hidden names in a folder of the store."""
        for path in _walk_files(self.path(folder)):
            if path.name.endswith(_TEMPORARY_SUFFIX) and _is_abandoned(path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _written_beside(self, key: str, data: bytes) -> Iterator[Path]:
        with self._hidden_beside(key) as temporary:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary

    @contextlib.contextmanager
    def _hidden_beside(self, key: str) -> Iterator[Path]:
        target = self.path(key)
        writer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        temporary = target.with_name(f".{target.name}.{writer}{_TEMPORARY_SUFFIX}")
        try:
            with _writing(key):
                _opened_anew(temporary).close()
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.root / LOCK_NAME).open("ab") as file:
            _lock(file)
            yield


def _etag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _opened_anew(path: Path) -> IO[bytes]:
    # Again, because another process may remove a folder that a delete left empty in between.
    for _ in range(8):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return path.open("xb")
    raise FileNotFoundError(f"{path.parent} keeps vanishing")


def _move_if_absent(temporary: Path, target: Path) -> None:
    try:
        target.hardlink_to(temporary)
    except FileExistsError as error:
        raise PreconditionFailedError(f"{target.name} exists already") from error
    except OSError:
        # exFAT and some network shares have no hard links; there the lock alone must do.
        if target.exists():
            raise PreconditionFailedError(f"{target.name} exists already") from None
        temporary.replace(target)


def _walk_files(top: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(top):
        yield from (Path(folder, name) for name in names)


def _is_abandoned(path: Path) -> bool:
    host, _, process = path.name.removesuffix(_TEMPORARY_SUFFIX).rpartition("-")[0].rpartition("-")
    if host.endswith(f".{socket.gethostname()}") and process.isdigit() and os.name == "posix":
        return not _is_running(int(process))
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > _STALE_SECONDS
    return False


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _lock(file: IO[bytes]) -> None:
    # Closing the file, or dying, gives the lock back. A share that knows no locks must do without:
    # one person's laptop loses nothing by it.
    try:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _UNLOCKABLE:
            raise


@contextlib.contextmanager
def _reading(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ObjectNotFoundError(f"there is no {key}") from error
    except OSError as error:
        raise StorageError(f"cannot read {key}: {error.strerror or error}") from error


@contextlib.contextmanager
def _writing(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot write {key}: {error.strerror or error}") from error
