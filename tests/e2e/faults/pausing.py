"""Parts that stand still: alive, and without an answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager

import psutil

from tests.e2e.stacks import Stack


@contextmanager
def paused(stack: Stack, *parts: str) -> Generator[None]:
    """These parts, and what they have started, stand still while the block runs."""
    pids = [pid for part in parts for pid in _family(stack.part(part)["pid"])]
    for pid in pids:
        _send(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            _send(pid, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        # A media child that came to its end in between.
        return
