"""The SAM command line, which ``make`` sets up in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sam_program() -> Path:
    """Where it is.

    Raises:
        AssertionError: ``make test`` did not set it up.
    """
    program = Path(sys.prefix) / "sam" / "bin" / "sam"
    assert program.exists(), f"{program} is missing: make test sets it up"
    return program


def sam_environment(**variables: str) -> dict[str, str]:
    """The environment it runs in: no telemetry, no credentials, any region."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
    # Make hands its own options on to every make below it; sam runs one to build.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH"):
        kept.pop(name, None)
    return kept | own | variables


def build(folder: Path, architecture: str, *ids: str) -> Path:
    """Builds what is named, or all, and says where."""
    options: list[str | Path] = [
        "--build-dir",
        folder / "built",
        "--parameter-overrides",
        f"Architecture={architecture}",
    ]
    done = subprocess.run(
        [sam_program(), "build", *ids, *options],
        cwd=ROOT,
        env=sam_environment(ARCH=architecture, PYTHON=sys.executable),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "built"
