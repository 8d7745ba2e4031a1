"""The kinds of items on this service's agenda, each with the function that makes one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from svc_upload.agenda.store import Item

UPLOAD: Final = "upload"
"""Look after an upload: expiry, what completing left undone, objects that came late."""
SOURCE: Final = "source"
"""Delete the source of a video that was verified."""
PURGE: Final = "purge"
"""Purge a deleted video."""
PUBLISH: Final = "publish"
"""A publish time is reached: say that the video changed."""


def upload_item(upload_id: str, account_id: str, due: datetime) -> Item:
    """Look after this upload at `due`; the account says where its claim is should there be no upload yet."""
    return Item(UPLOAD, upload_id, due, json.dumps({"account_id": account_id}))


def account_in(item: Item) -> str:
    """The account of an upload's item."""
    return str(json.loads(item.detail)["account_id"])


def video_item(kind: str, video_id: str, due: datetime, run: int = 0) -> Item:
    """Something to do about a video at `due`; `run` is the run of processing that it follows from."""
    return Item(kind, video_id, due, json.dumps({"run": run}))


def run_in(item: Item) -> int:
    """The run of a video's item."""
    return int(json.loads(item.detail)["run"])
