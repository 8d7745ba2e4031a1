"""Logs: their end, and their growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def last_lines(path: Path, count: int = 15, most_bytes: int = 16_384) -> tuple[str, ...]:
    """The end of a log, for a person who wants to know why."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most_bytes))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-count:])


def rotate(path: Path, most_bytes: int = 10_000_000) -> None:
    """Puts a log that has grown aside; one older file is kept."""
    if path.exists() and path.stat().st_size > most_bytes:
        path.replace(path.with_name(path.name + ".1"))
