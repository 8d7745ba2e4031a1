"""The same store as `mesh.tables` gives, by hand on the driver: what somebody would write for this one table.

As durable and consistent (LOCAL_QUORUM, compare-and-set by a lightweight transaction), statements prepared once, nodes
chosen by token, answers brought from the driver's thread to the event loop one by one, with the same rows as results.
It has no declarations, no checks, no hidden columns, no lifetimes, no turns, no retries and no bound on what is under
way.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Self

from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.query import tuple_factory

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_KEYSPACE: Final = "CREATE KEYSPACE raw WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
_CREATE: Final = """
CREATE TABLE raw.videos(channel text, created bigint, id text, title text, description text, state bigint,
  public boolean, published bigint, version bigint, PRIMARY KEY(channel, created, id))
  WITH CLUSTERING ORDER BY (created DESC, id ASC)
"""
_COLUMNS: Final = "channel, created, id, title, description, state, public, published, version"
_PUT: Final = f"INSERT INTO raw.videos({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_GET: Final = f"SELECT {_COLUMNS} FROM raw.videos WHERE channel = ? AND created = ? AND id = ?"
_UPDATE: Final = (
    "UPDATE raw.videos SET state = ?, version = ? WHERE channel = ? AND created = ? AND id = ? IF version = ?"
)
_SCAN: Final = f"SELECT {_COLUMNS} FROM raw.videos WHERE channel = ? LIMIT ?"


class RawCqlVideos:
    """One table of videos in a keyspace of its own. Made with `open`; `close` when done."""

    def __init__(self, cluster: Cluster, session: Session) -> None:
        self._cluster = cluster
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._put, self._get, self._update, self._scan = map(session.prepare, (_PUT, _GET, _UPDATE, _SCAN))

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connects to the Cassandra on this port, and makes the table."""
        profile = ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy()),
            consistency_level=ConsistencyLevel.LOCAL_QUORUM,
            serial_consistency_level=ConsistencyLevel.SERIAL,
            row_factory=tuple_factory,
        )
        cluster = Cluster(
            ["127.0.0.1"], port=port, protocol_version=4, execution_profiles={EXEC_PROFILE_DEFAULT: profile}
        )
        session = await asyncio.to_thread(cluster.connect)
        for text in (_KEYSPACE, _CREATE):
            await asyncio.to_thread(session.execute, text)
        return cls(cluster, session)

    async def put(self, row: dict[str, Any]) -> None:
        """Writes a whole row."""
        published = row["published"]
        await self._ask(
            self._put,
            (
                row["channel"],
                _micros(row["created"]),
                row["id"],
                row["title"],
                row["description"],
                row["state"],
                row["public"],
                None if published is None else _micros(published),
                row["version"],
            ),
        )

    async def get(self, channel: str, created: datetime, video: str) -> dict[str, Any] | None:
        """One row."""
        found = await self._ask(self._get, (channel, _micros(created), video))
        return _row(found[0]) if found else None

    async def update(self, channel: str, created: datetime, video: str, *, state: int, version: int) -> bool:
        """Compare and set: True where `version` was the row's, which then has the next."""
        values = (state, version + 1, channel, _micros(created), video, version)
        return bool((await self._ask(self._update, values))[0][0])

    async def scan(self, channel: str, limit: int) -> list[dict[str, Any]]:
        """A channel's newest rows."""
        return [_row(cells) for cells in await self._ask(self._scan, (channel, limit))]

    async def close(self) -> None:
        """Disconnects."""
        await asyncio.to_thread(self._cluster.shutdown)

    def _ask(self, prepared: Any, values: tuple[Any, ...]) -> asyncio.Future[list[tuple[Any, ...]]]:
        done: asyncio.Future[list[tuple[Any, ...]]] = self._loop.create_future()
        response: Any = self._session.execute_async(prepared, values)
        tell = self._loop.call_soon_threadsafe
        response.add_callbacks(partial(tell, done.set_result), partial(tell, done.set_exception))
        return done


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _row(cells: tuple[Any, ...]) -> dict[str, Any]:
    channel, created, video, title, description, state, public, published, version = cells
    return {
        "channel": channel,
        "created": _EPOCH + timedelta(microseconds=created),
        "id": video,
        "title": title,
        "description": description,
        "state": state,
        "public": public,
        "published": None if published is None else _EPOCH + timedelta(microseconds=published),
        "version": version,
    }
