"""Watchers of what must not happen: a connection to a server, an opening of a neighbour file."""

from __future__ import annotations

import ctypes
import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_IN_OPEN = 0x20
_REPLY = b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Listener:
    """A TCP server on loopback that counts who connects.

    Attributes:
        port: where it listens.
        connections: so many came.
    """

    port: int
    connections: int = 0
    _socket: socket.socket = field(repr=False, default_factory=socket.socket)

    def serve(self) -> None:
        """Accepts and turns away until the socket is closed."""
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                client.sendall(_REPLY)


@contextmanager
def listening() -> Iterator[Listener]:
    """Runs a counting server in the background."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1], _socket=server)
        thread = threading.Thread(target=listener.serve, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


class OpenWatch:
    """Counts openings of one file, by anyone, through inotify(7)."""

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1 failed")
        if self._library.inotify_add_watch(self._descriptor, os.fsencode(path), _IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {path}")

    def opened(self) -> int:
        """How often it was opened since the last call."""
        count = 0
        while select.select([self._descriptor], [], [], 0)[0]:
            events = os.read(self._descriptor, 65536)
            # An event of a watched file carries no name: 16 bytes each.
            count += len(events) // 16
        return count

    def close(self) -> None:
        """Stops watching."""
        os.close(self._descriptor)


@contextmanager
def watching(path: Path) -> Iterator[OpenWatch]:
    """Watches a file for openings."""
    watch = OpenWatch(path)
    try:
        yield watch
    finally:
        watch.close()
