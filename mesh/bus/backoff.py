"""How long to wait before a message that failed is handed out again."""

from __future__ import annotations

import random
from datetime import timedelta

from mesh.bus.model import Backoff


def wait_after(failures: int, backoff: Backoff, spread: float | None = None) -> timedelta:
    """The wait after this many failures (from 1): doubling, at most `most`, shortened by up to a half.

    `spread` in [0, 1) stands in for chance.
    """
    chance = random.random() if spread is None else spread  # noqa: S311 (spreads load, guards nothing)
    doubled = backoff.first * 2 ** min(failures - 1, 40) if failures > 0 else timedelta(0)
    return min(doubled, backoff.most) * (1 - chance / 2)
