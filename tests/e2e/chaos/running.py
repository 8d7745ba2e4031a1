"""A whole run: the programme, its kills, and the invariants of test_chaos.py."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.chaos import checking, clips
from tests.e2e.chaos.killing import Killer, Victim
from tests.e2e.chaos.programme import Plan, live
from tests.e2e.chaos.victims import Clients, victims_of
from tests.e2e.stacks import Stack

CONFIGURATION = """\
# The table [transcode] goes on.
# More than one job can meet of kills that are aimed at it.
max_attempts = 25
sweep_every = 3
leftovers_after = 3

[identity]
# Longer than the longest run, so that nobody has to renew a sign-in.
access_token_lifetime = 86400
"""
"""What a stack needs for a run, beside its own."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a run."""

    people: int
    uploads: int
    kills: int
    settle: float
    """Seconds after the programme until nothing moves any more."""


def chaos(stack: Stack, folder: Path, size: Size, others: Mapping[str, Victim] | None = None) -> None:
    """The programme, its kills, and the invariants. `others` are killed like the stack's own parts."""
    seed = int(os.environ.get("CHAOS_SEED", random.SystemRandom().getrandbits(32)))
    say: Callable[[str], None] = print
    say(f"CHAOS_SEED={seed}")
    dice = random.Random(seed)
    files = (clips.clip(folder / "a.mp4"), clips.clip(folder / "b.mp4", 3.2), clips.text(folder / "c.mp4"))
    clients = Clients()
    victims = {**victims_of(stack, clients, random.Random(dice.random())), **(others or {})}
    killer = Killer(victims, random.Random(dice.random()), size.kills, (0.3, 2.0), say)
    plans = [Plan(random.Random(dice.random()), size.uploads // size.people, files, folder) for _ in range(size.people)]
    begun = time.monotonic()
    with ThreadPoolExecutor(size.people + 1) as pool:
        killing = pool.submit(killer.run)
        lives = [pool.submit(live, stack.edge_url, clients, plan) for plan in plans]
        accounts = [one.result() for one in lives]
        killing.result()
    say(f"{time.monotonic() - begun:6.2f} s: the programme is over; killed {dict(killer.killed)}")
    asyncio.run(checking.check(stack, accounts, size.settle, say))
    say(f"{time.monotonic() - begun:6.2f} s: everything holds")
