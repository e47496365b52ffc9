"""Ports for servers that a program starts."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    """Ports that nobody listens on; held until the block ends, so give them out inside it."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        yield [each.getsockname()[1] for each in sockets]


def check_free(port: int) -> None:
    """Makes sure that a server can listen on a port of 127.0.0.1.

    Raises:
        OSError: it cannot, and which port that is.
    """
    with socket.socket() as probe:
        # As servers do: what an earlier one has left behind is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise OSError(
                f"port {port} is not to be had: {error}; choose another first one"
            ) from error
