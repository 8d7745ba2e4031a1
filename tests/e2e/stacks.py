"""Real stacks for end-to-end tests: started and stopped by the command line, as a user does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

CONFIGURATION = """\
[limits]
# Tests call more than any person would.
read = { per_user = [0, 0], per_address = [0, 0] }
write = { per_user = [0, 0], per_address = [0, 0] }
auth = { per_user = [0, 0], per_address = [0, 0] }
heavy = { per_user = [0, 0], per_address = [0, 0] }
report = { per_user = [0, 0], per_address = [0, 0] }
[transcode]
# They look at what is made, not at how small it is.
preset = "veryfast"
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that runs, and how a user would handle it."""

    data: Path
    edge_url: str

    def vidmesh(self, *words: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """One command on this stack."""
        return vidmesh(*words, "--data", str(self.data), timeout=timeout)

    def status(self) -> dict[str, Any]:
        """What `vidmesh status --json` prints."""
        return json.loads(self.vidmesh("status", "--json").stdout)

    def part(self, name: str) -> dict[str, Any]:
        return next(part for part in self.status()["parts"] if part["name"] == name)

    def kill(self, name: str) -> None:
        """Ends a part by SIGKILL."""
        os.kill(self.part(name)["pid"], signal.SIGKILL)

    def wait_restarted(self, name: str, restarts: int = 1, seconds: float = 30) -> None:
        """Returns when a part that was killed is ready again."""
        give_up = time.monotonic() + seconds
        while (part := self.part(name))["restarts"] < restarts or part["state"] != "ready":
            assert time.monotonic() < give_up, f"{name} is {part} after {seconds} s"
            time.sleep(0.1)

    def stop(self) -> None:
        done = self.vidmesh("down")
        assert done.returncode == 0, done.stderr


class StartStack(Protocol):
    """Starts a stack of a test's own: on an earlier one's data where it is named, with some parts alone if wanted."""

    def __call__(self, data: Path | None = None, only: tuple[str, ...] = (), configuration: str = "") -> Stack: ...


def vidmesh(*words: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, without this process's VIDMESH_* variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    return subprocess.run(
        [sys.executable, "-m", "mesh.cli", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environment,
    )


def start(data: Path, only: tuple[str, ...] = (), configuration: str = "") -> Stack:
    """`vidmesh up --detach` on free ports."""
    config = data.with_name(f"{data.name}.toml")
    config.write_text(CONFIGURATION + configuration, encoding="utf-8")
    done = vidmesh(
        *("up", "--detach", "--data", str(data), "--port", "0", "--workers", "1", "--config", str(config)),
        *(("--only", ",".join(only)) if only else ()),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((data / "run" / "stack.json").read_text(encoding="utf-8"))
    return Stack(data, told["edge_url"])
