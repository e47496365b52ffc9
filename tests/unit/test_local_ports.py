"""Ports that are given out to servers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local_cloud.ports import free_ports

CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_ports_are_free_and_all_others() -> None:
    with free_ports(8) as ports:
        pass
    assert len(set(ports)) == 8
    for port in ports:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


@pytest.mark.skipif(not CLIENTS.exists(), reason="this system does not say which ports clients get")
def test_no_port_is_one_that_a_client_may_be_given_meanwhile() -> None:
    first, last = map(int, CLIENTS.read_text(encoding="ascii").split())
    with free_ports(8) as ports:
        assert not [port for port in ports if first <= port <= last]


def test_two_that_ask_at_once_get_different_ones() -> None:
    with free_ports(8) as ours, free_ports(8) as theirs:
        assert not set(ours) & set(theirs)
