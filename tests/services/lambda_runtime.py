from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.emulator import emulator_binary
from local_cloud.ports import free_ports

_READY_SECONDS = 30
_STOP_SECONDS = 10
_GRACE_SECONDS = 30
_PATH = "/2015-03-31/functions/function/invocations"


class FunctionError(Exception):
    """The function raised, or its process died.

    Attributes:
        kind: the exception's class, or ``Runtime.ExitError``.
        message: its text.
        trace: lines of its stack.
    """

    def __init__(self, kind: str, message: str, trace: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((f"{kind}: {message}", *trace)))
        self.kind, self.message, self.trace = kind, message, trace


class FunctionTimeoutError(FunctionError):
    """The function ran past its time limit and was killed."""


@dataclass
class LambdaFunction:
    """A function under Lambda's runtime interface emulator.

    Attributes:
        port: where the emulator listens, on 127.0.0.1.
        timeout_seconds: the function's own limit.
        log_file: what the function and the emulator wrote.
    """

    port: int
    timeout_seconds: int
    log_file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def invoke(self, event: Any) -> Any:
        """What the function returns; others who ask meanwhile wait, as the emulator takes one.

        Raises:
            FunctionError: the function raised, or its process died.
            FunctionTimeoutError: it ran past its limit.
        """
        with self._lock:
            answer = self._post(json.dumps(event).encode())
        return _returned(answer)

    def log(self) -> str:
        """What the function and the emulator wrote so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def json_lines(self) -> list[dict[str, Any]]:
        """The lines of the log that are JSON objects, such as Powertools writes."""
        found = []
        for line in self.log().splitlines():
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    found.append(value)
        return found

    def _post(self, body: bytes) -> str:
        wait = self.timeout_seconds + _GRACE_SECONDS
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=wait)
        try:
            connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
            return connection.getresponse().read().decode("utf-8")
        except (OSError, http.client.HTTPException) as error:
            raise RuntimeError(f"the emulator gave no answer: {error}\n{self._end()}") from error
        finally:
            connection.close()

    def _end(self) -> str:
        return self.log()[-2000:]


@contextlib.contextmanager
def lambda_function(
    folder: Path,
    handler: str,
    environment: Mapping[str, str],
    *,
    log_file: Path,
    name: str = "function",
    timeout_seconds: int = 60,
    memory_mb: int = 1769,
) -> Iterator[LambdaFunction]:
    """Runs a function as Lambda does: its own runtime client, under the emulator that sam carries.

    Args:
        folder: the function's code, which is also where it runs.
        handler: as in a template, such as ``app.lambda_handler``.
        environment: the function's variables, credentials and region too. Of this process's own
            all but those of AWS are inherited.
        log_file: where all output goes, appended.
        name: the function's name, which it finds in its context.
        timeout_seconds: the function's time limit.
        memory_mb: what it is told it has; nothing enforces it.

    Raises:
        FileNotFoundError: the emulator is not installed.
        RuntimeError: it does not start.
    """
    with free_ports(2) as (port, runtime_port):
        command = [
            *(str(emulator_binary()), "--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *(sys.executable, "-m", "awslambdaric", handler),
        ]
    settings = {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
    }
    variables = {**_inherited(), **environment, **settings}
    with log_file.open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
    function = LambdaFunction(port, timeout_seconds, log_file)
    try:
        _wait_until_ready(function, process)
        yield function
    finally:
        _stop(process)


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _returned(answer: str) -> Any:
    if answer.startswith("Task timed out"):
        raise FunctionTimeoutError("Timeout", answer)
    payload = json.loads(answer) if answer else None
    # Lambda marks an error by a header, which the emulator leaves out.
    if isinstance(payload, dict) and {"errorType", "errorMessage"} <= payload.keys():
        trace = tuple(line.rstrip("\n") for line in payload.get("stackTrace") or ())
        raise FunctionError(payload["errorType"], payload["errorMessage"], trace)
    return payload


def _wait_until_ready(function: LambdaFunction, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", function.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"the emulator did not start:\n{function.log()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # Asked to end, the emulator kills the function's process first; killed itself, it could not.
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
