"""Functions that can be invoked: as many emulators of each as it may run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_cloud.emulator import Emulator, Outcome, Program
from local_cloud.wiring import Function

_LOG_TAIL_BYTES = 2000


class LocalFunction:
    """A function under one or more emulators, which are started when they are first needed.

    Args:
        function: the function as the template has it.
        program: what its emulators run.
        most_at_once: how many invocations run at the same time; more wait.
        logs: the folder for its log.
        tell: hears of every invocation that has ended.
    """

    def __init__(
        self,
        function: Function,
        program: Program,
        most_at_once: int,
        logs: Path,
        tell: Callable[[Function, Outcome], None],
    ) -> None:
        self.function, self.most_at_once = function, most_at_once
        self.log = logs / f"{function.name}.log"
        self._program, self._tell = program, tell
        self._free: list[Emulator] = []
        self._all: list[Emulator] = []
        self._turn = threading.Semaphore(most_at_once)
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    def invoke(self, event: Any) -> Outcome:
        """Invokes the function when its turn has come, and waits for it."""
        with self._turn:
            with self._lock:
                if self._stopped:
                    return Outcome(None, "the local cloud is being stopped", 0.0, False, None)
                emulator = self._free.pop() if self._free else self._another()
            try:
                outcome = emulator.invoke(event)
            finally:
                with self._lock:
                    self._free.append(emulator)
        if not self._stopped:
            self._tell(self.function, outcome)
        return outcome

    def log_tail(self) -> str:
        """The end of what the function and its emulators have printed."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")

    def kill_runtimes(self) -> None:
        """Kills the function's processes, wherever they are in their work."""
        for emulator in list(self._all):
            emulator.kill_runtime()

    def stop(self) -> None:
        """Ends all its emulators; nothing is started any more."""
        with self._lock:
            self._stopped = True
        for emulator in self._all:
            emulator.stop()

    def _another(self) -> Emulator:
        emulator = Emulator(self._program, self.log)
        self._all.append(emulator)
        return emulator


def program_of(function: Function, checkout: Path, cloud: Mapping[str, str]) -> Program:
    """What the emulators of a function run.

    Layers are the checkout's: ``layers/core`` and what is installed beside this interpreter.

    Args:
        function: the function.
        checkout: the repository's root; an image's code is found from there.
        cloud: variables by which AWS's clients find the local cloud.
    """
    return Program(
        name=function.name,
        handler=function.handler,
        folder=function.folder or checkout,
        environment={
            **cloud,
            **function.environment,
            "PYTHONPATH": str(checkout / "layers" / "core"),
        },
        timeout_seconds=function.timeout_seconds,
        memory_mb=function.memory_mb,
    )


def pool_size(function: Function, wanted: int) -> int:
    """How many emulators a function may have: no more than it reserved."""
    return max(1, wanted if function.reserved is None else min(wanted, function.reserved or wanted))
