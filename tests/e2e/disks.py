"""File systems of a few megabytes, which tests fill and empty again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BLOCK = 4096


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own at `place`."""

    place: Path

    @property
    def free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.place).free

    @contextmanager
    def full(self, leave: int = 0) -> Generator[None]:
        """But for `leave` bytes nothing is free on it while the block runs."""
        filling = self.place / "filling"
        try:
            with filling.open("wb") as file:
                piece, size = 1 << 30, 0
                while piece >= BLOCK:
                    if self.free - leave < piece:
                        piece //= 2
                        continue
                    try:
                        os.posix_fallocate(file.fileno(), size, piece)
                    except OSError:
                        # The file system's own books need a little of what it calls free.
                        piece //= 2
                    else:
                        size += piece
            yield
        finally:
            filling.unlink()


@contextmanager
def small_disk(place: Path, megabytes: int) -> Generator[SmallDisk]:
    """A file system at `place` for the length of the block.

    It lies in a sparse file beside it, so that gigabytes of room cost nothing: an object store wants room for some of
    its volumes before it takes anything, and a file system in memory would have to be filled with memory.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    if not shutil.which("mkfs.ext4"):
        pytest.skip("there is no mkfs.ext4 to make a small file system with")
    place.mkdir(parents=True, exist_ok=True)
    image = place.with_name(f"{place.name}.img")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        mounted = subprocess.run(
            ["mount", "-o", "loop", str(image), str(place)], capture_output=True, text=True, check=False
        )
        if mounted.returncode != 0:
            pytest.skip(f"this container forbids mounting: {mounted.stderr.strip()}")
        try:
            shutil.rmtree(place / "lost+found")
            yield SmallDisk(place)
        finally:
            subprocess.run(["umount", "-l", str(place)], check=False)
    finally:
        image.unlink()
