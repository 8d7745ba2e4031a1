from __future__ import annotations

import socket

from mesh.local import ports


def test_reserved_ports_are_all_different_and_can_be_listened_on_at_once() -> None:
    chosen = ports.reserve(20)
    assert len(set(chosen)) == 20
    for port in chosen:
        with socket.create_server((ports.LOOPBACK, port)):
            pass


def test_the_system_gives_a_reserved_port_to_nobody_who_asks_for_any() -> None:
    chosen = set(ports.reserve(5))
    for _ in range(200):
        with socket.create_server((ports.LOOPBACK, 0)) as server:
            assert server.getsockname()[1] not in chosen


def test_a_port_with_a_listener_is_not_free() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(ports.LOOPBACK, port)
    assert ports.is_free(ports.LOOPBACK, port)


def test_a_host_that_is_not_this_machine_is_not_free() -> None:
    assert not ports.is_free("192.0.2.1", 8080)
