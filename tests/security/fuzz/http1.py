"""HTTP/1.1 as RFC 9112 asks of clients: bytes go out as they are drawn, and the answer is read while they go.

An edge that has refused a body answers before the body is whole, and closes (sections 7.5 and 9.6): a client that
reads only after it has written everything loses that answer with the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlsplit

import h11


@dataclass(slots=True)
class Answer:
    """What has come so far."""

    status: int = 0
    """0 while there is none."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    whole: bool = False
    """Whether it came to its end."""


class LostError(Exception):
    """The connection ended, or what came over it is no HTTP; the message says which, and after how long."""


class Http1:
    """Connections to one server, as many as there are requests at once, each used again when an answer has ended."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._place: Final = (parts.hostname, parts.port or 80)
        self._host: Final = parts.netloc
        self._idle: list[_Connection] = []

    async def send(
        self,
        answer: Answer,
        verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        enough: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        """Makes a request and fills `answer`, until it is whole or its body is `enough`.

        Raises LostError; leaves in `answer` what there was then, as it does where the caller is cancelled.
        """
        connection = await self._connection()
        try:
            length = {"content-length": str(len(body))} if body or verb in {"POST", "PUT", "PATCH"} else {}
            sent = {"host": self._host, "accept": "*/*", **headers, **length}
            connection.send(verb, target, sent, body)
            while not answer.whole and not enough(answer.body):
                await connection.more(answer)
        finally:
            self._done(connection)

    async def close(self) -> None:
        """Let go of every connection."""
        for connection in self._idle:
            connection.end()
        # Transports that are aborted close their sockets in the loop's next turn.
        await asyncio.sleep(0)

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fit():
                return connection
            connection.end()
        _, made = await asyncio.get_running_loop().create_connection(_Connection, *self._place)
        return made

    def _done(self, connection: _Connection) -> None:
        if connection.is_fit():
            self._idle.append(connection)
        else:
            connection.end()


class _Connection(asyncio.Protocol):
    """Keeps what has come when it is lost, unlike a StreamReader."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._woken = asyncio.Event()
        self._lost = ""
        self._asked = 0.0

    def is_fit(self) -> bool:
        """Whether another request may be made: both sides have ended theirs and mean to go on."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return self._http.our_state is h11.IDLE and not self._lost

    def send(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        assert self._transport is not None
        self._asked = time.perf_counter()
        self._transport.write(
            b"".join(
                self._http.send(event) or b""
                for event in (
                    h11.Request(method=verb, target=target, headers=list(headers.items())),
                    *([h11.Data(body)] if body else []),
                    h11.EndOfMessage(),
                )
            )
        )

    async def more(self, answer: Answer) -> None:
        """Waits until something has come, and adds it."""
        try:
            while (event := cast("Any", self._http.next_event())) is h11.NEED_DATA:
                if self._lost:
                    raise LostError(f"{self._lost} after {time.perf_counter() - self._asked:.2f} s")
                self._woken.clear()
                await self._woken.wait()
        except h11.RemoteProtocolError as error:
            raise LostError(f"{error!r} {self._lost} after {time.perf_counter() - self._asked:.2f} s") from error
        match event:
            case h11.Response():
                answer.status = event.status_code
                answer.headers.update(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers
                )
            case h11.Data():
                answer.body += bytes(event.data)
            case h11.EndOfMessage():
                answer.whole = True
            case h11.ConnectionClosed():
                raise LostError(f"closed after {time.perf_counter() - self._asked:.2f} s")
            case _:
                pass  # 1xx: the answer is to come.

    def end(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._woken.set()

    def eof_received(self) -> None:
        self._http.receive_data(b"")
        self._lost = self._lost or "closed"
        self._woken.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = f"{exc!r}" if exc is not None else self._lost or "closed"
        self._woken.set()
