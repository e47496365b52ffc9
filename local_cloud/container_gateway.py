"""A way from containers to servers that listen on this machine's loopback address alone.

A container has a loopback address of its own. What it reaches of the machine is the gateway of
Docker's network; there, connections are taken and handed on.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence

from local_cloud.docker import docker

HOST = "flowtag.localhost"
"""What a container calls the machine. On the machine itself it is 127.0.0.1, as browsers and curl
have it, so that a link which a container signed holds there as well."""

_NETWORK = "bridge"
_PIECE_BYTES = 65536


@contextlib.contextmanager
def container_gateway(ports: Sequence[int]) -> Iterator[str]:
    """Makes ports of 127.0.0.1 reachable from containers until the block ends.

    Only containers of Docker's own network are let in.

    Yields:
        The address by which containers reach them, at the same ports.

    Raises:
        RuntimeError: Docker's network is not on this machine, as with Docker Desktop, or one of the
            ports is taken there.
    """
    address, network = _docker_network()
    with contextlib.ExitStack() as ways:
        for port in ports:
            ways.enter_context(forwarding(address, port, network))
        yield address


@contextlib.contextmanager
def forwarding(address: str, port: int, admitted: ipaddress.IPv4Network) -> Iterator[None]:
    """Hands connections to a port of an address on to that port of 127.0.0.1.

    Args:
        address: one of this machine's.
        port: the same on both sides.
        admitted: others than these are let go unheard.

    Raises:
        RuntimeError: the address is not this machine's, or the port is taken there.
    """
    try:
        server = _Server((address, port), _Forwarding)
    except OSError as error:
        raise RuntimeError(f"no way to port {port} can be opened at {address}: {error}") from error
    server.port, server.admitted = port, admitted
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _docker_network() -> tuple[str, ipaddress.IPv4Network]:
    asked = docker("network", "inspect", _NETWORK)
    if asked.returncode:
        raise RuntimeError(f"Docker has no network {_NETWORK}: {asked.stderr.strip()}")
    for config in json.loads(asked.stdout)[0]["IPAM"]["Config"]:
        network = ipaddress.ip_network(config["Subnet"])
        if isinstance(network, ipaddress.IPv4Network):
            # Where Docker does not say, it is the first address.
            return config.get("Gateway") or str(network[1]), network
    raise RuntimeError(f"Docker's network {_NETWORK} has no IPv4 address")


class _Server(socketserver.ThreadingTCPServer):
    port: int
    admitted: ipaddress.IPv4Network
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def verify_request(self, request: object, client_address: tuple[str, int]) -> bool:
        """Whether it comes from where it may."""
        return ipaddress.ip_address(client_address[0]) in self.admitted

    def handle_error(self, request: object, client_address: object) -> None:
        """A container that is gone is no news."""


class _Forwarding(socketserver.BaseRequestHandler):
    request: socket.socket
    server: _Server

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.port)) as onward:
            back = threading.Thread(target=_pass_on, args=(onward, self.request), daemon=True)
            back.start()
            _pass_on(self.request, onward)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copies one direction of a connection to its end, and then ends it at the other side."""
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE_BYTES):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
