"""A scene: one upload is being sent, one is being processed, somebody keeps calling. Then something happens."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.e2e.faults.asking import Asker, asking_person
from tests.e2e.faults.journeys import Journey, being_processed, being_sent
from tests.e2e.faults.leftovers import nothing_left_over
from tests.e2e.faults.net import EDGE, Net
from tests.e2e.faults.place import Place
from tests.e2e.stacks import Stack

SENT_WITHIN = 60.0
"""Seconds after the end of a fault in which an upload that was under way has been sent."""
SETTLED_WITHIN = 90.0
"""Seconds from then in which everything was processed, and swept."""


@dataclass(slots=True)
class Scene:
    """What is under way."""

    place: Place
    asker: Asker
    journeys: tuple[Journey, ...]
    sending: Future[None]

    @property
    def net(self) -> Net:
        return self.place.net

    @property
    def stack(self) -> Stack:
        return self.place.stack


@contextmanager
def under_way(place: Place, fault_seconds: float, still: Collection[str] = ()) -> Generator[Scene]:
    """The fault, which takes this long, happens in the block; afterwards all goes on by itself, and nothing is lost.

    `still` are parts that are made to stand still in the block. An edge that stands still can answer nobody; then
    answers may take as much longer.
    """
    restarts = _restarts(place.stack)
    asker = Asker(place.owner, place.video_id, extra=fault_seconds if EDGE in still else 0)
    with asking_person(place.stack) as sender, asking_person(place.stack) as other, ThreadPoolExecutor(1) as pool:
        sent, processed = being_sent(sender, place.clip), being_processed(other)
        asker.begin()
        sending = pool.submit(sent.finish_sending, fault_seconds + SENT_WITHIN)
        try:
            yield Scene(place, asker, (sent, processed), sending)
            healed = time.monotonic()
            sending.result()
        finally:
            asker.end()
        for journey in (sent, processed):
            journey.wait_processed(SETTLED_WITHIN - (time.monotonic() - healed))
        print(f"all was processed {time.monotonic() - healed:.1f} s after the fault")
        asker.check()
        nothing_left_over(place.stack, (sent, processed), 30)
        assert _restarts(place.stack) == restarts, "a part did not outlive it"


def _restarts(stack: Stack) -> dict[str, int]:
    return {part["name"]: part["restarts"] for part in stack.status()["parts"]}
