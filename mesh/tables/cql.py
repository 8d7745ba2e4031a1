"""The CQL engine: Cassandra, or ScyllaDB, which speaks the same language."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from mesh.tables.checks import (
    KeyValues,
    changes_of,
    check_limit,
    expected_of,
    key_of,
    partition_of,
)
from mesh.tables.columns import Row, Stored, Value, time_of
from mesh.tables.cql_commits import Decision, RowChange, build_decision, decide_rows, insertion
from mesh.tables.cql_keyspace import Keyspace
from mesh.tables.cql_pages import scan_page, statics_page, walk_page
from mesh.tables.cql_presence import Presence
from mesh.tables.cql_session import CqlSession
from mesh.tables.cql_statements import FOR_EVER, Statements
from mesh.tables.cql_turns import Turns
from mesh.tables.cql_url import CqlTarget
from mesh.tables.engine import Page, TokenRange, Where
from mesh.tables.errors import InvalidQuery, Unavailable
from mesh.tables.filtering import scan_filtered
from mesh.tables.operations import Insert, Operation, Put, Values
from mesh.tables.plans import Planner, expansion, no_change
from mesh.tables.ranges import scan_order, scan_ranges
from mesh.tables.schema import Schema, Table
from mesh.tables.tokens import split_tokens

_ATTEMPTS: Final = 20


class CqlTables:
    """`Tables` in a keyspace. Made with `open`; belongs to the event loop that opened it."""

    def __init__(self, schema: Schema, keyspace: str, session: CqlSession, presence: Presence) -> None:
        self._schema = schema
        self._session = session
        self._presence = presence
        self._statements = {table: Statements(keyspace, table) for table in schema.active}
        self._turns = Turns()

    @classmethod
    async def open(cls, target: CqlTarget, schema: Schema, *, planner: Planner = expansion) -> CqlTables:
        """Connect, do what is planned, and be known as open from then on.

        Raises Unavailable, and what `Keyspace.change` does.
        """
        session = await CqlSession.connect(target)
        try:
            keyspace = Keyspace(session, target)
            await keyspace.change(schema, planner)
            presence = await Presence.enter(session, keyspace.meta, schema.version)
            try:
                # Who drops something closes the data to older programmes and then looks who is there.
                await keyspace.plan(schema, no_change)
            except BaseException:
                await presence.leave()
                raise
        except BaseException:
            await session.close()
            raise
        return cls(schema, target.keyspace, session, presence)

    @property
    def schema(self) -> Schema:
        """See Tables; so for every method here."""
        return self._schema

    async def get(self, table: Table, key: Values) -> Row | None:
        statements = self._of(table)
        rows = await self._session.read(statements.select(key_of(table, key)))
        return statements.row(rows[0], _now()) if rows else None

    async def get_many(self, table: Table, keys: Sequence[Values]) -> list[Row | None]:
        self._of(table)
        if not keys:
            return []
        check_limit(len(keys))
        for key in keys:
            key_of(table, key)
        return await asyncio.gather(*(self.get(table, key) for key in keys))

    async def put(self, table: Table, row: Values, *, ttl: timedelta | None = None, durable: bool = True) -> None:
        # Nothing is saved by not waiting for the quorum: a read that follows has to see the row.
        del durable
        statements = self._of(table)
        now = _now()
        change = insertion(table, row, Put(row, ttl), now)
        await self._session.write(change.statement(statements, None, now, {}))

    async def insert(self, table: Table, row: Values, *, ttl: timedelta | None = None) -> bool:
        self._of(table)
        return await self._decide(table, decide_rows(table, insertion(table, row, Insert(row, ttl), _now())))

    async def update(self, table: Table, key: Values, changes: Values, *, expect: Values) -> bool:
        self._of(table)
        change = RowChange(
            key_of(table, key),
            exists=True,
            cells=changes_of(table, changes, table.regular),
            expect=expected_of(table, expect, table.regular),
        )
        return await self._decide(table, decide_rows(table, change))

    async def commit(self, table: Table, partition: Values, *operations: Operation) -> bool:
        self._of(table)
        return await self._decide(table, build_decision(table, partition, operations, _now()))

    async def delete(self, table: Table, key: Values, *, expect: Values | None = None) -> bool:
        statements = self._of(table)
        values = key_of(table, key)
        if expect is None:
            await self._session.write(statements.delete(values, {}))
            return True
        change = RowChange(values, exists=True, expect=expected_of(table, expect, table.regular), removed=True)
        return await self._decide(table, decide_rows(table, change))

    async def delete_partition(self, table: Table, partition: Values) -> None:
        statements = self._of(table)
        await self._session.write(statements.delete_partition(partition_of(table, partition)))

    async def get_static(self, table: Table, partition: Values) -> Row:
        statements = self._of(table)
        home = partition_of(table, partition)
        if not table.statics:
            raise InvalidQuery(f"{table.name} has no static columns")
        return statements.static_row(await self._session.read(statements.select_static(home)))

    async def scan(
        self,
        table: Table,
        partition: Values,
        *,
        prefix: Values | None = None,
        start: Value = None,
        stop: Value = None,
        reverse: bool = False,
        limit: int,
        cursor: bytes | None = None,
    ) -> Page:
        statements = self._of(table)
        check_limit(limit)
        order = scan_order(table, partition, prefix, reverse)
        return await scan_page(
            self._session,
            statements,
            table,
            order,
            lambda after: scan_ranges(table, partition, order, prefix=prefix, start=start, stop=stop, cursor=after),
            limit=limit,
            cursor=cursor,
        )

    async def scan_filtered(
        self,
        table: Table,
        partition: Values,
        *,
        where: Where,
        examine_limit: int,
        prefix: Values | None = None,
        start: Value = None,
        stop: Value = None,
        reverse: bool = False,
        limit: int,
        cursor: bytes | None = None,
    ) -> Page:
        return await scan_filtered(
            self,
            table,
            partition,
            where=where,
            examine_limit=examine_limit,
            prefix=prefix,
            start=start,
            stop=stop,
            reverse=reverse,
            limit=limit,
            cursor=cursor,
        )

    async def walk(
        self, table: Table, *, limit: int, cursor: bytes | None = None, within: TokenRange | None = None
    ) -> Page:
        statements = self._of(table)
        check_limit(limit)
        return await walk_page(self._session, statements, table, within=within, limit=limit, cursor=cursor)

    def token_ranges(self, shares: int) -> list[TokenRange]:
        return split_tokens(shares)

    async def expiries(self, table: Table, keys: Sequence[Values]) -> list[datetime | None]:
        statements = self._of(table)
        if not table.expiring or not keys:
            return [None] * len(keys)
        check_limit(len(keys))
        selects = [statements.select_live(key_of(table, key)) for key in keys]
        answers = await asyncio.gather(*(self._session.read(select) for select in selects))
        lives = [answer[0][0] if answer else None for answer in answers]
        return [None if live in (None, FOR_EVER) else time_of(int(live)) for live in lives]

    async def walk_statics(self, table: Table, *, limit: int, cursor: bytes | None = None) -> Page:
        statements = self._of(table)
        check_limit(limit)
        if not table.statics:
            raise InvalidQuery(f"{table.name} has no static columns")
        return await statics_page(self._session, statements, table, limit=limit, cursor=cursor)

    async def close(self) -> None:
        await self._presence.leave()
        await self._session.close()

    def _of(self, table: Table) -> Statements:
        statements = self._statements.get(table)
        if statements is None:
            raise InvalidQuery(f"table {table.name} is not one of schema {self._schema.name}")
        return statements

    async def _decide(self, table: Table, decision: Decision) -> bool:
        async with self._turns.of((table.name, decision.partition)):
            if table.expiring:
                return await self._decide_among_expiring(table, decision)
            held: dict[KeyValues, Stored] = {row.key: FOR_EVER if row.exists else None for row in decision.judged}
            return await self._session.decide(decision.statements(self._of(table), held, _now()))

    async def _decide_among_expiring(self, table: Table, decision: Decision) -> bool:
        statements = self._of(table)
        for _ in range(_ATTEMPTS):
            held = await self._lives(statements, decision)
            now = _now()
            if any(statements.lives(held[row.key], now) != row.exists for row in decision.judged):
                return False
            if await self._session.decide(decision.statements(statements, held, now)):
                return True
            if await self._lives(statements, decision) == held:
                # No life has changed, so a condition of the caller's did not hold.
                return False
        raise Unavailable(f"others changed the same rows of {table.name} {_ATTEMPTS} times; nothing was written")

    async def _lives(self, statements: Statements, decision: Decision) -> Mapping[KeyValues, Stored]:
        keys = [row.key for row in decision.judged]
        answers = await asyncio.gather(*(self._session.read(statements.select_live(key)) for key in keys))
        return {key: answer[0][0] if answer else None for key, answer in zip(keys, answers, strict=True)}


def _now() -> int:
    return time.time_ns() // 1000
