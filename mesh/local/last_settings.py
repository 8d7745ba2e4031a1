"""What the stack that was last started on some data went by."""

from __future__ import annotations

from mesh.config import Settings, load_settings
from mesh.local.datadir import DataDir
from mesh.local.errors import StackError


def last_settings(folder: DataDir, otherwise: str) -> Settings:
    """The settings of the stack that was last started on this data.

    Raises `StackError` where none ever was, saying what to do `otherwise`.
    """
    folder.check()
    if not folder.config_file.exists():
        raise StackError(f"No stack was ever started on {folder.root}: {otherwise}")
    return load_settings(folder.config_file)
