"""When to try again, and how long to wait before."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import grpc

from vidmesh.client.errors import VidmeshError

LONGEST_WAIT: Final = 30.0
"""Seconds; who must wait longer than this is told so instead."""

TRANSIENT: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
"""Codes that may pass by themselves, whatever the reason."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double, half of each by chance, so that many clients do not come back at the same moment.

    As shipped, an installation may be away for about 15 s (a service being restarted) before a call fails.
    """

    attempts: int = 9
    first: float = 0.2
    """Seconds."""
    most: float = 5.0
    """Seconds."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row, from 1."""
        whole = min(self.most, self.first * 2 ** min(failures - 1, 30))
        return whole * (0.5 + random.random() / 2)  # noqa: S311 (spreads load; nobody gains by guessing it)


def wait_before_repeat(error: VidmeshError, failures: int, backoff: Backoff) -> float | None:
    """Seconds to wait before an idempotent call is made again; None where it shall not be."""
    if failures >= backoff.attempts:
        return None
    if error.retry_after is not None:
        asked = max(error.retry_after, backoff.delay(failures))
        return asked if error.retry_after <= LONGEST_WAIT else None
    return backoff.delay(failures) if error.code in TRANSIENT else None
