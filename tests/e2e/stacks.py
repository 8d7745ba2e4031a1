"""Real stacks for end-to-end tests: started and stopped by the command line, as a user does.

Their tables are SQLite files, or keyspaces of the Cassandra that TEST_CASSANDRA names (`make test-cassandra`).
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mesh.local.plan import SERVICES
from mesh.testing.cassandra import VARIABLE as CASSANDRA

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

    def wait_restarted(self, name: str, restarts: int = 1, seconds: float = 60) -> None:
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


def vidmesh(*words: str, timeout: float = 90, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with these and without this process's VIDMESH_* variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")} | variables
    return subprocess.run(
        [sys.executable, "-m", "mesh.cli", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environment,
    )


def keyspaces(data: Path, host: str) -> str:
    """`tables.url` for keyspaces on a Cassandra that belong to one data folder, however often it is started."""
    return f"cql://{host}/{_prefix(data)}_{{service}}"


def _prefix(data: Path) -> str:
    return f"t{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"


def tables_on(data: Path, host: str) -> str:
    """The same as configuration."""
    return f'\n[tables]\nurl = "{keyspaces(data, host)}"\n'


def tables_variables(data: Path) -> dict[str, str]:
    """Variables that put a stack on this data where this run of the tests has its tables."""
    host = os.environ.get(CASSANDRA)
    return {"VIDMESH_TABLES__URL": keyspaces(data, host)} if host else {}


def start(data: Path, only: tuple[str, ...] = (), configuration: str = "") -> Stack:
    """`vidmesh up --detach` on free ports. Tables are where this run has them, unless `configuration` names a place."""
    host = os.environ.get(CASSANDRA)
    elsewhere = "[tables]" in configuration
    tables = tables_on(data, host) if host and not elsewhere else ""
    config = data.with_name(f"{data.name}.toml")
    config.write_text(CONFIGURATION + configuration + tables, encoding="utf-8")
    done = vidmesh(
        *("up", "--detach", "--data", str(data), "--port", "0", "--workers", "1", "--config", str(config)),
        *(("--only", ",".join(only)) if only else ()),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((data / "run" / "stack.json").read_text(encoding="utf-8"))
    return Stack(data, told["edge_url"])


def end(data: Path) -> None:
    """Stop what runs on this data, if anything, for good: its keyspaces go too.

    A Cassandra that holds the tables of every test so far, hundreds of them, takes minutes to make the next ones.
    """
    vidmesh("down", "--data", str(data))
    if host := os.environ.get(CASSANDRA):
        drop(host, [f"{_prefix(data)}_{service}" for service in SERVICES])


def drop(host: str, names: Iterable[str]) -> None:
    """Drop these keyspaces; those that are not there are none of its business."""
    # Only where there is a Cassandra: the driver starts threads.
    from cassandra.cluster import Cluster

    address, _, port = host.rpartition(":")
    with Cluster([address], port=int(port), protocol_version=4, control_connection_timeout=30) as cluster:
        session = cluster.connect()
        for name in names:
            session.execute(f"DROP KEYSPACE IF EXISTS {name}", timeout=60)
