"""``python -m local_cloud.sam_local FUNCTION EVENT``: one function, in a container, by SAM.

``sam local invoke`` overrides only variables that a template declares, and the template has no
reason to declare where a laptop's S3 is. So it is given a copy of the built template that does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from local_cloud.arns import ACCOUNT, REGION
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY
from local_cloud.template import read_template

_CHECKOUT = Path(__file__).resolve().parent.parent
_BUILT = _CHECKOUT / ".aws-sam" / "build" / "template.yaml"
_VARIABLES = _CHECKOUT / "events" / "env.json"
_DOCKER_SECONDS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 as well where there is no Docker, with a word about it."""
    parser = argparse.ArgumentParser("python -m local_cloud.sam_local", description=__doc__)
    parser.add_argument("function", help="its logical id, such as PlanFunction")
    parser.add_argument("event", type=Path, help="a file of events/")
    parser.add_argument("options", nargs="*", help="after --, for sam local invoke itself")
    asked = parser.parse_args(arguments)
    if not docker_runs():
        print("skipped: Docker does not run here; `make local` needs none", file=sys.stderr)
        return 0
    if not _BUILT.exists():
        print(f"build first, for this machine: make build ARCH={_machine()}", file=sys.stderr)
        return 2
    template = _BUILT.with_name("local.yaml")
    variables = json.loads(_VARIABLES.read_text())["Parameters"]
    template.write_text(yaml.safe_dump(declaring(read_template(_BUILT, {}, "").written, variables)))
    return _invoke(template, asked.function, asked.event, asked.options)


def declaring(template: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """A template all of whose functions declare some variables, so that SAM may set them.

    Args:
        template: as written; is left as it is.
        variables: what to declare, empty where the template does not say otherwise.
    """
    shared = template.get("Globals", {})
    function = shared.get("Function", {})
    environment = function.get("Environment", {})
    declared = {**dict.fromkeys(variables, ""), **environment.get("Variables", {})}
    changed = {**function, "Environment": {**environment, "Variables": declared}}
    return {**template, "Globals": {**shared, "Function": changed}}


def docker_runs() -> bool:
    """Whether containers can be started here."""
    try:
        asked = subprocess.run(
            ["docker", "info"], capture_output=True, timeout=_DOCKER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def raised(output: str) -> bool:
    """Whether a function failed, from what SAM printed: its exit code does not tell."""
    lines = output.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else None
    except ValueError:
        return True
    return isinstance(answer, dict) and "errorType" in answer


def _invoke(template: Path, function: str, event: Path, options: Sequence[str]) -> int:
    command = [
        str(Path(sys.prefix) / "sam" / "bin" / "sam"),
        *("local", "invoke", function, "--template", str(template), "--event", str(event)),
        # The local cloud listens on the machine's own loopback address.
        *("--env-vars", str(_VARIABLES), "--docker-network", "host", "--region", REGION),
        *("--parameter-overrides", f"Architecture={_machine()} WorkerImageUri={_image()}"),
        *options,
    ]
    ran = subprocess.run(
        command,
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "SAM_CLI_TELEMETRY": "0",
            # Otherwise it looks for the account's layers for a while first.
            "AWS_MAX_ATTEMPTS": "1",
        },
    )
    print(ran.stdout)
    return ran.returncode or int(raised(ran.stdout))


def _machine() -> str:
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def _image() -> str:
    return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/local:latest"


if __name__ == "__main__":
    sys.exit(main())
