"""Streams and their consumers, by JetStream's own snapshots.

Work queues are left out: a message that comes back would be an attempt that has begun already. The services ask the bus
for each job that is out, and release again those that it does not have.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from mesh.config import BusSettings
from mesh.local.errors import StackError

_CHUNK: Final = 128 * 1024
_WITHIN: Final = 10.0
"""Seconds for each answer of the server."""


@asynccontextmanager
async def connected(settings: BusSettings) -> AsyncGenerator[Client]:
    """A connection for the length of the block. Raises StackError, also for what the server refuses within it."""
    try:
        client = await nats.connect(settings.url, max_reconnect_attempts=2)
        try:
            yield client
        finally:
            await client.close()
    except (NatsError, OSError, TimeoutError) as error:
        raise StackError(f"The bus does not answer: {str(error) or type(error).__name__}") from error


async def streams(client: Client) -> dict[str, dict[str, Any]]:
    """Every stream that keeps facts, with its configuration and state."""
    found: dict[str, dict[str, Any]] = {}
    while True:
        page = await _call(client, "STREAM.LIST", {"offset": len(found)})
        listed = page.get("streams") or []
        found |= {one["config"]["name"]: one for one in listed}
        if not listed or len(found) >= page["total"]:
            return {name: one for name, one in found.items() if one["config"]["retention"] != "workqueue"}


async def consumers(client: Client, stream: str) -> list[dict[str, Any]]:
    """The configuration of each durable consumer, set to begin behind the last message that it has settled."""
    found: list[dict[str, Any]] = []
    while True:
        page = await _call(client, f"CONSUMER.LIST.{stream}", {"offset": len(found)})
        listed = page.get("consumers") or []
        found += listed
        if not listed or len(found) >= page["total"]:
            return [_resumed(one) for one in found if one["config"].get("durable_name")]


async def last_sequence(client: Client, stream: str) -> int:
    """The number of the stream's newest message."""
    return (await _call(client, f"STREAM.INFO.{stream}", {}))["state"]["last_seq"]


async def save(client: Client, stream: str, path: Path) -> dict[str, Any]:
    """Write a stream's messages to `path`; what `put_back` needs besides."""
    inbox = client.new_inbox()
    chunks = await client.subscribe(inbox)
    wanted = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": _CHUNK}
    answer = await _call(client, f"STREAM.SNAPSHOT.{stream}", wanted)
    with await asyncio.to_thread(path.open, "xb") as file:
        while chunk := await chunks.next_msg(_WITHIN):
            if not chunk.data:
                break
            await asyncio.to_thread(file.write, chunk.data)
            if chunk.reply:
                await chunk.respond(b"")
    await chunks.unsubscribe()
    status = (chunk.headers or {}).get("Status", "")
    if status and not status.startswith("2"):
        raise StackError(f"The bus gave up in the midst of stream {stream}: {chunk.headers}")
    return {"config": answer["config"], "state": answer["state"]}


async def put_back(client: Client, told: Mapping[str, Any], path: Path) -> None:
    """Make a stream that `save` wrote, without what came after the cut, and its consumers where they were."""
    name = told["config"]["name"]
    answer = await _call(client, f"STREAM.RESTORE.{name}", {"config": told["config"], "state": told["state"]})
    with await asyncio.to_thread(path.open, "rb") as file:
        await _send(client, answer["deliver_subject"], file)
    for sequence in range(told["last_seq"] + 1, told["state"]["last_seq"] + 1):
        await _call(client, f"STREAM.MSG.DELETE.{name}", {"seq": sequence, "no_erase": True}, missing_is_fine=True)
    for config in told["consumers"]:
        durable = config["durable_name"]
        await _call(client, f"CONSUMER.DURABLE.CREATE.{name}.{durable}", {"stream_name": name, "config": config})


def _resumed(consumer: Mapping[str, Any]) -> dict[str, Any]:
    config = dict(consumer["config"])
    config.pop("opt_start_time", None)
    return config | {
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": consumer["ack_floor"]["stream_seq"] + 1,
    }


async def _send(client: Client, subject: str, file: BinaryIO) -> None:
    while chunk := await asyncio.to_thread(file.read, _CHUNK):
        _checked("restore", (await client.request(subject, chunk, timeout=_WITHIN)).data)
    _checked("restore", (await client.request(subject, b"", timeout=_WITHIN)).data)


async def _call(client: Client, what: str, wanted: Mapping[str, Any], *, missing_is_fine: bool = False) -> Any:
    answer = await client.request(f"$JS.API.{what}", json.dumps(wanted).encode(), timeout=_WITHIN)
    return _checked(what, answer.data, missing_is_fine=missing_is_fine)


def _checked(what: str, data: bytes, *, missing_is_fine: bool = False) -> Any:
    told: dict[str, Any] = json.loads(data) if data else {}
    if (error := told.get("error")) and not (missing_is_fine and error.get("code") in {400, 404}):
        raise StackError(f"The bus refuses {what}: {error.get('description')}")
    return told
