"""A stack whose parts reach each other through relays only, and the relays' weather."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

from mesh.local import ports
from mesh.local.plan import BUS, GATEWAY, OBJECTS, SERVICES
from tests.e2e.faults.relay import LOOPBACK, Relay
from tests.e2e.faults.weather import FAIR, Weather

EDGE = "edge"
WORKER = "worker-1"
TABLES = "tables"
"""A Cassandra, where the tables are on one of a test's own."""
BEHIND = (EDGE, GATEWAY, BUS, OBJECTS, *SERVICES)
"""The parts that have a relay before them."""

T = TypeVar("T")


class Net:
    """One relay before each part, and before `others` that are no part of the stack (names with their ports); all in
    one thread of this process.
    """

    def __init__(self, others: Mapping[str, int] | None = None, seed: int = 0) -> None:
        others = others or {}
        fronts, backs = (*BEHIND, *others), len(BEHIND)
        reserved = ports.reserve(backs + len(fronts))
        self._back = {**dict(zip(BEHIND, reserved[:backs], strict=True)), **others}
        self._front = dict(zip(fronts, reserved[backs:], strict=True))
        self._state: Path | None = None
        self._seed = seed
        self._relays: dict[str, Relay] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relays", daemon=True)

    @property
    def configuration(self) -> str:
        """For a stack that is to stand behind the relays."""
        services = "\n".join(f'{name} = "{self.reached(name)}"' for name in (GATEWAY, *SERVICES))
        listen = "\n".join(f"{name} = {self._back[name]}" for name in BEHIND if name != EDGE)
        return (
            f"\n[services]\n{services}\n[listen]\n{listen}\n"
            f'[bus]\nurl = "nats://{self.reached(BUS)}"\n'
            f'[objects]\nendpoint = "http://{self.reached(OBJECTS)}"\n'
            f'[edge]\npublic_url = "http://{self.reached(EDGE)}"\n'
        )

    def reached(self, name: str) -> str:
        """The `host:port` of the relay before it."""
        return f"{LOOPBACK}:{self._front[name]}"

    def open(self, data: Path) -> None:
        """Begins to relay, for the stack on this data; the stack itself may be started later."""
        self._state = data / "run" / "stack.json"
        self._thread.start()
        self._relays = {
            name: Relay(self._front[name], self._back[name], self._owners, http=name == OBJECTS, seed=self._seed)
            for name in self._front
        }
        for relay in self._relays.values():
            self._do(relay.open())

    def lead_to_edge(self, port: int) -> None:
        """The edge listens here: it chooses its port when the stack starts."""
        self._relays[EDGE].target = port

    def close(self) -> None:
        """Ends all relays."""
        for relay in self._relays.values():
            self._do(relay.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def peers(self, part: str) -> set[str]:
        """Who is connected to a part now; "" is somebody who is no part of the stack."""
        return self._do(self._relays[part].peers())

    def carried(self, part: str) -> int:
        """Bytes that were carried to a part."""
        return self._relays[part].carried

    def refused_requests(self, part: str) -> int:
        """HTTP requests to a part that were answered by 503 instead of it."""
        return self._relays[part].refused_requests

    def cut(self, part: str, peer: str | None = None) -> int:
        """Cuts the connections to a part that stand now, all or those of one peer; how many there were."""
        return self._do(self._relays[part].cut(peer))

    @contextmanager
    def weather(self, weather: Weather, *parts: str, peer: str | None = None) -> Generator[None]:
        """It is so before these parts while the block runs."""
        for part in parts:
            self._do(self._relays[part].change(weather, peer))
        try:
            yield
        finally:
            for part in parts:
                self._do(self._relays[part].change(FAIR, peer))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _owners(self) -> Mapping[int, str]:
        return await asyncio.to_thread(self._ports)

    def _ports(self) -> dict[int, str]:
        """The part at the other end of each connection; grpc makes its own with IPv6 sockets, to IPv4 addresses."""
        told = json.loads((self._state or Path()).read_text(encoding="utf-8"))
        found: dict[int, str] = {}
        for part in told["parts"]:
            try:
                held = psutil.Process(part["pid"]).net_connections("tcp") if part["pid"] else []
            except psutil.Error:
                continue
            found |= {one.laddr.port: part["name"] for one in held if one.laddr}
        return found
