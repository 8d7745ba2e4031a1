"""Which processes have a keyspace open, and at which version: what older ones need is not dropped under them."""
# ruff: noqa: S608 (names are checked, and every value is a parameter)

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
from contextlib import suppress
from typing import Final
from uuid import uuid4

from mesh.tables.cql_session import CqlSession
from mesh.tables.errors import TableError

_FORGOTTEN_SECONDS: Final = 180
_EVERY_SECONDS: Final = 45
_LEAVE_SECONDS: Final = 2

_log = logging.getLogger(__name__)


class Presence:
    """A note in the keyspace that ends by itself and is renewed until `leave`. Made with `enter`."""

    def __init__(self, session: CqlSession, meta: str, version: int) -> None:
        self._session = session
        self._meta = meta
        self._name = uuid4().hex
        self._value = json.dumps({"version": version, "process": f"{platform.node()}:{os.getpid()}"})
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def enter(cls, session: CqlSession, meta: str, version: int) -> Presence:
        """Be known as a process of this version. Raises Unavailable."""
        presence = cls(session, meta, version)
        await presence._note()
        presence._task = asyncio.create_task(presence._renew(), name="tables-presence")
        return presence

    async def leave(self) -> None:
        """Be known no longer: at once, or after some minutes where the cluster does not answer. Safe to call twice."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        forget = f"DELETE FROM {self._meta} WHERE part = 'open' AND name = ?"
        with suppress(TableError, TimeoutError):
            await asyncio.wait_for(self._session.write((forget, (self._name,))), _LEAVE_SECONDS)

    async def _note(self) -> None:
        note = f"INSERT INTO {self._meta}(part, name, value) VALUES('open', ?, ?) USING TTL {_FORGOTTEN_SECONDS}"
        await self._session.write((note, (self._name, self._value)))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self._note()
            except TableError as error:
                _log.warning("that these tables are open could not be noted: %s", error)


async def processes_before(session: CqlSession, meta: str, version: int) -> list[str]:
    """The processes of an older version that have the keyspace open, as host:process."""
    rows = await session.read((f"SELECT value FROM {meta} WHERE part = 'open'", ()))
    found = [json.loads(value) for (value,) in rows]
    return sorted(one["process"] for one in found if one["version"] < version)
