"""A relay in front of a part: everything that others say to it, and it to them, passes here."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.e2e.faults.requests import Head, Requests
from tests.e2e.faults.weather import FAIR, Weather

LOOPBACK = "127.0.0.1"
PIECE = 16 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: the other side is told by RST, at once (tcp(7))."""

Owners = Callable[[], Awaitable[Mapping[int, str]]]
"""The names of the parts that have connections, by the port that each is made from. Dear: asked only where it matters.
"""


@dataclass(eq=False, slots=True)
class Line:
    """One connection through a relay."""

    port: int
    """That it is made from."""
    ends: list[asyncio.StreamWriter]
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    silent: bool = False
    peer: str = ""
    """Who made it; not known until somebody asks."""

    def fall_silent(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self.silent = True
        for task in self.tasks:
            task.cancel()

    def cut(self) -> None:
        """Both sides are told by RST."""
        self.fall_silent()
        for end in self.ends:
            taken = end.get_extra_info("socket")
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            end.transport.abort()


class Relay:
    """Listens on `port` and carries to `target`, in the weather of whoever connects. Belongs to one event loop."""

    def __init__(self, port: int, target: int, owners: Owners, *, http: bool = False, seed: int = 0) -> None:
        self.target = target
        self._owners = owners
        self._http = http
        self._dice = random.Random(seed)
        self._weather: dict[str, Weather] = {}
        self._everywhere = FAIR
        self._lines: set[Line] = set()
        self._taking: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        # Bound and never listening: while nobody listens the port is refused, and goes to nobody else.
        self._held = _bound(port)
        self.port = port
        self.carried = 0
        """Bytes to the part so far."""
        self.refused_requests = 0
        """HTTP requests that were answered by 503 so far."""

    async def peers(self) -> set[str]:
        """Who is connected now."""
        await self._recognise()
        return {line.peer for line in self._lines if not line.silent}

    async def open(self) -> None:
        """Listens."""
        if self._server is None:
            self._server = await asyncio.start_server(self._arrived, sock=_bound(self.port))

    async def close(self) -> None:
        """Ends everything."""
        await self._unlisten()
        for line in list(self._lines):
            line.cut()
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)
        # An aborted transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)
        self._held.close()

    async def change(self, weather: Weather, peer: str | None) -> None:
        """From now on it is so, for one part or for everybody."""
        if peer is None:
            self._everywhere, self._weather = weather, {}
        elif weather == FAIR:
            self._weather.pop(peer, None)
        else:
            self._weather[peer] = weather
        if weather.refused:
            assert peer is None, "a port is refused to everybody"
            await self._unlisten()
            await self.cut(None)
        else:
            await self.open()
        if weather.silent:
            for line in await self._of(peer):
                line.fall_silent()

    async def cut(self, peer: str | None) -> int:
        """Cuts the connections that stand now; how many there were."""
        lines = await self._of(peer)
        for line in lines:
            line.cut()
        return len(lines)

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _of(self, peer: str | None) -> list[Line]:
        if peer is not None:
            await self._recognise()
        return [line for line in self._lines if peer in {None, line.peer} and not line.silent]

    async def _recognise(self) -> None:
        if any(not line.peer for line in self._lines):
            owners = await self._owners()
            for line in self._lines:
                line.peer = line.peer or owners.get(line.port, "")

    def _now(self, line: Line) -> Weather:
        return self._weather.get(line.peer, self._everywhere)

    def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._taken(reader, writer))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(writer.get_extra_info("peername")[1], [writer])
        self._lines.add(line)
        try:
            if self._weather:
                await self._recognise()
            if self._now(line).silent:
                line.fall_silent()
            if not line.silent:
                try:
                    answers, onward = await asyncio.open_connection(LOOPBACK, self.target)
                except OSError:
                    line.cut()
                    return
                line.ends.append(onward)
                await self._carry(line, reader, answers)
            if line.silent and not writer.transport.is_closing():
                # Until the relay is closed: whoever connected must find out alone.
                await asyncio.Event().wait()
        finally:
            self._lines.discard(line)
            for end in line.ends:
                end.transport.abort()

    async def _carry(self, line: Line, asked: asyncio.StreamReader, answered: asyncio.StreamReader) -> None:
        client, part = line.ends
        if line.silent:
            return
        there = self._through(line, asked) if self._http else _pieces(asked)
        line.tasks = [
            asyncio.create_task(self._pour(line, there, part, answers=False)),
            asyncio.create_task(self._pour(line, _pieces(answered), client, answers=True)),
        ]
        await asyncio.wait(line.tasks)
        for task in line.tasks:
            if not task.cancelled() and (error := task.exception()) and not isinstance(error, OSError):
                raise error

    async def _pour(
        self, line: Line, source: AsyncIterator[bytes], sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        """From one side to the other: each piece when its time has come."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def collect() -> None:
            try:
                async for piece in source:
                    await waiting.put((loop.time() + (self._now(line).late if answers else 0), piece))
            except OSError:
                pass
            await waiting.put((0, b""))

        collecting = asyncio.create_task(collect())
        try:
            while (due := await waiting.get())[1]:
                if (left := due[0] - loop.time()) > 0:
                    await asyncio.sleep(left)
                sink.write(due[1])
                await sink.drain()
                self.carried += 0 if answers else len(due[1])
                if rate := self._now(line).rate:
                    await asyncio.sleep(len(due[1]) / rate)
            collecting.result()
            if sink.can_write_eof():
                sink.write_eof()
        finally:
            collecting.cancel()

    async def _through(self, line: Line, asked: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """The requests that go on to the part; the others are answered here."""
        requests, refused = Requests(), False
        async for data in _pieces(asked):
            for piece in requests.cut(data):
                if isinstance(piece, bytes):
                    if not refused:
                        yield piece
                    continue
                refused = self._dice.random() < self._now(line).busy
                if refused:
                    await self._refuse(line, piece)
                else:
                    yield piece.raw

    async def _refuse(self, line: Line, request: Head) -> None:
        client = line.ends[0]
        self.refused_requests += 1
        client.write(request.refusal())
        await client.drain()
        if request.waits_before_its_body:
            client.close()


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(PIECE):
        yield data


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((LOOPBACK, port))
    return made
