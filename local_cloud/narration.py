"""Tells on the terminal what happens, a line for each hop."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from local_cloud.emulator import Outcome
from local_cloud.event_bus import Event
from local_cloud.functions import LocalFunction
from local_cloud.wiring import Function

_CHUNK = re.compile(r"(?P<run>.+)/chunks/(?P<index>\d+)(?P<failed>\.failed)?\.(npz|json)")


class Narrator:
    """Writes what it hears of.

    Args:
        out: where to; the terminal by default.
        quiet: leaves everything out but failures.

    Attributes:
        read_plan: reads a plan from its bucket and key, to tell how many chunks there are.
    """

    def __init__(self, out: TextIO | None = None, quiet: bool = False) -> None:
        self._out, self._quiet = out or sys.stdout, quiet
        self._muted = False
        self._lock = threading.Lock()
        self._written: dict[str, float] = {}
        self._planned: dict[str, int] = {}
        self.read_plan: Callable[[str, str], Mapping[str, Any]] | None = None

    def say(self, text: str, always: bool = False) -> None:
        """Writes a line, or several, with the time before it."""
        if self._muted or (self._quiet and not always):
            return
        now = time.time()
        stamp = f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now % 1 * 10)}"
        with self._lock:
            print(f"{stamp}  {text}", file=self._out, flush=True)

    def mute(self) -> None:
        """Says nothing more."""
        self._muted = True

    def event(self, event: Event, rules: Sequence[str]) -> None:
        """Tells of an event and of the rules that it matched."""
        detail = event["detail"]
        if event["source"] == "aws.s3":
            name = f"{detail['bucket']['name']}/{detail['object']['key']}"
            self._written[f"s3://{name}"] = time.monotonic()
            size = _size(detail["object"]["size"])
            text = f"s3        {name}  {size}{self._place(name, detail)}"
        elif event["source"] == "aws.events":
            return
        else:
            told = json.dumps(detail, ensure_ascii=False)
            text = f"event     {event['detail-type']}{self._since(detail)}  {told}"
        self.say(text + "".join(f"  → {rule}" for rule in rules))

    def outcome(self, function: Function, outcome: Outcome) -> None:
        """Tells of an invocation that has ended, of a failure in full."""
        peak, limit = outcome.peak_mb, function.memory_mb
        memory = "" if peak is None else f"  {peak} of {limit} MB"
        if peak is not None and peak > limit:
            memory += ": AWS would have killed it"
        cold = ", started for it" if outcome.cold else ""
        line = f"{function.name}  {outcome.seconds:.2f} s{cold}{memory}"
        if not outcome.error:
            self.say(f"function  {line}")
            return
        self.say(f"FAILED    {line}\n{_indented(outcome.error)}", always=True)

    def tail(self, function: LocalFunction) -> None:
        """Shows the end of a function's log."""
        self.say(f"log       {function.log}\n{_indented(function.log_tail())}", always=True)

    def _since(self, detail: Mapping[str, Any]) -> str:
        """How long ago the object was written that an event is about."""
        written = self._written.get(str(detail.get("uri")))
        return "" if written is None else f", {time.monotonic() - written:.1f} s after the upload"

    def _place(self, name: str, detail: Mapping[str, Any]) -> str:
        """Which chunk of how many an object is, if it is one."""
        if name.endswith("/plan.json") and self.read_plan is not None:
            plan = self.read_plan(detail["bucket"]["name"], detail["object"]["key"])
            count = len(plan.get("chunks") or ())
            self._planned[name.removesuffix("/plan.json")] = count
            return f"  {count} chunk{'' if count == 1 else 's'}"
        found = _CHUNK.fullmatch(name)
        if found is None:
            return ""
        count_text = self._planned.get(found["run"], "?")
        failed = " FAILED" if found["failed"] else ""
        return f"  chunk {int(found['index']) + 1}/{count_text}{failed}"


def _size(size_bytes: int) -> str:
    size, units = float(size_bytes), ["B", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"


def _indented(text: str) -> str:
    return "\n".join(f"            {line}" for line in text.splitlines())
