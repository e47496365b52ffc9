"""Docker's command, as far as the local cloud needs it."""

from __future__ import annotations

import os
import subprocess

WORKER_IMAGE = "flowtag-worker:local"
"""What ``make worker-image`` builds."""

# No name of a registry in AWS: SAM invokes no image that has one.
_AS_ROOT = "flowtag-worker:sam"
_READY_SECONDS = 20


def docker_runs() -> bool:
    """Whether containers can be started here: the command may be there without an engine."""
    try:
        asked = subprocess.run(
            ["docker", "info"], capture_output=True, timeout=_READY_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def docker(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Carries out a command of Docker.

    Args:
        words: the command.
        given: what it reads.
    """
    # The builder that every Docker has.
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    return subprocess.run(
        ["docker", *words],
        input=given,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def as_root(image: str) -> str:
    """An image that is the same but for its user, by a name that SAM can be given.

    SAM puts its emulator into an image as the image's own user, and the worker's may write
    nowhere. Lambda starts an image by a user of Lambda's own, whichever it names.

    Raises:
        RuntimeError: there is no such image, or Docker failed.
    """
    if docker("image", "inspect", image).returncode:
        raise RuntimeError(f"there is no image {image}: make worker-image")
    built = docker("build", "--tag", _AS_ROOT, "-", given=f"FROM {image}\nUSER 0:0\n")
    if built.returncode:
        raise RuntimeError(f"{image} could not be prepared for SAM: {built.stderr.strip()}")
    return _AS_ROOT
