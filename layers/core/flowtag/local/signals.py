"""Ctrl-C and kill as a flag that is looked at between two steps, never within one."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Remembers the first signal that asked to stop; the second one ends the process at once."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The handler: notes the signal and gives all of them their usual effect again."""
        self.signal = number
        for each in _STOPPING:
            signal.signal(each, signal.SIG_DFL)


@contextlib.contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Catches what asks to stop; a signal that was ignored so far goes on being ignored."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may have handlers; elsewhere the host decides when to stop.
        yield request
        return
    before = {number: signal.getsignal(number) for number in _STOPPING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, request.receive)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Threads and processes begun in this block never see Ctrl-C, which goes to all of a terminal.

    For the thread that is in it, a Ctrl-C waits for its end.

    A signal mask, unlike a handler, is inherited: not even a process that is still starting up
    prints a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
