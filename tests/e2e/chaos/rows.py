"""The invariants of test_chaos.py that the tables show, once the stack stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from mesh.config import Settings
from mesh.tables import Row, Schema, Table, Transferable, open_tables
from svc_social.accounts.tables import ACCOUNTS, BURIED
from svc_social.channels.tables import CHANNELS
from svc_social.tables import SCHEMA as SOCIAL
from svc_transcode.processing.tables import ACTIVE, PROCESSING, QUEUE_JOBS, RELEASED
from svc_transcode.tables import SCHEMA as TRANSCODE
from svc_upload.tables import SCHEMA as UPLOAD
from svc_upload.uploads.tables import CLAIMS, HEADER, UPLOADS
from svc_upload.videos.tables import CHANNEL_VIDEOS, VIDEOS
from tests.e2e.chaos.facts import Facts
from tests.e2e.chaos.told import Account
from vidmesh.upload.v1.upload_pb2 import UploadState

PENDING = "pending_events"
FORGOTTEN = timedelta(seconds=60)
"""After which the list of jobs that are out has lost those that a crash left on it."""


async def check_rows(settings: Settings, accounts: Sequence[Account], facts: Facts) -> None:
    """Rows of what stays, and of nothing else; sums that are right; no event that waits."""
    stays = {told.video_id: told for account in accounts for told in account.uploads if told.stays}
    async with open_tables(settings.tables_url(UPLOAD.name), UPLOAD) as tables:
        await _uploads(tables, {told.upload_id: told.video_id for told in stays.values()}, accounts, facts)
    async with open_tables(settings.tables_url(TRANSCODE.name), TRANSCODE) as tables:
        await _jobs(tables, set(stays))
    async with open_tables(settings.tables_url(SOCIAL.name), SOCIAL) as tables:
        await _people(tables, accounts)


async def _uploads(tables: Transferable, stays: dict[str, str], accounts: Sequence[Account], facts: Facts) -> None:
    await _nothing_waits(tables, UPLOAD)
    videos = {str(row["video_id"]): row["generation"] async for row in _walk(tables, VIDEOS)}
    assert videos == {video: facts.last_generation(video) for video in stays.values()}
    assert sorted([str(row["video_id"]) async for row in _walk(tables, CHANNEL_VIDEOS)]) == sorted(stays.values())
    headers = {str(row["upload_id"]): row async for row in _walk(tables, UPLOADS) if row["number"] == HEADER}
    kept = {one for one, row in headers.items() if not row["source_gone"]}
    assert kept == set(stays), f"sources of {kept - set(stays)} are kept, those of {set(stays) - kept} are not"
    assert {headers[one]["state"] for one in kept} <= {UploadState.UPLOAD_STATE_COMPLETED}
    claims = [row async for row in _walk(tables, CLAIMS)]
    assert {str(row["upload_id"]): row["active"] for row in claims} == dict.fromkeys(stays, False)
    channels = {account.channel_id for account in accounts}
    for account_id in {str(headers[one]["account_id"]) for one in headers}:
        sums = await tables.get_static(CLAIMS, {"account_id": account_id})
        due = [int(str(row["size_bytes"])) for row in claims if row["account_id"] == account_id]
        assert (sums["active_uploads"], sums["used_bytes"]) == (0, sum(due)), account_id
    assert {str(row["channel_id"]) for row in headers.values()} <= channels


async def _jobs(tables: Transferable, stays: set[str]) -> None:
    await _nothing_waits(tables, TRANSCODE)
    assert {str(row["video_id"]) async for row in _walk(tables, PROCESSING)} == stays
    assert [row async for row in _walk(tables, QUEUE_JOBS)] == []
    assert [row async for row in _walk(tables, ACTIVE)] == []
    before = datetime.now(UTC) - FORGOTTEN
    out = [row async for row in _walk(tables, RELEASED)]
    assert [row for row in out if isinstance(at := row["report_time"], datetime) and at < before] == []


async def _people(tables: Transferable, accounts: Sequence[Account]) -> None:
    await _nothing_waits(tables, SOCIAL)
    signed_up = [row async for row in _walk(tables, ACCOUNTS) if not row[BURIED.name]]
    assert sorted(str(row["email"]) for row in signed_up) == sorted(account.email for account in accounts)
    channels = [row async for row in _walk(tables, CHANNELS) if row["part"] == "channel" and not row[BURIED.name]]
    assert sorted(str(row["channel_id"]) for row in channels) == sorted(account.channel_id for account in accounts)


async def _nothing_waits(tables: Transferable, schema: Schema) -> None:
    for table in schema.tables:
        if any(column.name == PENDING for column in table.regular):
            waiting = [row async for row in _walk(tables, table) if row[PENDING]]
            assert waiting == [], f"events of {table.name} wait for the bus"


async def _walk(tables: Transferable, table: Table) -> AsyncIterator[Row]:
    cursor: bytes | None = None
    while True:
        page = await tables.walk(table, limit=500, cursor=cursor)
        for row in page.rows:
            yield row
        cursor = page.cursor
        if cursor is None:
            return
