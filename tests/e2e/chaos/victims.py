"""What there is to kill of a stack: its parts, the clients of the programme, and the media children of its workers."""

from __future__ import annotations

import json
import random
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psutil

from tests.e2e.chaos.killing import Victim, sigkill
from tests.e2e.stacks import Stack

CLIENT = "client"
"""A client's own upload process."""
MEDIA_CHILD = "media child"
"""A process in which a worker decodes and encodes, alone."""
CHILD_MODULE = "svc_transcode.media.child"


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


def victims_of(stack: Stack, clients: Clients, rng: random.Random) -> Mapping[str, Victim]:
    """Every part that the stack supervises, clients and media children."""
    parts = {
        part["name"]: Victim(partial(_kill_part, stack, part["name"]), partial(_is_ready, stack, part["name"]))
        for part in _parts(stack)
    }
    return parts | {
        CLIENT: Victim(lambda: clients.kill_one(rng), weight=2),
        MEDIA_CHILD: Victim(lambda: _kill_media_child(stack, rng), weight=2),
    }


def _parts(stack: Stack) -> list[dict[str, Any]]:
    return json.loads((stack.data / "run" / "stack.json").read_text(encoding="utf-8"))["parts"]


def _part(stack: Stack, name: str) -> dict[str, Any]:
    return next(part for part in _parts(stack) if part["name"] == name)


def _kill_part(stack: Stack, name: str) -> bool:
    pid = _part(stack, name)["pid"]
    return bool(pid) and sigkill(pid)


def _is_ready(stack: Stack, name: str) -> bool:
    return _part(stack, name)["state"] == "ready"


def _kill_media_child(stack: Stack, rng: random.Random) -> bool:
    found: list[int] = []
    for part in _parts(stack):
        if part["name"].startswith("worker") and part["pid"]:
            found += _media_children(part["pid"])
    return bool(found) and sigkill(rng.choice(sorted(found)))


def _media_children(worker: int) -> list[int]:
    found: list[int] = []
    try:
        for child in psutil.Process(worker).children():
            try:
                if CHILD_MODULE in child.cmdline():
                    found.append(child.pid)
            except psutil.Error:
                # It came to its end in between.
                continue
    except psutil.Error:
        return found
    return found
