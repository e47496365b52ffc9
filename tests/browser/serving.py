"""Servers of the viewer: the command itself, and a folder as a bucket's static website gives it."""

from __future__ import annotations

import contextlib
import functools
import shutil
import signal
import subprocess
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from local_cloud.loopback import LoopbackServer, serving
from tests.functional.command import start_flowtag

VIEWER = Path(__file__).parents[2] / "viewer"


class _StaticFiles(SimpleHTTPRequestHandler):
    """Whole files only: a server without ranges."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def viewing(path: Path, *options: str, cwd: Path = VIEWER) -> Iterator[str]:
    """Serves results by ``flowtag view``, as begun in a folder; yields the address."""
    words: tuple[str | Path, ...] = ("view", path, "--port", "0", "--no-browser", *options)
    with start_flowtag(*words, cwd=cwd) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@contextlib.contextmanager
def static_site(results: Path) -> Iterator[str]:
    """Serves results with the viewer beside them, as files; yields the viewer's address."""
    shutil.copytree(VIEWER, results / "viewer", dirs_exist_ok=True)
    handler = functools.partial(_StaticFiles, directory=str(results))
    with serving(LoopbackServer(("127.0.0.1", 0), handler)) as port:
        yield f"http://127.0.0.1:{port}/viewer/"
