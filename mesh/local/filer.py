"""What makes SeaweedFS sync before it answers: by itself it leaves that to the kernel.

An object is two things: its bytes in a volume, and the filer's entry that names them. Volumes sync what a rule of the
filer's tells them to; entries are synced by the filer's SQLite store, and never by its LevelDB one.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from mesh.local.part import NotReady
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

RULES_PATH = "/etc/seaweedfs/filer.conf"
"""Where the filer looks for its rules, among its own files."""

RULES = {"version": 1, "locations": [{"location_prefix": "/buckets/", "fsync": True}]}

TOKEN_SECONDS = 60

SQLITE = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"
"""Every commit is synced, once; readers and the writer do not wait for each other."""


def choose_store(home: Path, folder: Path) -> None:
    """Writes `filer.toml` below the filer's HOME: entries go to SQLite in `folder`.

    Entries that an earlier version has put into LevelDB stay there, unsynced: a filer has one store.
    """
    settings = home / ".seaweedfs"
    settings.mkdir(mode=0o700, exist_ok=True)
    file = settings / "filer.toml"
    if (folder / "filerldb2").exists():
        file.unlink(missing_ok=True)
        return
    write_private(
        file,
        "# Written by `vidmesh up` at every start.\n"
        f"[sqlite]\nenabled = true\ndbFile = {json.dumps(f'file:{quote(str(folder))}/filer.db{SQLITE}')}\n",
    )


async def sync_buckets(address: str, key: str, timeout: float) -> None:  # noqa: ASYNC109
    """Has the volumes sync every object before its write is answered. Repeatable; the filer keeps the rule.

    `NotReady` where the filer at `address` cannot take it yet; `key` signs the filer's tokens.
    """
    import httpx
    import jwt

    token = jwt.encode({"exp": int(time.time()) + TOKEN_SECONDS}, key, algorithm="HS256")
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            answer = await client.put(
                f"http://{address}{RULES_PATH}",
                content=json.dumps(RULES).encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
    except httpx.HTTPError as error:
        raise NotReady(str(error) or type(error).__name__) from error
    if answer.status_code not in (200, 201):
        raise NotReady(f"PUT {RULES_PATH}: {answer.status_code}")
