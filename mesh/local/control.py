"""Starting, looking at and stopping a stack from another process. The door for commands, the demo and tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from mesh.local.datadir import DataDir, StackLock, data_folder
from mesh.local.errors import StackError
from mesh.local.files import last_lines
from mesh.local.state import StackState, recorded_state, running_state

STOP_TIMEOUT = 60.0

__all__ = ["StackState", "UpOptions", "data_folder", "stack_on", "start_detached", "stop"]


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `vidmesh up` may be told. `None` leaves the choice to the configuration."""

    data: Path | None = None
    config: Path | None = None
    host: str | None = None
    port: int | None = None
    """0 chooses a free port."""
    public_url: str | None = None
    """How viewers reach the edge."""
    workers: int | None = None
    only: tuple[str, ...] = ()
    """Names of the parts to start; none named is all. For working on the others by hand."""

    def to_json(self) -> str:
        """For the process that runs the stack."""
        return json.dumps({name: str(v) if isinstance(v, Path) else v for name, v in asdict(self).items()})

    @classmethod
    def from_json(cls, text: str) -> UpOptions:
        told = json.loads(text)
        paths = {name: Path(told[name]) for name in ("data", "config") if told[name] is not None}
        return cls(**told | paths | {"only": tuple(told["only"])})


def start_detached(options: UpOptions) -> str:
    """Starts a stack that outlives this process, waits until it is ready and returns the edge's address.

    Raises `StackError` with the reason and the last log lines when it does not get ready; nothing is left running.
    """
    data = DataDir(data_folder(options.data))
    data.prepare()
    if StackLock(data).is_held():
        StackLock(data).acquire()
    reading, writing = os.pipe()
    log = data.log("up")
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "mesh.local", options.to_json(), str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as report:
            told = json.loads(report.readline() or "{}")
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if "edge_url" in told:
        # It is the system's child now, not one that has to be waited for.
        process.returncode = 0
        return str(told["edge_url"])
    process.wait()
    if "error" in told:
        raise StackError(told["error"], tuple(told.get("details", ())))
    raise StackError(f"The stack ended before it was ready; its log is {log}", last_lines(log))


def stack_on(data: Path) -> StackState | None:
    """The stack that runs on this data; `None` when none does."""
    return running_state(DataDir(data.absolute()))


def stop(data: Path) -> bool:
    """Stops the stack on this data and waits until all of its processes are gone; `False` when none was running."""
    import psutil

    from mesh.local.leftovers import kill_leftovers

    folder = DataDir(data.absolute())
    lock = StackLock(folder)
    if not lock.is_held():
        kill_leftovers(folder)
        return False
    state = recorded_state(folder)
    if state is None:
        raise StackError(f"Something holds {folder.root}, but does not say what it is; wait a moment and try again")
    supervisor = psutil.Process(state.pid)
    try:
        supervisor.terminate()
        supervisor.wait(STOP_TIMEOUT)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied as error:
        raise StackError(f"The stack belongs to another user (process {state.pid})") from error
    except psutil.TimeoutExpired:
        supervisor.kill()
        supervisor.wait(STOP_TIMEOUT)
        kill_leftovers(folder)
    return True
