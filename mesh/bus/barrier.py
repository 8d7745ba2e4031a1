"""Knowing that the server has taken what was sent."""

from __future__ import annotations

from typing import Final

import nats.errors
from nats.aio.client import Client

from mesh.bus.errors import BusUnavailable

_WITHIN: Final = 5.0


async def settled(client: Client) -> None:
    """Return when the server has processed everything that was sent before. Raises BusUnavailable.

    The client's own `flush` is no such barrier: nats-py 2.16 writes its PING to the socket at once, past commands
    that still wait in its buffer. A request waits in that buffer like the rest; nobody answers it, and the
    server says so.
    """
    try:
        await client.request(f"vidmesh-barrier.{client.new_inbox()}", timeout=_WITHIN)
    except nats.errors.NoRespondersError:
        return
    except (nats.errors.Error, ConnectionError, TimeoutError) as error:
        raise BusUnavailable(f"the bus does not answer: {error}") from error
