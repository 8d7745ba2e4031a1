"""A whole run: the programme, its kills, and the invariants of test_chaos.py."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mesh.bus.connection import EVENT_ACK_WAIT
from mesh.config import load_settings
from tests.e2e.chaos import clips
from tests.e2e.chaos.afterlife import Terms
from tests.e2e.chaos.checking import check_answers
from tests.e2e.chaos.facts import Facts, check_facts
from tests.e2e.chaos.killing import Killer, Victim
from tests.e2e.chaos.programme import Plan, live
from tests.e2e.chaos.rows import check_rows
from tests.e2e.chaos.stored import check_objects
from tests.e2e.chaos.told import DECK, Account
from tests.e2e.chaos.victims import Clients, victims_of
from tests.e2e.stacks import Stack

TERMS = Terms(expire_after=30, purge_deleted_after=8)

CONFIGURATION = f"""\
# The table [transcode] goes on.
# More than one job can meet of kills that are aimed at it.
max_attempts = 25
sweep_every = 3
# Longer than a worker goes without hearing that its video is gone.
leftovers_after = 12
replaced_after = 12

[upload]
expire_after = {TERMS.expire_after}
purge_deleted_after = {TERMS.purge_deleted_after}
url_lifetime = 10
clock_skew = 6

[identity]
# Longer than the longest run, so that nobody has to renew a sign-in.
access_token_lifetime = 86400
"""
"""What a stack needs for a run, beside its own."""

CALM = EVENT_ACK_WAIT.total_seconds() + 18.0
"""Seconds in which, by `leftovers_after` and two of `sweep_every`, nothing is left to look after, also where an event
was delivered again because its acknowledgement was lost.
"""
INCIDENT = "incident"
"""In the log entry of every INTERNAL answer, calls between services included."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a run."""

    people: int
    uploads: int
    kills: int
    settle: float
    """Seconds after the programme in which something must come to its end, until all has."""
    pause: tuple[float, float] = (0.3, 2.0)
    """Seconds between two kills, least and most."""


def chaos(stack: Stack, folder: Path, size: Size, others: Mapping[str, Victim] | None = None) -> None:
    """The programme, its kills, and the invariants; the stack is stopped then. `others` are killed like its parts."""
    seed = int(os.environ.get("CHAOS_SEED", random.SystemRandom().getrandbits(32)))
    say: Callable[[str], None] = print
    say(f"CHAOS_SEED={seed}")
    dice = random.Random(seed)
    clients = Clients()
    victims = {**victims_of(stack, clients, random.Random(dice.random())), **(others or {})}
    killer = Killer(victims, random.Random(dice.random()), size.kills, size.pause, say)
    plans = _plans(folder, size, dice)
    begun = time.monotonic()
    with ThreadPoolExecutor(size.people + 1) as pool:
        killing = pool.submit(killer.run)
        lives = [pool.submit(live, stack.edge_url, clients, plan) for plan in plans]
        accounts = [one.result() for one in lives]
        killing.result()
    ends = Counter(f"{told.fate} ({told.ended})" for account in accounts for told in account.uploads)
    say(f"{time.monotonic() - begun:6.2f} s: the programme is over; killed {dict(killer.killed)}; {dict(ends)}")
    facts = asyncio.run(_settled(stack, accounts, size.settle))
    say(f"{time.monotonic() - begun:6.2f} s: nothing is lost, doubled, stuck or left over; every fact was told once")
    stack.stop()
    asyncio.run(check_rows(load_settings(_configuration(stack)), accounts, facts))
    incidents = [line for log in sorted((stack.data / "logs").iterdir()) for line in _incidents(log)]
    assert not incidents, incidents
    say(f"{time.monotonic() - begun:6.2f} s: everything holds")


def _plans(folder: Path, size: Size, dice: random.Random) -> list[Plan]:
    # Of the longer one the sound is made in pieces, and then anew at the loudness that all have.
    files = (clips.clip(folder / "a.mp4"), clips.clip(folder / "b.mp4", 9.2), clips.text(folder / "c.mp4"))
    fates = list(itertools.islice(itertools.cycle(DECK), size.uploads))
    dice.shuffle(fates)
    hands = [tuple(fates[person :: size.people]) for person in range(size.people)]
    return [Plan(random.Random(dice.random()), hand, files, folder, TERMS) for hand in hands]


async def _settled(stack: Stack, accounts: Sequence[Account], settle: float) -> Facts:
    settings = load_settings(_configuration(stack))
    named = await asyncio.to_thread(check_answers, stack, accounts, settle)
    await check_objects(settings, named, time.monotonic() + settle)
    facts = await check_facts(settings, accounts)
    await asyncio.sleep(CALM)
    return facts


def _configuration(stack: Stack) -> Path:
    return stack.data / "run" / "config.toml"


def _incidents(log: Path) -> list[str]:
    return [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if INCIDENT in line]
