"""One part while it runs: started, watched, started again when it dies, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mesh.local.backoff import Backoff
from mesh.local.errors import StackError
from mesh.local.files import last_lines
from mesh.local.part import NotReady
from mesh.local.spawn import ended_how, kill_group, spawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesh.local.datadir import DataDir
    from mesh.local.part import Part, Probe

State = Literal["waiting", "starting", "ready", "restarting", "stopping", "stopped"]

START_TIMEOUT = 60.0
LOOK_EVERY = 2.0
"""Seconds between two looks at whether a part that runs can still do its work."""
TRIES = 3
"""A part that was never ready and dies this often cannot be started."""


@dataclass(slots=True)
class Standing:
    """What `status` tells about a part."""

    state: State = "waiting"
    pid: int = 0
    started: float = 0.0
    """Unix time of the latest start."""
    restarts: int = 0


class Child:
    """Keeps one part running until it is told to stop."""

    def __init__(self, part: Part, data: DataDir, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        self.part = part
        self.standing = Standing()
        self.ready = asyncio.Event()
        """Set when the part was ready once."""
        self._data = data
        self._changed = changed
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._ready_since: float | None = None
        """Since when it is or was ready in its latest run, by the monotonic clock."""
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Returns after `stop`. Raises `StackError` where the part cannot be started at all."""
        backoff = Backoff()
        while not self._stop.is_set():
            self._ready_since = None
            try:
                await self.part.before_start()
                if self._stop.is_set():
                    break
                ended = await self._once()
            except OSError as error:
                # A full disk, say, has no room for a log or a configuration; it may have some later.
                ended = f"cannot be started now: {error}"
            if self._stop.is_set():
                break
            if not self.ready.is_set() and self.standing.restarts + 1 >= TRIES:
                raise self._cannot_start(ended)
            delay = backoff.after(0.0 if self._ready_since is None else time.monotonic() - self._ready_since)
            self.standing.restarts += 1
            self._is("restarting")
            self._say(f"{self.part.name} {ended}; starting it again {f'in {delay:.1f} s' if delay else 'at once'}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), delay)
        self.standing.pid = 0
        self._is("stopped")

    async def stop(self) -> None:
        """Asks the part to end, kills it after its grace, and returns when nothing of it is left."""
        self._stop.set()
        process = self._process
        if process is None:
            self._is("stopped")
            return
        if self.standing.state == "ready":
            await self.part.before_stop()
        self._is("stopping")
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.part.grace)
        except TimeoutError:
            kill_group(process.pid)
            await process.wait()
        await self.part.after_stop()

    def kill(self) -> None:
        """Ends it without asking."""
        self._stop.set()
        if self._process is not None:
            kill_group(self._process.pid)

    async def _once(self) -> str:
        """From one start to its end; says how it ended."""
        self._is("starting")
        process = self._process = await spawn(self.part, self._data)
        self.standing.pid, self.standing.started = process.pid, time.time()
        self._is("starting")
        ending = asyncio.create_task(process.wait())
        probing = asyncio.create_task(until_ready(self.part.ready))
        try:
            await asyncio.wait({ending, probing}, return_when=asyncio.FIRST_COMPLETED)
            late = ""
            if not ending.done() and not self._stop.is_set():
                try:
                    probing.result()
                    self._ready_since = time.monotonic()
                    self.ready.set()
                    self._is("ready")
                    late = await self._unfit(process, ending)
                except NotReady as reason:
                    late = f"was not ready after {START_TIMEOUT:.0f} s ({reason})"
                    kill_group(process.pid)
            code = await ending
        finally:
            if not probing.cancel() and not probing.cancelled():
                probing.exception()
            kill_group(process.pid)
            self._process = None
        return late or ended_how(code)

    async def _unfit(self, process: asyncio.subprocess.Process, ending: asyncio.Task[int]) -> str:
        """Waits until it ends; ends it where it lives without being able to do its work, and says why."""
        while not (await asyncio.wait({ending}, timeout=LOOK_EVERY))[0]:
            try:
                if not self._stop.is_set():
                    await self.part.fit()
            except NotReady as reason:
                process.terminate()
                if not (await asyncio.wait({ending}, timeout=self.part.grace))[0]:
                    kill_group(process.pid)
                return f"was stopped: {reason}"
        return ""

    def _cannot_start(self, ended: str) -> StackError:
        log = self._data.log(self.part.name)
        return StackError(f"{self.part.name} cannot be started: it {ended}; its log is {log}", last_lines(log))

    def _is(self, state: State) -> None:
        self.standing.state = state
        self._changed()


async def until_ready(probe: Probe, timeout: float = START_TIMEOUT) -> None:  # noqa: ASYNC109
    """Asks again until the part does its work; the last `NotReady` when it takes longer than this many seconds."""
    give_up = time.monotonic() + timeout
    pause = 0.02
    while True:
        try:
            await probe()
            return
        except NotReady:
            if time.monotonic() > give_up:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)
