"""Free ports on loopback."""

from __future__ import annotations

import contextlib
import socket

LOOPBACK = "127.0.0.1"


def reserve(count: int) -> list[int]:
    """Ports that the system chose and will not choose again for a minute.

    A connection to each is made and closed from the listening side, which leaves the port in TIME_WAIT: it is given
    to nobody who asks for any port, while a server that asks for exactly this one (with SO_REUSEADDR, as servers do)
    gets it. So the outgoing connections of parts that start first do not take ports of those that start later.
    """
    ports: list[int] = []
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            listener = opened.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, 0))
            listener.listen(1)
            client = opened.enter_context(socket.create_connection(listener.getsockname()))
            accepted, _ = listener.accept()
            accepted.close()
            client.recv(1)
            ports.append(listener.getsockname()[1])
    return ports


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen here now. A name that does not resolve counts as not free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            # On Linux two sockets may be bound with SO_REUSEADDR; only one of them can listen.
            probe.listen(1)
    except OSError:
        return False
    return True
