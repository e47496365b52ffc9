"""What only the folder store must do: survive crashes, and many processes at a time."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowtag.errors import PreconditionFailedError, StorageError
from flowtag.storage import LOCK_NAME, FolderStore

_WRITERS = 4
_ROUNDS = 25


def _visible(root: Path) -> list[str]:
    return sorted(p.name for p in root.rglob("*") if p.is_file() and p.name != LOCK_NAME)


def _count_up(root: Path) -> None:
    store = FolderStore(root)
    for _ in range(_ROUNDS):
        while True:
            data, etag = store.get_with_etag("counter")
            try:
                store.replace("counter", str(int(data) + 1).encode(), etag)
                break
            except PreconditionFailedError:
                continue


def _claim(root: Path) -> int:
    store, won = FolderStore(root), 0
    for number in range(_ROUNDS):
        try:
            store.put_if_absent(f"claims/{number}", str(os.getpid()).encode())
            won += 1
        except PreconditionFailedError:
            pass
    return won


def test_no_replacement_is_lost_between_processes(tmp_path: Path) -> None:
    FolderStore(tmp_path).put("counter", b"0")
    with multiprocessing.get_context("spawn").Pool(_WRITERS) as pool:
        pool.map(_count_up, [tmp_path] * _WRITERS)
    assert FolderStore(tmp_path).get("counter") == str(_WRITERS * _ROUNDS).encode()


def test_of_many_that_claim_a_key_one_gets_it(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(_WRITERS) as pool:
        won = pool.map(_claim, [tmp_path] * _WRITERS)
    assert sum(won) == _ROUNDS
    assert len(list(FolderStore(tmp_path).list("claims/"))) == _ROUNDS


def test_a_writer_that_is_killed_leaves_the_old_object_or_the_new(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("run/big", b"a" * 1000)
    code = (
        "import sys; from pathlib import Path; from flowtag.storage import FolderStore\n"
        "store = FolderStore(Path(sys.argv[1])); print('ready', flush=True)\n"
        "while True: store.put('run/big', b'b' * 5_000_000); store.put('run/big', b'c' * 5_000_000)"
    )
    for delay in (0.01, 0.03, 0.06):
        command = [sys.executable, "-c", code, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(delay)
            writer.send_signal(signal.SIGKILL)
        data = store.get("run/big")
        assert len(set(data)) == 1
        assert len(data) in (1000, 5_000_000)
        assert list(store.list("")) == ["run/big"]
    store.sweep("run")
    assert _visible(tmp_path) == ["big"]


def test_sweep_leaves_the_writes_of_the_living(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("run/a", b"")
    host = socket.gethostname()
    living = tmp_path / "run" / f".b.{host}-{os.getpid()}-00ff00ff.tmp"
    dead = tmp_path / "run" / f".b.{host}-{_dead_process()}-00ff00ff.tmp"
    recent = tmp_path / "run" / ".b.elsewhere-1-00ff00ff.tmp"
    old = tmp_path / "run" / ".b.elsewhere-2-00ff00ff.tmp"
    for path in (living, dead, recent, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    store.sweep("run")
    assert living.exists()
    assert recent.exists()
    assert not dead.exists()
    assert not old.exists()
    assert list(store.list("")) == ["run/a"]


def _dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    store = FolderStore(tmp_path)
    store.put("a/b", b"old")
    monkeypatch.setattr(os, "fsync", no_space)
    writes: list[Callable[[], str]] = [
        lambda: store.put("a/b", b"new"),
        lambda: store.put_if_absent("a/c", b"new"),
        lambda: store.replace("a/b", b"new", store.get_with_etag("a/b")[1]),
    ]
    for write in writes:
        with pytest.raises(StorageError, match="No space left"):
            write()
    assert store.get("a/b") == b"old"
    assert _visible(tmp_path) == ["b"]


def test_without_hard_links_put_if_absent_still_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    store = FolderStore(tmp_path)
    store.put_if_absent("key", b"1")
    with pytest.raises(PreconditionFailedError):
        store.put_if_absent("key", b"2")
    assert store.get("key") == b"1"


def test_a_key_below_an_object_cannot_be_written(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a", b"1")
    with pytest.raises(StorageError):
        store.put("a/b", b"2")
    assert store.get("a") == b"1"


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    assert list(store.list("a/")) == []
    store.delete("a/b")
    store.sweep("a")
    assert not (tmp_path / "store").exists()


def test_a_deleted_run_leaves_no_empty_folders(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("video/run/chunks/0", b"")
    store.put("video/latest", b"")
    store.delete("video/run/chunks/0")
    assert [p.name for p in tmp_path.glob("*/*")] == ["latest"]


def test_a_share_that_knows_no_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    store = FolderStore(tmp_path)
    store.replace("key", b"2", store.put_if_absent("key", b"1"))
    assert store.get("key") == b"2"


def test_a_lock_that_fails_otherwise_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object, operation: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(StorageError, match="Input/output error"):
        FolderStore(tmp_path).put("key", b"1")
