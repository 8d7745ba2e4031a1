"""SIGKILL for everything, at moments and in an order that a seed gives."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

TOGETHER = 0.15
"""Share of the kills that are two at once."""
BACK_WITHIN = 90.0
"""Seconds after the last kill of a round until everything that was killed must be back by itself."""
BREATH = 10.0
"""Seconds between two rounds in which nothing dies, and everybody has found everybody again. On a machine where parts
start more slowly than they are killed nobody would be served for minutes, which says nothing about who is killed.
"""


@dataclass(frozen=True, slots=True)
class Victim:
    """Something that can be killed, and comes back by itself."""

    kill: Callable[[], bool]
    """Ends it by SIGKILL; False where there is nothing to end at this moment."""
    ready: Callable[[], bool] = lambda: True
    """Whether it does its work. Nobody waits for it within a round: what is starting, or needs what is, may die too."""
    weight: int = 1
    """How often it dies in a round."""


@dataclass(slots=True)
class Killer:
    """Kills until it has killed `kills` times, in rounds.

    In a round everything dies as often as it weighs, and after each everything comes back.
    """

    victims: Mapping[str, Victim]
    rng: random.Random
    kills: int
    pause: tuple[float, float]
    """Seconds between two kills: least and most."""
    say: Callable[[str], None]
    killed: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Returns when every victim is ready again after the last kill.

        Raises AssertionError where one is not in time, then or between two rounds.
        """
        begun, waiting, missed = time.monotonic(), list[str](), 0
        while self.killed.total() < self.kills:
            time.sleep(self.rng.uniform(*self.pause))
            died: list[str] = []
            for _ in range(2 if self.rng.random() < TOGETHER else 1):
                if missed >= len(waiting):
                    if self.killed:
                        self._wait_until_ready()
                        time.sleep(BREATH)
                    waiting = [name for name, victim in sorted(self.victims.items()) for _ in range(victim.weight)]
                    self.rng.shuffle(waiting)
                    missed = 0
                name = waiting.pop()
                if self.victims[name].kill():
                    died.append(name)
                    missed = 0
                else:
                    # Later in this round, if it is there then.
                    waiting.insert(0, name)
                    missed += 1
            if died:
                self.killed.update(died)
                self.say(f"{time.monotonic() - begun:6.2f} s: killed {' and '.join(died)}")
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + BACK_WITHIN
        while away := [name for name, victim in self.victims.items() if not victim.ready()]:
            assert time.monotonic() < give_up, f"{away} did not come back"
            time.sleep(0.2)


def sigkill(pid: int) -> bool:
    """Ends a process; False where it had ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
