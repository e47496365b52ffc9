"""Ports that are given out to servers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local_cloud import ports
from local_cloud.ports import free_ports


def test_ports_are_free_and_all_others() -> None:
    with free_ports(8) as given:
        pass
    assert len(set(given)) == 8
    for port in given:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_no_port_is_one_that_a_client_may_be_given_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "ip_local_port_range"
    told.write_text("20000\t60999\n", encoding="ascii")
    monkeypatch.setattr(ports, "_RANGE_OF_CLIENTS", told)
    with free_ports(8) as given:
        assert max(given) < 20_000


def test_a_system_that_does_not_say_what_clients_get_is_taken_for_linux(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_RANGE_OF_CLIENTS", tmp_path / "missing")
    with free_ports(8) as given:
        assert max(given) < 32_768


def test_two_that_ask_at_once_get_different_ones() -> None:
    with free_ports(8) as ours, free_ports(8) as theirs:
        assert not set(ours) & set(theirs)
