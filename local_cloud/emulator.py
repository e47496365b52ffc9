"""AWS's own runtime interface emulator, which runs a function as Lambda does."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.ports import free_ports

_PATH = "/2015-03-31/functions/function/invocations"
_START_SECONDS = 10
# Beyond the function's own time limit: its start counts apart, and two cores may be busy.
_SPARE_SECONDS = 120
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Program:
    """What an emulator runs.

    Attributes:
        name: the function's name.
        handler: module and function.
        folder: where the module is looked for.
        environment: all its variables; nothing is handed on from here but PATH and the like.
        timeout_seconds: how long one invocation may take.
        memory_mb: what it is told that it has.
    """

    name: str
    handler: str
    folder: Path
    environment: Mapping[str, str]
    timeout_seconds: int = 30
    memory_mb: int = 512


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation.

    Attributes:
        payload: what the function returned, or Lambda's description of its failure.
        error: empty if it succeeded; else the failure in full.
        seconds: how long it took, its start included if there was one.
        cold: whether the function's process was started for it.
        peak_mb: the most memory that the process has held so far; None where that is not told.
    """

    payload: Any
    error: str
    seconds: float
    cold: bool
    peak_mb: int | None


class Emulator:
    """Runs one function, one invocation at a time; starts again by itself after a death.

    Args:
        program: what to run.
        log: where the function's output goes, and the emulator's.
    """

    def __init__(self, program: Program, log: Path) -> None:
        self._program, self._log = program, log
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._one_at_a_time = threading.Lock()
        self._runtime: int | None = None

    def invoke(self, event: Any) -> Outcome:
        """Invokes the function and waits for it; other callers wait meanwhile.

        Two concurrent invocations would kill the emulator.
        """
        with self._one_at_a_time:
            began = time.monotonic()
            try:
                self._start()
                before = self._runtime
                status, body = self._post(json.dumps(event).encode())
            except (OSError, http.client.HTTPException) as failure:
                self.stop()
                text = f"Runtime.EmulatorError: {type(failure).__name__}: {failure}"
                return Outcome({"errorMessage": text}, text, time.monotonic() - began, True, None)
            seconds = time.monotonic() - began
            self._runtime = self._child()
            payload, error = _understood(status, body)
            peak = _peak_mb(self._runtime)
            return Outcome(payload, error, seconds, before != self._runtime, peak)

    def kill_runtime(self) -> None:
        """Kills the function's process, as a host that fails would."""
        child = self._child()
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def stop(self) -> None:
        """Ends the emulator and the function's process; the next invocation starts both again."""
        process, self._process = self._process, None
        if process is None:
            return
        children = _children(process.pid)
        process.kill()
        process.wait()
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._runtime = None
        with free_ports(2) as (self._port, internal):
            pass
        command = [
            str(emulator_binary()),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{internal}"),
            *(sys.executable, "-m", "awslambdaric", self._program.handler),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._program.folder,
                env=_environment(self._program),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_listening(self._process)

    def _wait_until_listening(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < end:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=1)
            with contextlib.suppress(OSError), contextlib.closing(connection):
                connection.connect()
                return
            time.sleep(0.02)
        raise ConnectionError(f"the emulator of {self._program.name} did not start")

    def _post(self, body: bytes) -> tuple[int, bytes]:
        patience = self._program.timeout_seconds + _SPARE_SECONDS
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=patience)
        with contextlib.closing(connection):
            connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            return reply.status, reply.read()

    def _child(self) -> int | None:
        process = self._process
        found = _children(process.pid) if process is not None else ()
        return found[0] if found else None


@contextlib.contextmanager
def emulator(program: Program, log: Path) -> Iterator[Emulator]:
    """An emulator that is ended with the block."""
    running = Emulator(program, log)
    try:
        yield running
    finally:
        running.stop()


def emulator_binary() -> Path:
    """Where the emulator lies: the SAM command line carries it.

    Raises:
        FileNotFoundError: there is none for this kind of machine, or no SAM command line.
    """
    machine = _MACHINES.get(platform.machine().lower(), "x86_64")
    name = f"samcli/local/rapid/aws-lambda-rie-{machine}"
    found = sorted(Path(sys.prefix).glob(f"sam/lib/python3.*/site-packages/{name}"))
    if platform.system() != "Linux" or not found:
        raise FileNotFoundError(
            "Lambda's runtime emulator is a Linux program that comes with the SAM command line:"
            " run `make local`, on Linux"
        )
    return found[0]


def _environment(program: Program) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PYTHONUNBUFFERED": "1",
        # There is nobody to send traces to.
        "POWERTOOLS_TRACE_DISABLED": "1",
        **program.environment,
        "AWS_LAMBDA_FUNCTION_NAME": program.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(program.timeout_seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(program.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "_HANDLER": program.handler,
    }


def _understood(status: int, body: bytes) -> tuple[Any, str]:
    """The payload, and the failure if it tells of one."""
    text = body.decode(errors="replace")
    try:
        payload = json.loads(text) if text else None
    except ValueError:
        # So the emulator tells of a time-out.
        return {"errorMessage": text}, text
    if isinstance(payload, dict) and {"errorMessage", "errorType"} <= set(payload):
        trace = "".join(payload.get("stackTrace") or ())
        return payload, f"{payload['errorType']}: {payload['errorMessage']}\n{trace}".rstrip()
    return payload, "" if status == 200 else text or f"HTTP {status}"


def _children(process: int) -> Sequence[int]:
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listed.read_text().split())
    return found


def _peak_mb(process: int | None) -> int | None:
    if process is not None:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            line = next(each for each in lines if each.startswith("VmHWM:"))
            return int(line.split()[1]) // 1024
    return None
