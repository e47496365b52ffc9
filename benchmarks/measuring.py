"""What a command costs: CPU time and memory of a process and of all its children, wall time."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOWN_OF_ERROR = 160
_COMPILES_ANEW = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Cost:
    """One run of a command.

    Attributes:
        cpu_seconds: user and system time, children that it waited for included.
        wall_seconds: from start to end.
        peak_rss_mb: the largest of the process and its children, MB of 1024² bytes.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_rss_mb: float


class CommandFailedError(Exception):
    """A command ended with another exit status than 0."""


def run(command: Sequence[str], folder: Path | None = None) -> Cost:
    """Runs a command to its end.

    It is started by a small process of its own: Linux counts the largest memory of whoever starts
    a program as that program's. Python programs may keep their compiled modules, as an installed
    command's are kept: what compiles anew at each start is not what users run.

    Args:
        command: program and arguments.
        folder: where it runs; here by default.

    Raises:
        CommandFailedError: it failed, or cannot be started; carries the end of what it said.
    """
    starter = [sys.executable, str(Path(__file__).absolute()), *command]
    surroundings = {name: value for name, value in os.environ.items() if name != _COMPILES_ANEW}
    told = subprocess.run(
        starter, stdout=subprocess.PIPE, text=True, cwd=folder, check=True, env=surroundings
    )
    result = json.loads(told.stdout)
    if "failure" in result:
        raise CommandFailedError(result["failure"])
    return Cost(**result)


def _measured(command: Sequence[str]) -> dict[str, float | str]:
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        except OSError as error:
            return {"failure": f"cannot be started: {error}"}
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        # Popen must not wait for what has been waited for.
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or ["nothing"]
            return {"failure": f"exit {child.returncode}: {lines[-1][:_SHOWN_OF_ERROR]}"}
    per_mb = 2**20 if sys.platform == "darwin" else 2**10
    return {
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "wall_seconds": wall,
        "peak_rss_mb": used.ru_maxrss / per_mb,
    }


def machine() -> str:
    """Processor, cores, system and Python, in a line."""
    name = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists():
        models = [line for line in about.read_text().splitlines() if line.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}"
    )


def flowtag_command() -> str:
    """The ``flowtag`` that stands beside this Python."""
    beside = Path(sys.executable).with_name("flowtag")
    return str(beside) if beside.exists() else "flowtag"


if __name__ == "__main__":
    print(json.dumps(_measured(sys.argv[1:])))
