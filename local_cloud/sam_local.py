"""``python -m local_cloud.sam_local FUNCTION EVENT``: one function, in a container, by SAM.

``sam local invoke`` overrides only variables that a template declares, and the template has no
reason to declare where a laptop's S3 is. So it is given a copy of the built template that does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from flowtag.errors import FlowtagError
from local_cloud.arns import REGION
from local_cloud.container_gateway import HOST, container_gateway
from local_cloud.docker import WORKER_IMAGE, as_root, docker_runs
from local_cloud.intrinsics import TemplateError
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY
from local_cloud.sample_events import ClipEvents
from local_cloud.template import read_template

_CHECKOUT = Path(__file__).resolve().parent.parent
_BUILT = _CHECKOUT / ".aws-sam" / "build" / "template.yaml"
_VARIABLES = _CHECKOUT / "events" / "env.json"
_FUNCTION = "AWS::Serverless::Function"


class _NotReady(Exception):
    """Something has to be done before a function can be invoked; the message says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 as well where there is no Docker, with a word about it."""
    asked = _parser().parse_args(arguments)
    if not docker_runs():
        print("skipped: Docker does not run here; `make local` needs none", file=sys.stderr)
        return 0
    try:
        if not asked.template.exists():
            raise _NotReady(f"build first, for this machine: make build ARCH={_machine()}")
        _check_answers(asked.port, asked.port + 1)
        return _invoke(asked)
    except (_NotReady, TemplateError, FlowtagError, OSError, RuntimeError, ValueError) as error:
        print(f"sam_local: {error}", file=sys.stderr)
        return 2


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


def variables_for(port: int) -> dict[str, str]:
    """What a function in a container is told: ``events/env.json``, for a local cloud elsewhere.

    Args:
        port: of S3; the next is that of the other services. The file has 9000 and 9001.
    """
    text = _VARIABLES.read_text(encoding="utf-8")
    for written, real in (("9000", port), ("9001", port + 1)):
        text = text.replace(f"//{HOST}:{written}", f"//{HOST}:{real}")
    variables: dict[str, str] = json.loads(text)["Parameters"]
    return variables


def failed(output: str) -> bool:
    """Whether a function failed, from what SAM printed: its exit code does not tell.

    A function that is fed from a queue has also failed if it gives messages back.
    """
    lines = output.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else None
    except ValueError:
        return True
    if not isinstance(answer, dict):
        return False
    return "errorType" in answer or bool(answer.get("batchItemFailures"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local_cloud.sam_local", description=__doc__)
    parser.add_argument("function", help="its logical id, such as PlanFunction")
    parser.add_argument("event", type=Path, help="a file of events/")
    parser.add_argument("--key", help="of an upload: an event about that, in place of the file")
    parser.add_argument("--port", type=int, default=9000, help="of the local cloud's S3")
    parser.add_argument("--template", type=Path, default=_BUILT, help="as sam build left it")
    parser.add_argument("--worker-image", default=WORKER_IMAGE, help="default: %(default)s")
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the template; SAM does not look whether it is allowed",
    )
    parser.add_argument("options", nargs="*", help="after --, for sam local invoke itself")
    return parser


def _check_answers(*ports: int) -> None:
    for port in ports:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError as error:
            raise _NotReady(
                f"nothing answers at port {port}: start `make local` first, or say by "
                "LOCAL_PORT=… which port it was given"
            ) from error


def _invoke(asked: argparse.Namespace) -> int:
    written = read_template(asked.template, {}, "").written
    function = written["Resources"].get(asked.function, {})
    if function.get("Type") != _FUNCTION:
        raise _NotReady(f"the template has no function {asked.function}")
    is_image = function["Properties"].get("PackageType") == "Image"
    image = as_root(asked.worker_image) if is_image else asked.worker_image
    given = [f"Architecture={_machine()}", f"WorkerImageUri={image}", *asked.parameter]
    variables = variables_for(asked.port)
    declared = yaml.safe_dump(declaring(written, variables))
    # In the template's own folder, on which its paths of code stand.
    folder = asked.template.parent
    with (
        container_gateway((asked.port, asked.port + 1)) as address,
        _file(folder, ".yaml", declared) as template,
        _file(folder, ".json", json.dumps({"Parameters": variables})) as settings,
    ):
        return _run_sam(
            [
                *(asked.function, "--template", str(template), "--event", "-"),
                *("--env-vars", str(settings), "--add-host", f"{HOST}:{address}"),
                *("--region", REGION, "--parameter-overrides", " ".join(given)),
                *asked.options,
            ],
            _event(asked, variables),
        )


def _event(asked: argparse.Namespace, variables: Mapping[str, str]) -> str:
    if not asked.key:
        return str(asked.event.read_text(encoding="utf-8"))
    s3_url = f"http://127.0.0.1:{asked.port}"
    buckets = variables["UPLOAD_BUCKET"], variables["OUTPUT_BUCKET"]
    return json.dumps(ClipEvents(s3_url, *buckets, asked.key).event_for(asked.function))


@contextlib.contextmanager
def _file(folder: Path, suffix: str, text: str) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, prefix="local-", suffix=suffix, encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        yield Path(file.name)


def _run_sam(words: Sequence[str], event: str) -> int:
    ran = subprocess.run(
        [str(Path(sys.prefix) / "sam" / "bin" / "sam"), "local", "invoke", *words],
        cwd=_CHECKOUT,
        input=event,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
        env=_environment(),
    )
    print(ran.stdout)
    return ran.returncode or int(failed(ran.stdout))


def _environment() -> dict[str, str]:
    """SAM's own: it hands credentials on to the function, which are to be the local cloud's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        # Otherwise it looks for the account's layers for a while first.
        "AWS_MAX_ATTEMPTS": "1",
    }


def _machine() -> str:
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


if __name__ == "__main__":
    sys.exit(main())
