"""Starting one process of the stack, and making sure that all of it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mesh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mesh.local.datadir import DataDir
    from mesh.local.part import Part

LAUNCHER = Path(__file__).with_name("launcher.py")
PACKAGES = Path(mesh.__file__).resolve().parent.parent


def environment(data: DataDir, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without VIDMESH_* variables, which the written configuration already holds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    path = os.pathsep.join(filter(None, (str(PACKAGES), kept.get("PYTHONPATH"))))
    return kept | {
        "VIDMESH_CONFIG": str(data.config_file),
        "PYTHONPATH": path,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


async def spawn(part: Part, data: DataDir) -> asyncio.subprocess.Process:
    """Starts a part in a session of its own; what it prints goes to its log."""
    with data.log(part.name).open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(LAUNCHER),
            str(os.getpid()),
            *part.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            cwd=data.run,
            env=environment(data, part.env),
            start_new_session=True,
        )


def kill_group(pid: int) -> None:
    """Kills what a part has left behind in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def ended_how(code: int) -> str:
    """A return code in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
