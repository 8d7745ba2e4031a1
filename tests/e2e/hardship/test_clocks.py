"""Clocks are wrong, and are set while everything runs: of all programmes together, and of one alone.

The edge, the bus and the object store keep the right time throughout.

Invariants: every call is answered in its time, never by INTERNAL; what was acknowledged is there; ten minutes are borne
by everything; whoever is an hour away from the others may be refused, and costs nobody an attempt: when the clocks
are right, each upload is one processed video.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.chaos.clips import clip
from tests.e2e.faults.asking import Asker, asking_person
from tests.e2e.faults.journeys import Journey, being_processed, being_sent
from tests.e2e.faults.leftovers import nothing_left_over
from tests.e2e.hardship.clocks import PROGRAMS, Clocks
from tests.e2e.people import Person
from tests.e2e.playing import plays
from tests.e2e.stacks import Stack, end, start
from tests.e2e.uploading import upload

MINUTES, HOUR = 600.0, 3600.0
A_WHILE = 2.5
"""Seconds in which every call of the asker is made once or more."""
PROCESSING = ("svc_transcode", "svc_transcode.worker")

CONFIGURATION = """\
# The table [transcode] goes on.
sweep_every = 3
leftovers_after = 3
[identity]
# People renew their sign-in when they are told to; these do not.
access_token_lifetime = 86400
"""

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


@dataclass(frozen=True, slots=True)
class Place:
    """A stack with clocks to set, and a public video on it."""

    stack: Stack
    clocks: Clocks
    clip: Path
    owner: Person
    video_id: str
    segments: int

    def still_plays(self) -> None:
        """To the last segment."""
        assert plays(self.owner, self.video_id) == self.segments


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("clocks")
    clocks = Clocks(folder / "ahead")
    clocks.folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in clocks.environment.items():
            patch.setenv(name, value)
        try:
            stack = start(folder / "data", configuration=CONFIGURATION)
            with asking_person(stack) as owner:
                file = clip(folder / "clip.mp4")
                video_id = upload(owner, file)
                owner.publish(video_id, "PUBLIC")
                yield Place(stack, clocks, file, owner, video_id, plays(owner, video_id))
        finally:
            end(folder / "data")


@contextmanager
def all_goes_on(place: Place) -> Generator[list[Journey]]:
    """Clocks are set in the block, which adds the uploads that are under way then."""
    asker, journeys = Asker(place.owner, place.video_id), list[Journey]()
    asker.begin()
    try:
        yield journeys
        time.sleep(A_WHILE)
    finally:
        asker.end()
    for journey in journeys:
        journey.wait_processed(90)
    asker.check()
    place.still_plays()
    nothing_left_over(place.stack, journeys, 30)
    assert [part["name"] for part in place.stack.status()["parts"] if part["restarts"]] == []


def test_nobody_notices_that_all_clocks_are_put_ten_minutes_ahead_and_back(place: Place) -> None:
    with all_goes_on(place) as journeys:
        journeys += [being_sent(place.owner, place.clip), being_processed(place.owner, place.clip)]
        with place.clocks.ahead(MINUTES, *PROGRAMS):
            time.sleep(A_WHILE)
            place.still_plays()
            journeys[0].finish_sending(30)
            journeys += [being_sent(place.owner, place.clip), being_processed(place.owner, place.clip)]
        journeys[2].finish_sending(30)
        with place.clocks.ahead(-MINUTES, *PROGRAMS):
            time.sleep(A_WHILE)
            place.still_plays()


def test_all_goes_on_when_a_clock_that_was_an_hour_ahead_and_ten_minutes_behind_is_right_again(place: Place) -> None:
    with all_goes_on(place) as journeys:
        for program in PROGRAMS:
            if program in PROCESSING:
                journeys.append(being_processed(place.owner, place.clip))
            with place.clocks.ahead(HOUR, program):
                time.sleep(A_WHILE)
            with place.clocks.ahead(-MINUTES, program):
                time.sleep(A_WHILE / 2)
                place.still_plays()
