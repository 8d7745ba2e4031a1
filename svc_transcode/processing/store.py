"""The named queries over a video's processing."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from google.protobuf.message import Message
from pydantic import TypeAdapter

from mesh.bus.outbox import Outbox
from mesh.bus.tracing import current_trace
from mesh.tables import Operation, Put, Row, Tables, Update, Value
from svc_transcode.processing import model, tables
from svc_transcode.processing.arrival import Line
from svc_transcode.processing.model import Head, JobRow, TrackFile
from svc_transcode.processing.tables import ACTIVE, BODY, PROCESSING, PROGRESS, VERSION

PAGE = 500
TOGETHER = 64
"""Writes in flight; the engine commits those that come together at once."""
PLAIN_BYTES = 16 * 1024
"""Longer bodies are compressed; ours begin with a brace or a bracket as JSON, and zlib's format never does."""
_JSON = (b"{", b"[")
PROGRESS_TTL = timedelta(hours=1)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A row as it was read: a change of it names the version that it was made from."""

    value: T
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit does to a video besides its head."""

    jobs: tuple[tuple[Versioned[JobRow], JobRow], ...] = ()
    """Rows as read, and as they become."""
    tracks: tuple[TrackFile, ...] = ()
    events: tuple[Message, ...] = field(default=())


class ProcessingStore:
    """Heads, jobs and tracks."""

    def __init__(self, engine: Tables, outbox: Outbox) -> None:
        self._tables = engine
        self._outbox = outbox

    async def head(self, video_id: str) -> Versioned[Head] | None:
        """The head of a video, or None where nothing is known of it."""
        row = await self._tables.get(PROCESSING, _key(video_id, tables.HEAD, tables.HEAD_NAME))
        return None if row is None else _read(model.HEAD, row)

    async def job(self, video_id: str, name: str) -> Versioned[JobRow] | None:
        """One job, or None."""
        row = await self._tables.get(PROCESSING, _key(video_id, tables.JOBS, name))
        return None if row is None else _read(model.JOB, row)

    async def jobs(self, video_id: str) -> AsyncIterator[JobRow]:
        """Every job of a video, by name. As many as the video has chunks: for rare moments only."""
        cursor: bytes | None = None
        while True:
            page = await self._tables.scan(
                PROCESSING, {"video_id": video_id}, prefix={"section": tables.JOBS}, limit=PAGE, cursor=cursor
            )
            for row in page.rows:
                yield _read(model.JOB, row).value
            cursor = page.cursor
            if cursor is None:
                return

    async def tracks(self, video_id: str) -> list[TrackFile]:
        """The published tracks of a video."""
        page = await self._tables.scan(
            PROCESSING, {"video_id": video_id}, prefix={"section": tables.TRACKS}, limit=PAGE
        )
        return [_read(model.TRACK_FILE, row).value for row in page.rows]

    async def create(self, head: Head) -> bool:
        """Begin with a video; False where it was begun before. The list of active videos comes first, so that a video
        that is begun is looked after whatever happens.
        """
        await self.activate(head.video_id)
        return await self._tables.insert(PROCESSING, _row(head.video_id, tables.HEAD, tables.HEAD_NAME, _head(head)))

    async def add_jobs(self, video_id: str, jobs: Sequence[JobRow]) -> None:
        """Add jobs of the current trace, leaving those alone that are there."""
        trace = current_trace()
        for at in range(0, len(jobs), TOGETHER):
            rows = [
                _row(video_id, tables.JOBS, job.name, _job(replace(job, trace=trace)))
                for job in jobs[at : at + TOGETHER]
            ]
            await asyncio.gather(*(self._tables.insert(PROCESSING, row) for row in rows))

    async def keep_lines(self, video_id: str, lines: tuple[Line, ...]) -> None:
        """Which jobs wait for which parts. Planned once, so writing it again writes the same."""
        row = _row(video_id, tables.LINES, tables.LINES_NAME, _compressed(model.LINES.dump_json(lines)))
        await self._tables.put(PROCESSING, row)

    async def lines(self, video_id: str) -> tuple[Line, ...]:
        """Which jobs wait for which parts: () where none does."""
        row = await self._tables.get(PROCESSING, _key(video_id, tables.LINES, tables.LINES_NAME))
        return () if row is None else _read(model.LINES, row).value

    async def forget_lines(self, video_id: str) -> None:
        """Every job is queued."""
        await self._tables.delete(PROCESSING, _key(video_id, tables.LINES, tables.LINES_NAME))

    async def commit(self, before: Versioned[Head], after: Head, change: Change | None = None) -> bool:
        """Change the head and what goes with it, all or nothing; False where something changed meanwhile."""
        change = change or Change()
        video_id = after.video_id
        operations: list[Operation] = [
            Update(
                {"section": tables.HEAD, "name": tables.HEAD_NAME},
                {"body": _head(after), "version": before.version + 1},
                {"version": before.version},
            )
        ]
        for old, new in change.jobs:
            operations.append(
                Update(
                    {"section": tables.JOBS, "name": new.name},
                    {"body": _job(new), "version": old.version + 1},
                    {"version": old.version},
                )
            )
        for track in change.tracks:
            operations.append(Put(_row(video_id, tables.TRACKS, track.name, model.TRACK_FILE.dump_json(track))))
        return await self._outbox.commit(
            PROCESSING,
            {"video_id": video_id},
            *operations,
            carrier={"section": tables.HEAD, "name": tables.HEAD_NAME},
            events=list(change.events),
        )

    async def change_job(self, video_id: str, before: Versioned[JobRow], after: JobRow) -> bool:
        """Change one job alone; False where it changed meanwhile."""
        return await self._tables.update(
            PROCESSING,
            _key(video_id, tables.JOBS, after.name),
            {"body": _job(after), "version": before.version + 1},
            expect={"version": before.version},
        )

    async def activate(self, video_id: str) -> None:
        """Let the sweep look after the video."""
        await self._tables.put(ACTIVE, {"shard": _shard(video_id), "video_id": video_id})

    async def deactivate(self, video_id: str) -> None:
        """Nothing more is to be done for it."""
        await self._tables.delete(ACTIVE, {"shard": _shard(video_id), "video_id": video_id})

    async def active(self) -> AsyncIterator[str]:
        """Every video whose processing has not ended."""
        for shard in range(tables.SHARDS):
            cursor: bytes | None = None
            while True:
                page = await self._tables.scan(ACTIVE, {"shard": shard}, limit=PAGE, cursor=cursor)
                for row in page.rows:
                    yield str(row["video_id"])
                cursor = page.cursor
                if cursor is None:
                    break

    async def report(self, video_id: str, job: JobRow, share: float) -> None:
        """Remember how far a running job is."""
        row: dict[str, Value] = {
            "video_id": video_id,
            "job": job.name,
            "tracks": ",".join(job.tracks),
            "share": share,
            "report_time": datetime.now(UTC),
        }
        await self._tables.put(PROGRESS, row, ttl=PROGRESS_TTL, durable=False)

    async def reports(self, video_id: str) -> dict[str, dict[str, float]]:
        """For each track, how far running jobs are with its chunks, by job; of a video with very many jobs, some."""
        page = await self._tables.scan(PROGRESS, {"video_id": video_id}, limit=PAGE)
        shares: dict[str, dict[str, float]] = {}
        for row in page.rows:
            for track in str(row["tracks"]).split(","):
                shares.setdefault(track, {})[str(row["job"])] = float(str(row["share"]))
        return shares

    async def forget_report(self, video_id: str, job: str) -> None:
        """The job ended."""
        await self._tables.delete(PROGRESS, {"video_id": video_id, "job": job})

    async def walk_tracks(self, cursor: bytes | None) -> tuple[list[tuple[str, TrackFile]], bytes | None]:
        """Some of all published tracks of all videos, with their video, in no order."""
        page = await self._tables.walk(PROCESSING, limit=PAGE, cursor=cursor)
        found = [
            (str(row["video_id"]), _read(model.TRACK_FILE, row).value)
            for row in page.rows
            if row["section"] == tables.TRACKS
        ]
        return found, page.cursor

    async def walk_heads(self, cursor: bytes | None) -> tuple[list[Head], bytes | None]:
        """Some of the heads of all videos, in no order."""
        page = await self._tables.walk(PROCESSING, limit=PAGE, cursor=cursor)
        return [_read(model.HEAD, row).value for row in page.rows if row["section"] == tables.HEAD], page.cursor

    async def purge(self, video_id: str) -> None:
        """Forget everything of a video but that something may be left of it in the object store."""
        await self.activate(video_id)
        await self._tables.delete_partition(PROCESSING, {"video_id": video_id})
        await self._tables.delete_partition(PROGRESS, {"video_id": video_id})


def _key(video_id: str, section: str, name: str) -> dict[str, Value]:
    return {"video_id": video_id, "section": section, "name": name}


def _row(video_id: str, section: str, name: str, body: bytes) -> dict[str, Value]:
    return {**_key(video_id, section, name), "version": 1, "body": body}


def _read(adapter: TypeAdapter[T], row: Row) -> Versioned[T]:
    body = BODY.of(row)
    return Versioned(adapter.validate_json(body if body[:1] in _JSON else zlib.decompress(body)), VERSION.of(row))


def _head(head: Head) -> bytes:
    return model.HEAD.dump_json(head)


def _job(job: JobRow) -> bytes:
    return _compressed(model.JOB.dump_json(job))


def _compressed(body: bytes) -> bytes:
    # Twelve hours of sound that cannot be cut are one job with 20,000 segments: as plain JSON more than a row may hold.
    return zlib.compress(body, 1) if len(body) > PLAIN_BYTES else body


def _shard(video_id: str) -> int:
    return zlib.crc32(video_id.encode()) % tables.SHARDS
