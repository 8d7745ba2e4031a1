"""Publishing: many at once, each acknowledged by its stream, repeated under the same id until it is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from mesh.bus.envelope import Envelope
from mesh.bus.errors import BusClosed, BusUnavailable, UnsuitableStream

MAX_PENDING: Final = 256
"""Messages of one process that wait for their acknowledgement at once; more of them wait their turn."""

WITHIN: Final = timedelta(seconds=10)
_ATTEMPT: Final = 3.0
_PAUSE: Final = 0.1

# Time-outs, nobody listening (no leader yet, the server is starting), a full buffer while reconnecting.
_PASSING: Final = (TimeoutError, nats.errors.Error, ConnectionError)


class Publisher:
    """Sends envelopes over one connection."""

    def __init__(self, client: Client, js: JetStreamContext, within: timedelta = WITHIN) -> None:
        self._client = client
        self._js = js
        self._within = within
        self._turns = asyncio.Semaphore(MAX_PENDING)

    async def send(self, envelope: Envelope) -> None:
        """Return when the stream has the message, whoever put it there.

        Raises BusUnavailable after the time given to the publisher, BusClosed, and UnsuitableStream where the server
        has another stream on this subject.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._within.total_seconds()
        async with self._turns:
            while True:
                if self._client.is_closed:
                    raise BusClosed(f"publishing on {envelope.subject}")
                left = until - loop.time()
                if left <= 0:
                    raise BusUnavailable(f"no acknowledgement of {envelope.subject} within {self._within}")
                try:
                    await self._js.publish(
                        envelope.subject,
                        envelope.payload,
                        timeout=min(_ATTEMPT, left),
                        stream=envelope.stream,
                        headers=dict(envelope.headers),
                    )
                    _heed_cancellation()
                    return
                except nats.js.errors.BadRequestError as error:
                    raise UnsuitableStream(f"publishing on {envelope.subject}: {error}") from error
                except _PASSING:
                    await asyncio.sleep(min(_PAUSE, max(left, 0)))

    async def hint(self, envelope: Envelope) -> None:
        """Send without acknowledgement. While the connection is away it may be lost, which is no error."""
        try:
            await self._client.publish(envelope.subject, envelope.payload, headers=dict(envelope.headers))
        except (nats.errors.Error, ConnectionError):
            if self._client.is_closed:
                raise BusClosed(f"publishing on {envelope.subject}") from None


def _heed_cancellation() -> None:
    """Raise CancelledError where the task was cancelled at the very moment of the answer.

    The client waits by `asyncio.wait_for`, which until Python 3.12 swallows such a cancellation; a loop that publishes
    would then go on for ever, and whoever closes it would wait as long.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
