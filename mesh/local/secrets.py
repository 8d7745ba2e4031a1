"""The secrets that a stack makes for itself on its first run and keeps."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from mesh.local.errors import StackError
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secrets:
    """Random, 32 bytes each where nothing else limits them; never printed."""

    service_secret: str
    sealing_secret: str
    bus_password: str
    objects_access_key: str
    objects_secret_key: str
    filer_key: str

    def __repr__(self) -> str:
        return "Secrets(***)"


def load_or_make(path: Path) -> Secrets:
    """The secrets in this file. What is missing is made and added, what is there never changes."""
    try:
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise StackError(f"Cannot read the secrets in {path}: {error}") from error
    known = {field.name: kept.get(field.name) or secrets.token_hex(32) for field in fields(Secrets)}
    result = Secrets(**known)
    if known != kept:
        write_private(path, json.dumps(asdict(result), indent=1) + "\n")
    return result
