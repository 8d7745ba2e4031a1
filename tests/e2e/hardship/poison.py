"""Files that kill whoever works on them, each time, and the dead letters that come of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import nats
import psutil
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from mesh.bus.dead import ATTEMPTS_HEADER, REASON_HEADER
from mesh.bus.streams import DEAD_STREAM
from mesh.config import load_settings
from tests.e2e.stacks import Stack
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

WORKER = "worker-1"
LOOK = 0.02

Victim = Literal["child", "worker"]


@dataclass(slots=True)
class Poison:
    """Kills, by SIGKILL and as the kernel does where memory is short, whoever works on some videos.

    The worker has one slot, so whatever it has started belongs to the job that it began last.
    """

    stack: Stack
    victims: dict[str, Victim] = field(default_factory=dict[str, Victim])
    kills: list[str] = field(default_factory=list[str])
    """Jobs, one for each time that somebody died of one."""
    _read: int = 0
    _working_on: str = ""
    _end: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Kills until the end."""
        log = self.stack.data / "logs" / f"{WORKER}.log"
        while not self._end.wait(LOOK):
            for line in self._new_lines(log):
                self._hear(line)
            video_id = self._working_on.partition("~")[0]
            if (victim := self.victims.get(video_id)) is not None and self._kill(victim):
                self.kills.append(self._working_on)
                self._working_on = ""

    def end(self) -> None:
        """No more of it."""
        self._end.set()

    def _new_lines(self, log: Path) -> list[str]:
        with log.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.decode().splitlines()

    def _hear(self, line: str) -> None:
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if told["event"] == "job begun":
                self._working_on = told["job"]
            elif told["event"] in {"job done", "job failed", "job fenced"}:
                self._working_on = ""

    def _kill(self, victim: Victim) -> bool:
        """Whether there was somebody to kill."""
        try:
            worker = psutil.Process(self._worker())
            found = [worker] if victim == "worker" else worker.children()
            for process in found:
                os.kill(process.pid, signal.SIGKILL)
        except (psutil.NoSuchProcess, ProcessLookupError):
            return False
        return bool(found)

    def _worker(self) -> int:
        """From the supervisor's own record: the command that reads it would come too late."""
        told = json.loads((self.stack.data / "run" / "stack.json").read_text(encoding="utf-8"))
        return next(part["pid"] for part in told["parts"] if part["name"] == WORKER)


@contextmanager
def poison(stack: Stack) -> Generator[Poison]:
    """Poison for the length of the block."""
    made = Poison(stack)
    watching = threading.Thread(target=made.watch, name="poison")
    watching.start()
    try:
        yield made
    finally:
        made.end()
        watching.join()


@dataclass(frozen=True, slots=True)
class Letter:
    """A job that was given up."""

    job: TranscodeJob
    attempts: int
    reason: str


def dead_letters(stack: Stack) -> list[Letter]:
    """Every job of the stream of dead letters, the oldest first."""
    return asyncio.run(_dead_letters(load_settings(stack.data / "run" / "config.toml").bus.url))


async def _dead_letters(url: str) -> list[Letter]:
    client: Client = await nats.connect(url)
    try:
        js = client.jetstream()
        state = (await js.stream_info(DEAD_STREAM)).state
        found: list[Letter] = []
        for number in range(state.first_seq, state.last_seq + 1):
            with contextlib.suppress(NotFoundError):
                message = await js.get_msg(DEAD_STREAM, number)
                headers = message.headers or {}
                job = TranscodeJob.FromString(message.data or b"")
                found.append(Letter(job, int(headers[ATTEMPTS_HEADER]), headers[REASON_HEADER]))
        return found
    finally:
        await client.close()
