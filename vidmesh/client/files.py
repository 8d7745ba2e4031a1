"""Small files of the client: private, and replaced whole so that no reader sees half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Replaces a file by one that only its owner can read, durably, and makes its folder where there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes the file 0600, under a name that no other process uses at the same time.
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
        sync(path.parent)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Makes a file's bytes, or the names in a folder, outlive a power cut: a new name needs its folder synced."""
    # Windows cannot open a folder.
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file; None where there is no file, or something else is in it."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return told if isinstance(told, dict) else None
