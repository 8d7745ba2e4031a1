"""SIGKILL for everything, at moments and in an order that a seed gives."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.stacks import Stack

CLIENT = "client"
"""A client's own upload process, among the names of parts."""


@dataclass(slots=True)
class Clients:
    """The upload processes that run."""

    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, words: list[str]) -> tuple[int, str]:
        """A process to its end: how it ended, and what it said on stderr."""
        with self._lock:
            process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
            self._running.add(process)
        try:
            _, err = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
                process.kill()
        return process.returncode, err

    def kill_one(self, rng: random.Random) -> bool:
        """Ends one; False where none runs."""
        with self._lock:
            running = sorted((p for p in self._running if p.poll() is None), key=lambda p: p.pid)
            if not running:
                return False
            rng.choice(running).kill()
            return True


@dataclass(slots=True)
class Killer:
    """Kills until it has killed `kills` times."""

    stack: Stack
    clients: Clients
    rng: random.Random
    kills: int
    pause: tuple[float, float]
    """Seconds between two kills: least and most."""
    say: Callable[[str], None]
    killed: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        begun, waiting = time.monotonic(), list[str]()
        while self.killed.total() < self.kills:
            time.sleep(self.rng.uniform(*self.pause))
            if not waiting:
                # Rounds: everything is killed once before anything is killed again.
                waiting = [*(part["name"] for part in self._parts()), CLIENT, CLIENT]
                self.rng.shuffle(waiting)
            name = waiting.pop()
            if self._kill(name):
                self.killed[name] += 1
                self.say(f"{time.monotonic() - begun:6.2f} s: killed {name}")

    def _kill(self, name: str) -> bool:
        if name == CLIENT:
            return self.clients.kill_one(self.rng)
        pid = next(part["pid"] for part in self._parts() if part["name"] == name)
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _parts(self) -> list[dict[str, Any]]:
        return json.loads((self.stack.data / "run" / "stack.json").read_text(encoding="utf-8"))["parts"]
