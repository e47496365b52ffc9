"""What the local servers have in common: threads on 127.0.0.1 that end with the program."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LoopbackServer(ThreadingHTTPServer):
    """A thread a connection; none keeps the program from ending."""

    daemon_threads = True
    # A receive that waits for messages would.
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class QuietHandler(BaseHTTPRequestHandler):
    """Connections are kept, and nothing is printed."""

    protocol_version = "HTTP/1.1"
    # Small answers in two writes would otherwise wait for the client's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serving(server: LoopbackServer) -> Iterator[int]:
    """Serves in a thread of its own; yields the port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
