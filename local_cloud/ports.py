"""Ports for servers that a program starts."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

_FIRST = 15_000
_RANGE_OF_CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 64


@contextlib.contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    """Ports that nobody listens on; held until the block ends, so give them out inside it.

    They are none of those that the system gives to clients: between this block and the start of a
    server any connection of any program may be given one of these.
    """
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            _bind_anywhere(each)
        yield [each.getsockname()[1] for each in sockets]


def _bind_anywhere(sock: socket.socket) -> None:
    for port in random.sample(_no_clients_ports(), _TRIES):
        with contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return
    sock.bind(("127.0.0.1", 0))


def _no_clients_ports() -> range:
    try:
        first_of_clients = int(_RANGE_OF_CLIENTS.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        # Where the system does not say: Linux's own default.
        first_of_clients = 32_768
    return range(_FIRST, max(first_of_clients, _FIRST + _TRIES))


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
