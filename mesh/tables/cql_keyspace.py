"""How the data in a keyspace stands, and changing it by a plan while many processes want to.

There is one row that says how the data stands, changed by compare-and-set: what two processes do at once is never
mixed. A lock keeps them from making the same tables at once, which nodes of Cassandra may disagree about.
"""
# ruff: noqa: S608 (names are checked, and every value is a parameter)

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from typing import Final
from uuid import uuid4

from cassandra import RequestValidationException

from mesh.tables.cql_ddl import META, layout_texts, step_text
from mesh.tables.cql_presence import processes_before
from mesh.tables.cql_session import CqlSession, Statement
from mesh.tables.cql_statements import quoted
from mesh.tables.cql_url import CqlTarget
from mesh.tables.errors import NewerFormat, SchemaMismatch, StillInUse, Unavailable
from mesh.tables.plans import AddColumn, DropColumn, Plan, Planner, Step
from mesh.tables.schema import Schema
from mesh.tables.versions import Standing

LAYOUT: Final = 2
"""Version of the engine's own layout, apart from any schema's."""

_LOCK_SECONDS: Final = 120
"""What is left of a process that ended while it changed the keyspace holds others up so long."""
_PATIENCE_SECONDS: Final = _LOCK_SECONDS + 30
_TRIES: Final = 8
_NOTHING_STORED: Final = ""


async def migrate_keyspace(target: CqlTarget, schema: Schema, planner: Planner, *, dry_run: bool) -> Plan:
    """Do what is planned, or with `dry_run` change nothing. Raises as `Keyspace.change`."""
    session = await CqlSession.connect(target)
    try:
        keyspace = Keyspace(session, target)
        return await (keyspace.plan if dry_run else keyspace.change)(schema, planner)
    finally:
        await session.close()


class Keyspace:
    """One keyspace, in one schema's hands."""

    def __init__(self, session: CqlSession, target: CqlTarget) -> None:
        self._session = session
        self._target = target
        self._name = target.keyspace
        self.meta = f"{quoted(self._name)}.{quoted(META)}"
        """The table that says what the keyspace holds, as statements name it."""
        self._holder = uuid4().hex

    async def plan(self, schema: Schema, planner: Planner) -> Plan:
        """What `change` would do. Raises as it does, and changes nothing."""
        plan = planner(schema, (await self._read(schema.name))[0])
        if plan.drops:
            await self._refuse_if_needed(plan.after)
        return plan

    async def change(self, schema: Schema, planner: Planner) -> Plan:
        """Do what is planned; of many processes one does it, the others wait and find it done.

        Raises NewerFormat, SchemaMismatch, what the planner does, and StillInUse where something is to be dropped that
        an open programme needs: nothing was dropped then. Unavailable where the nodes do not agree, or another process
        is at it, for too long: what was begun is gone on with by the next.
        """
        last: Exception | None = None
        for attempt in range(_TRIES):
            try:
                return await self._change(schema, planner)
            except (Unavailable, RequestValidationException) as error:
                # A node that has not heard of a table yet says that a request is wrong.
                last = error
                await asyncio.sleep(random.uniform(0.5, 1) * min(0.2 * 2**attempt, 5))  # noqa: S311
        raise Unavailable(f"keyspace {self._name} could not be made ready: {last}") from last

    async def _change(self, schema: Schema, planner: Planner) -> Plan:
        standing, text = await self._read(schema.name)
        plan = planner(schema, standing)
        if plan.is_done:
            return plan
        if text == _NOTHING_STORED:
            for statement in layout_texts(self._target):
                await self._session.define(statement)
        async with self._locked():
            standing, text = await self._read(schema.name)
            plan = planner(schema, standing)
            if plan.is_done:
                return plan
            if plan.drops:
                text = await self._fence(plan, text)
            for step in plan.steps:
                await self._do(step)
            await self._write(plan.after, text)
        return plan

    async def _do(self, step: Step) -> None:
        # An earlier attempt may have ended half way.
        match step:
            case AddColumn(table, column):
                needed = column.name not in await self._columns(table.name)
            case DropColumn(table, column):
                needed = column.name in await self._columns(table.name)
            case _:
                needed = True
        if needed:
            await self._session.define(step_text(self._name, step))

    async def _fence(self, plan: Plan, text: str) -> str:
        """Refuse the older programmes from here on, then look who is there: they look in the other order."""
        await self._refuse_if_needed(plan.after)
        fenced = await self._write(replace(plan.before, oldest=plan.after.oldest), text)
        try:
            await self._refuse_if_needed(plan.after)
        except StillInUse:
            await self._write(plan.before, fenced)
            raise
        return fenced

    async def _refuse_if_needed(self, after: Standing) -> None:
        if found := await processes_before(self._session, self.meta, after.oldest):
            raise StillInUse(
                f"keyspace {self._name} is open in programmes older than version {after.oldest}, which need what would "
                f"be dropped: {', '.join(found)}. Stop them; one that died is forgotten after a few minutes"
            )

    async def _read(self, schema: str) -> tuple[Standing, str]:
        """How the data stands, and the stored text of that."""
        names = await self._session.read(
            ("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?", (self._name,))
        )
        if not names:
            return Standing(schema), _NOTHING_STORED
        if (META,) not in names:
            raise SchemaMismatch(f"keyspace {self._name} was not made by vidmesh")
        found = dict(await self._session.read((f"SELECT name, value FROM {self.meta} WHERE part = 'schema'", ())))
        layout = int(found.get("layout", LAYOUT))
        if layout > LAYOUT:
            raise NewerFormat(
                f"keyspace {self._name} has layout {layout}, and this programme knows {LAYOUT}: "
                "use the version that wrote it, or a newer one"
            )
        if layout < LAYOUT:
            raise SchemaMismatch(
                f"keyspace {self._name} has layout {layout}, which is not read any more: import it anew"
            )
        text = found.get("standing", _NOTHING_STORED)
        return Standing(**json.loads(text)) if text else Standing(schema), text

    async def _write(self, standing: Standing, before: str) -> str:
        """Compare and set. What was defined comes first: whoever reads a version finds everything that it promises."""
        after = json.dumps(asdict(standing), sort_keys=True)
        if before == _NOTHING_STORED:
            row = f"{self.meta}(part, name, value) VALUES('schema', ?, ?)"
            statements: list[Statement] = [
                (f"INSERT INTO {row} IF NOT EXISTS", ("standing", after)),
                (f"INSERT INTO {row}", ("layout", str(LAYOUT))),
            ]
        else:
            change = f"UPDATE {self.meta} SET value = ? WHERE part = 'schema' AND name = 'standing' IF value = ?"
            statements = [(change, (after, before))]
        if not await self._session.decide(statements):
            raise Unavailable(f"another process changed keyspace {self._name} meanwhile")
        return after

    async def _columns(self, table: str) -> set[str]:
        text = "SELECT column_name FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?"
        return {name for (name,) in await self._session.read((text, (self._name, table)))}

    @asynccontextmanager
    async def _locked(self) -> AsyncGenerator[None]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not await self._take():
            if time.monotonic() > deadline:
                raise Unavailable(f"another process has been changing keyspace {self._name} for {_PATIENCE_SECONDS} s")
            await asyncio.sleep(random.uniform(0.1, 0.4))  # noqa: S311
        try:
            yield
        finally:
            # Where even this fails the lock ends by itself.
            with suppress(Unavailable):
                row = f"{self.meta} WHERE part = 'lock' AND name = 'lock'"
                await self._session.decide([(f"DELETE FROM {row} IF value = ?", (self._holder,))])

    async def _take(self) -> bool:
        held = await self._session.read((f"SELECT value FROM {self.meta} WHERE part = 'lock' AND name = 'lock'", ()))
        if held:
            # Ours, where an earlier attempt did not hear that it had succeeded.
            return held[0][0] == self._holder
        take = f"INSERT INTO {self.meta}(part, name, value) VALUES('lock', 'lock', ?) IF NOT EXISTS"
        return await self._session.decide([(f"{take} USING TTL {_LOCK_SECONDS}", (self._holder,))])
