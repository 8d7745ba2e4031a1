"""A process of the installation from its start to its end: settings, logs, telemetry, signals, and a word on failure.

`mesh.server.run_service` is made of it; workers and the control plane use it as it is.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from mesh.bus.errors import BusError
from mesh.config import ConfigurationError, Settings, load_settings
from mesh.keyring import KeyFileError
from mesh.logs import set_up_logs
from mesh.objects.errors import ObjectError
from mesh.runtime import Runtime
from mesh.tables.errors import TableError
from mesh.telemetry import set_up_telemetry

T = TypeVar("T")
Main = Callable[[Runtime], Awaitable[None]]

PATIENCE: Final = timedelta(seconds=30)
"""A process that has not ended this long after it was told to is cut short."""


class CannotStart(Exception):  # noqa: N818 (it says what is the case)
    """The process cannot do its work; the message is one sentence for a person."""


class ToldToStop(Exception):  # noqa: N818 (no error)
    """The process was told to end while it was still starting."""


def run_process(name: str, main: Main, config: Path | None = None) -> int:
    """Run `main(runtime)` until it returns; the exit code of the process.

    SIGTERM and SIGINT set `runtime.draining`, and `main` is expected to return then. What keeps it from starting is
    said in one sentence on stderr, and the exit code is 1.
    """
    try:
        asyncio.run(_run(name, main, load_settings(config)))
    except (ConfigurationError, CannotStart, KeyFileError, TableError, BusError, ObjectError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0


async def unless_told_to_stop(runtime: Runtime, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. Raises ToldToStop, the work cancelled, where the process is told to end before."""
    task = asyncio.ensure_future(work)
    told = asyncio.ensure_future(runtime.draining.wait())
    try:
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ToldToStop
        return task.result()
    finally:
        told.cancel()
        task.cancel()
        await asyncio.gather(task, told, return_exceptions=True)


async def _run(name: str, main: Main, settings: Settings) -> None:
    log = set_up_logs(settings.log, name)
    telemetry = set_up_telemetry(name)
    try:
        runtime = Runtime(settings, name, log, telemetry)
    except ValueError as error:
        raise CannotStart(str(error)) from error
    try:
        async with runtime:
            work = asyncio.ensure_future(main(runtime))
            _listen_for_signals(runtime, work)
            try:
                await work
            except ToldToStop:
                log.info("stopped before it served")
            except asyncio.CancelledError:
                log.warning("cut short", after_seconds=PATIENCE.total_seconds())
    finally:
        if telemetry is not None:
            await asyncio.to_thread(telemetry.close)


def _listen_for_signals(runtime: Runtime, work: asyncio.Future[None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not runtime.draining.is_set():
            runtime.draining.set()
            loop.call_later(PATIENCE.total_seconds(), work.cancel)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
