"""The command as people run it, and tiny clips to run it on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.rendering.encoding import write_video
from tests.rendering.pictures import Image

_ROOT = Path(__file__).parents[2]
_TIMEOUT_SECONDS = 120
WIDTH, HEIGHT = 96, 64


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def motion(self) -> Path:
        """The one motion.json that was printed."""
        (line,) = self.lines
        return Path(line)


def make_clip(path: Path, frames: int = 150, step: int = 1, key_interval: int = 25) -> Path:
    """A texture that moves to the left by some pixels a frame, with a key frame every second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"g": str(key_interval), "keyint_min": str(key_interval), "sc_threshold": "0"}
    return write_video(path, _panning(frames, step), options=options)


def run_flowtag(*words: str | Path) -> Ran:
    """Carries out a command and waits for it."""
    with start_flowtag(*words) as process:
        out, err = process.communicate(timeout=_TIMEOUT_SECONDS)
    return Ran(process.returncode, out.decode("utf-8", "surrogateescape"), err.decode())


def start_flowtag(*words: str | Path, cwd: Path = _ROOT) -> subprocess.Popen[bytes]:
    """Starts a command in a process group of its own, where Ctrl-C works whoever runs the tests."""
    environment = {name: value for name, value in os.environ.items() if name != "FLOWTAG_DEBUG"}
    return subprocess.Popen(
        [sys.executable, "-m", "flowtag.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(root: Path, pattern: str, count: int = 1) -> list[Path]:
    """Waits until so many files of a pattern are there."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        found = sorted(root.rglob(pattern))
        if len(found) >= count:
            return found
        time.sleep(0.005)
    raise TimeoutError(f"no {count} of {pattern} in {root}")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object."""
    value = json.loads(path.read_bytes())
    assert isinstance(value, dict)
    return value


def fingerprints(root: Path, pattern: str = "*.npz") -> dict[Path, tuple[int, int]]:
    """Inode and time of modification: differ for a file that was written again."""
    found = {path: path.stat() for path in sorted(root.rglob(pattern))}
    return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def half_written(root: Path) -> list[Path]:
    """What a writer left under a hidden name."""
    return [path for path in root.rglob(".*") if path.suffix == ".tmp"]


def _panning(frames: int, step: int) -> Iterator[Image]:
    generator = np.random.default_rng(7)
    coarse = generator.integers(30, 225, (HEIGHT // 8, (WIDTH + frames * step) // 8 + 2))
    wide = np.kron(coarse, np.ones((8, 8))).astype(np.uint8)
    for index in range(frames):
        grey = wide[:, index * step : index * step + WIDTH]
        yield np.repeat(grey[:, :, None], 3, axis=2)
