"""Everything dies by SIGKILL while people sign up, upload, edit and publish; the supervisor brings it back.

Afterwards, whatever the seed:

1.  Whoever was told to be signed up can sign in.
2.  A part that was confirmed is listed, and the object is there with its bytes.
3.  An upload that was completed is COMPLETED, one that was aborted is not listed any more.
4.  A repeated request made nothing twice: a channel lists one video for each upload, and no other.
5.  Titles and visibilities are those that were acknowledged last.
6.  No video is stuck: each is PROCESSED, or FAILED where the file is no video. Both services say the same.
7.  Each rendition has one VideoFile; its size is that of the objects which its playlist names.
8.  Generations of manifests count from 1 without a gap, and none exists twice.
9.  No object is left in either bucket that nothing names.
10. No call was answered by INTERNAL at any moment, and none was stuck for longer than 90 s.

The seed is printed; CHAOS_SEED=n gives it, and CHAOS_UPLOADS=n the length of the long run. What is seeded is what
people do, and which parts die when; not what the machine does in between.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.chaos import checking, clips
from tests.e2e.chaos.killing import Clients, Killer
from tests.e2e.chaos.programme import Plan, live
from tests.e2e.stacks import Stack, StartStack

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

pytestmark = pytest.mark.stack


def chaos(stack: Stack, folder: Path, people: int, uploads: int, kills: int, settle: float) -> None:
    """The programme, its kills, and the invariants."""
    seed = int(os.environ.get("CHAOS_SEED", random.SystemRandom().getrandbits(32)))
    say: Callable[[str], None] = print
    say(f"CHAOS_SEED={seed}")
    dice = random.Random(seed)
    files = (clips.clip(folder / "a.mp4"), clips.clip(folder / "b.mp4", 3.2), clips.text(folder / "c.mp4"))
    clients = Clients()
    killer = Killer(stack, clients, random.Random(dice.random()), kills, (0.3, 2.0), say)
    plans = [Plan(random.Random(dice.random()), uploads // people, files, folder) for _ in range(people)]
    begun = time.monotonic()
    with ThreadPoolExecutor(people + 1) as pool:
        killing = pool.submit(killer.run)
        lives = [pool.submit(live, stack.edge_url, clients, plan) for plan in plans]
        accounts = [one.result() for one in lives]
        killing.result()
    say(f"{time.monotonic() - begun:6.2f} s: the programme is over; killed {dict(killer.killed)}")
    asyncio.run(checking.check(stack, accounts, settle, say))
    say(f"{time.monotonic() - begun:6.2f} s: everything holds")


@pytest.mark.timeout(240)
def test_nothing_is_lost_doubled_stuck_or_left_over_when_everything_dies(
    start_stack: StartStack, tmp_path: Path
) -> None:
    chaos(start_stack(configuration=CONFIGURATION), tmp_path, people=4, uploads=8, kills=14, settle=75)


@pytest.mark.soak
def test_two_hundred_uploads_outlive_a_kill_each(start_stack: StartStack, tmp_path: Path) -> None:
    uploads = int(os.environ.get("CHAOS_UPLOADS", "200"))
    chaos(start_stack(configuration=CONFIGURATION), tmp_path, people=8, uploads=uploads, kills=uploads, settle=300)
