"""What `vidmesh up` does: one stack from start to end, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mesh.local import setup_code
from mesh.local.datadir import DataDir, StackLock, data_folder
from mesh.local.errors import StackError
from mesh.local.files import rotate
from mesh.local.leftovers import kill_leftovers
from mesh.local.pages import publishing as pages
from mesh.local.plan import OBJECTS, make_plan
from mesh.local.state import PartState, StackState, write_state
from mesh.local.supervisor import Supervisor
from mesh.local.table import process_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mesh.local.control import UpOptions
    from mesh.local.plan import Plan
    from mesh.local.state import StackPhase

PORT_TRIES = 3
TELL_AGAIN = 1.0
"""Seconds after which the state of the stack is written again where that failed."""
_PORT_CLASH = re.compile(r"address already in use|EADDRINUSE|failed to bind", re.IGNORECASE)


def run_stack(options: UpOptions, ready: Callable[[str], None] = lambda _url: None) -> None:
    """Runs a stack until SIGINT or SIGTERM; `ready` is told the edge's address once all parts are.

    Raises `StackError` where it cannot be started. When this returns or raises, no process is left.
    """
    data = DataDir(data_folder(options.data))
    data.prepare()
    lock = StackLock(data)
    lock.acquire()
    try:
        if left := kill_leftovers(data):
            say(f"ended {left} processes of a stack that had ended badly")
        # Until the new one is written, nobody should take the process numbers of the last run for this one's.
        data.stack_file.unlink(missing_ok=True)
        asyncio.run(_with_free_ports(options, data, ready))
    finally:
        lock.release()


async def _with_free_ports(options: UpOptions, data: DataDir, ready: Callable[[str], None]) -> None:
    """Another programme may take a port between its choice and its use: then all start again on others."""
    for tries_left in reversed(range(PORT_TRIES)):
        for log in data.logs.glob("*.log"):
            rotate(log)
        try:
            await _Run(make_plan(options), options.only).run(ready)
            return
        except StackError as error:
            if not tries_left or not any(_PORT_CLASH.search(line) for line in error.details):
                raise
            say(f"{error}: trying other ports")


class _Run:
    """One attempt."""

    def __init__(self, plan: Plan, only: Sequence[str]) -> None:
        self._plan = plan
        self._state = StackState("starting", plan.edge_url, os.getpid(), time.time(), ())
        self._supervisor = Supervisor(process_table(plan, only), plan.data, self._write, say)
        self._asked_to_end = asyncio.Event()
        self._untold: asyncio.TimerHandle | None = None

    async def run(self, ready: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end)
        self._write()
        say(f"starting {len(self._supervisor.standings())} parts on {self._plan.data.root}")
        asked = asyncio.create_task(self._asked_to_end.wait())
        starting = asyncio.create_task(self._supervisor.start())
        try:
            await asyncio.wait({asked, starting}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                starting.result()
                if told := await asyncio.to_thread(self._publish):
                    say(told)
                self._phase("ready")
                say(f"ready after {loop.time() - began:.1f} s: {self._plan.edge_url}")
                for hint in (pages.hint, setup_code.hint):
                    if told := await asyncio.to_thread(hint, self._plan.settings):
                        say(told)
                ready(self._plan.edge_url)
                watching = asyncio.create_task(self._supervisor.watch())
                await asyncio.wait({asked, watching}, return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    watching.result()
                watching.cancel()
        finally:
            asked.cancel()
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, StackError):
                await starting
            self._phase("stopping")
            say("stopping")
            await self._supervisor.stop()
            self._phase("stopped")

    def _publish(self) -> str:
        return pages.publish_checkout(self._plan.settings.objects) if OBJECTS in self._supervisor.standings() else ""

    def _end(self) -> None:
        if self._asked_to_end.is_set():
            say("ending everything at once")
            self._supervisor.kill()
        self._asked_to_end.set()

    def _phase(self, phase: StackPhase) -> None:
        self._state = replace(self._state, state=phase)
        self._write()

    def _write(self) -> None:
        parts = tuple(
            PartState(name, standing.state, standing.pid, part.port, standing.started, standing.restarts)
            for name, (part, standing) in self._supervisor.standings().items()
        )
        if self._untold is not None:
            self._untold.cancel()
            self._untold = None
        try:
            write_state(self._plan.data, replace(self._state, parts=parts))
        except OSError as error:
            # The disk is full, say: the parts go on, and it is told when there is room.
            say(f"what runs cannot be written down now: {error}")
            self._untold = asyncio.get_running_loop().call_later(TELL_AGAIN, self._write)


def say(line: str) -> None:
    """One line on the console, which may be gone."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"vidmesh: {line}\n")
        sys.stdout.flush()
