"""How much room is left where the objects are, as far as this process can know."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from mesh.config import Settings


class Disk:
    """Free space of the file system that objects are on, where the object store runs on this machine."""

    def __init__(self, folder: Path | None) -> None:
        """`folder`: on the file system that fills up; None where it cannot be seen from here."""
        self._folder = folder

    @classmethod
    def of(cls, settings: Settings) -> Disk:
        """The disk that these settings put the objects on. A store elsewhere watches its own space."""
        local = _is_loopback(urlsplit(settings.objects.endpoint).hostname or "")
        data = Path(settings.data).absolute()
        # A folder that may be a file system of its own, and that is not there where the store is another one's.
        objects = data / "objects"
        return cls((objects if objects.is_dir() else data) if local else None)

    async def free(self) -> int | None:
        """Bytes that are free, or None where that is not known."""
        if self._folder is None:
            return None
        try:
            return (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        except OSError:
            return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
