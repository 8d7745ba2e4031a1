"""What an upload must remember to be resumed after a crash: a small file for each, replaced whole."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from vidmesh.client.files import read_json, write_private
from vidmesh.client.source import Fingerprint
from vidmesh.upload.v1.upload_service_pb2 import CreateUploadRequest

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One upload under way."""

    path: str
    fingerprint: Fingerprint
    """Of the file when the upload began."""
    request: CreateUploadRequest
    """As it was sent, or was about to be: repeated word for word it finds the same upload."""
    upload_id: str = ""
    """Empty until CreateUpload has answered."""

    def known_as(self, upload_id: str) -> Entry:
        """Once CreateUpload has answered."""
        return replace(self, upload_id=upload_id)


class Journal:
    """The uploads under way to one installation, by account, channel and file."""

    def __init__(self, folder: Path, installation: str) -> None:
        """`installation` names the edge in a way that stays when its port changes."""
        self._folder = folder
        self._installation = installation

    def find(self, account_id: str, channel_id: str, path: Path) -> Entry | None:
        """The upload of this file that was begun last and not finished; None where there is none.

        The file may have changed since: compare the fingerprints.
        """
        told = read_json(self._file(account_id, channel_id, path))
        return None if told is None or told.get("format") != _FORMAT else _entry(told)

    def keep(self, account_id: str, entry: Entry) -> None:
        """Remembers it, durably."""
        file = self._file(account_id, entry.request.channel_id, Path(entry.path))
        told = {
            "format": _FORMAT,
            "path": entry.path,
            "fingerprint": asdict(entry.fingerprint),
            "request": base64.b64encode(entry.request.SerializeToString(deterministic=True)).decode(),
            "upload_id": entry.upload_id,
        }
        write_private(file, json.dumps(told, indent=1) + "\n")

    def forget(self, account_id: str, entry: Entry) -> None:
        """It is finished or given up."""
        self._file(account_id, entry.request.channel_id, Path(entry.path)).unlink(missing_ok=True)

    def _file(self, account_id: str, channel_id: str, path: Path) -> Path:
        names = json.dumps([self._installation, account_id, channel_id, str(path)])
        return self._folder / f"{hashlib.sha256(names.encode()).hexdigest()[:32]}.json"


def _entry(told: dict[str, Any]) -> Entry | None:
    try:
        return Entry(
            path=told["path"],
            fingerprint=Fingerprint(**told["fingerprint"]),
            request=CreateUploadRequest.FromString(base64.b64decode(told["request"])),
            upload_id=told["upload_id"],
        )
    except (KeyError, TypeError, ValueError, DecodeError):
        # Written by something else: an upload is begun anew, which is always right.
        return None
