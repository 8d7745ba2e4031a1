"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 240.0
"""Seconds: for machines that do much else at the same time."""


def eventually(condition: Callable[[], Any]) -> Any:
    """The first true answer. Raises TimeoutError."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if found := condition():
            return found
        time.sleep(0.5)
    raise TimeoutError
