"""A real one-machine stack in a folder of its own, started and stopped by the command line as users do."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.config import Settings, load_settings

UNLIMITED: Final = """\
[limits]
# What is measured is the edge and not how much of it one caller may use.
read = { per_user = [0, 0], per_address = [0, 0] }
write = { per_user = [0, 0], per_address = [0, 0] }
auth = { per_user = [0, 0], per_address = [0, 0] }
heavy = { per_user = [0, 0], per_address = [0, 0] }
report = { per_user = [0, 0], per_address = [0, 0] }
[transcode]
# What is measured is the work, each time.
reuse = false
"""


class StackFailed(Exception):  # noqa: N818 (it says what is the case)
    """The stack did not start or stop; the message is what its command said."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that is ready."""

    data: Path
    edge_url: str
    supervisor: int
    """Process id; so below."""
    parts: Mapping[str, int]
    """Name of each part → process id."""

    @property
    def settings(self) -> Settings:
        """What its services read, secrets included."""
        return load_settings(self.data / "run" / "config.toml")

    @property
    def services(self) -> tuple[int, ...]:
        """The Python that answers calls: services and control plane, without transcoding workers."""
        return tuple(pid for name, pid in self.parts.items() if name.startswith("svc_") or name == "gateway")


@asynccontextmanager
async def a_stack(workers: int = 1) -> AsyncGenerator[Stack]:
    """The whole stack on free ports; nothing is left of it afterwards. Raises StackFailed."""
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
        data = Path(folder) / "data"
        try:
            yield await start(data, workers)
        finally:
            await stop(data)


async def start(data: Path, workers: int = 1) -> Stack:
    """`vidmesh up`, until all parts are ready."""
    config = data.with_name(f"{data.name}.toml")
    config.write_text(UNLIMITED, encoding="utf-8")
    places = ("--data", str(data), "--config", str(config))
    await _vidmesh("up", "--detach", "--port", "0", "--workers", str(workers), *places)
    told = json.loads((data / "run" / "stack.json").read_text(encoding="utf-8"))
    parts = {str(part["name"]): int(part["pid"]) for part in told["parts"]}
    return Stack(data, str(told["edge_url"]), int(told["pid"]), parts)


async def stop(data: Path) -> None:
    """`vidmesh down`; nothing happens where none runs."""
    await _vidmesh("down", "--data", str(data))


async def _vidmesh(*words: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mesh.cli", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise StackFailed(f"vidmesh {words[0]} ended with {process.returncode}: {told.decode(errors='replace')}")
