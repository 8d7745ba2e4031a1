"""Where the installation is that a command talks to, and where the command keeps what belongs to it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vidmesh.client.connection import Edge
from vidmesh.client.errors import ClientError
from vidmesh.client.files import read_json
from vidmesh.client.journal import Journal
from vidmesh.client.tokens import FileTokenStore

DEFAULT_DATA = ".vidmesh"


@dataclass(frozen=True, slots=True)
class Place:
    """One installation."""

    url: str
    """Of an edge."""
    name: str
    """Stays the same when the edge moves to another port."""
    credentials: Path
    uploads: Path
    """Folder of the upload journal."""

    def tokens(self) -> FileTokenStore:
        return FileTokenStore(self.credentials)

    def journal(self) -> Journal:
        return Journal(self.uploads, self.name)


def find_place(data: Path | None, environment: Mapping[str, str] = os.environ) -> Place:
    """`data` (what --data named) goes first, then VIDMESH_URL, then VIDMESH_DATA, then `.vidmesh`.

    Raises `ClientError` where nothing runs on the data folder.
    """
    url = environment.get("VIDMESH_URL", "")
    if data is None and url:
        return _remote(Edge.of(url), environment)
    named = data or Path(environment.get("VIDMESH_DATA") or DEFAULT_DATA)
    folder = named.absolute()
    state = read_json(folder / "run" / "stack.json")
    if state is None or not state.get("edge_url") or not _runs(folder):
        raise ClientError(f"No vidmesh is running on {named}; start one with `vidmesh up`.")
    return Place(str(state["edge_url"]), str(folder), folder / "session.json", folder / "uploads")


def _remote(edge: Edge, environment: Mapping[str, str]) -> Place:
    home = Path(environment.get("HOME") or Path.home())
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "vidmesh"
    state = Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state") / "vidmesh"
    file = edge.authority.replace(":", "_").strip("[]")
    return Place(edge.url, edge.authority, config / f"{file}.json", state / "uploads")


def _runs(folder: Path) -> bool:
    """Whether some supervisor lives on this data: it holds `run/lock` until it ends, in whatever way."""
    try:
        descriptor = os.open(folder / "run" / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
