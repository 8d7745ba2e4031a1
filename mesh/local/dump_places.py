"""Which tables `export` and `import` mean, and where each service's dump is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mesh.local.control import data_folder
from mesh.local.datadir import DataDir, StackLock
from mesh.local.errors import StackError
from mesh.local.last_settings import last_settings


def tables_pattern(named: str | None, data: Path | None) -> str:
    """The URL with `{service}` in it: as named, or of the stack that was last started on this data.

    Raises `StackError` where that stack runs: its services write.
    """
    if named is not None:
        return named
    folder = DataDir(data_folder(data))
    pattern = last_settings(folder, "name the tables by their URL").tables_url("{service}")
    if StackLock(folder).is_held():
        raise StackError(f"A stack runs on {folder.root}: stop it by `vidmesh down`, or use `vidmesh backup`")
    return pattern


def url_of(pattern: str, service: str, several: bool) -> str:
    """Raises `StackError` where several services would share one URL."""
    if several and "{service}" not in pattern:
        raise StackError(f"{pattern} is the same for every service: put {{service}} into it, or name one by --service")
    return pattern.replace("{service}", service)


def must_exist(url: str) -> None:
    """Raises `StackError` for a SQLite file that is not there: opening it would make an empty one."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not Path(unquote(parts.path)).is_file():
        raise StackError(f"There are no tables at {url}")


def dump_of(folder: Path, service: str) -> Path:
    """The finished dump of a service."""
    return folder / f"{service}.dump"
