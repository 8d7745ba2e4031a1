"""Where scenes happen: a stack behind relays, and a video that can be watched on it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.chaos.clips import clip
from tests.e2e.faults.asking import asking_person
from tests.e2e.faults.net import EDGE, TABLES, Net
from tests.e2e.people import Person
from tests.e2e.stacks import Stack, end, start, tables_on
from tests.e2e.uploading import upload

CONFIGURATION = """\
# The table [transcode] goes on.
sweep_every = 3
leftovers_after = 3
replaced_after = 3
[identity]
# Longer than the longest run, so that nobody has to renew a sign-in.
access_token_lifetime = 86400
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A stack whose parts reach each other through relays alone."""

    net: Net
    stack: Stack
    clip: Path
    """A small file of several parts."""
    owner: Person
    video_id: str
    """Theirs; it is processed and public."""


@contextmanager
def place(folder: Path, tables: int | None = None) -> Generator[Place]:
    """Starts everything, and ends it. With tables on the Cassandra of this port, behind a relay too."""
    net = Net({} if tables is None else {TABLES: tables})
    data = folder / "data"
    configuration = CONFIGURATION + net.configuration
    if tables is not None:
        configuration += tables_on(data, net.reached(TABLES))
    net.open(data)
    try:
        stack = start(data, configuration=configuration)
        net.lead_to_edge(stack.part(EDGE)["port"])
        file = clip(folder / "clip.mp4")
        with asking_person(stack) as owner:
            video_id = upload(owner, file)
            owner.publish(video_id, "PUBLIC")
            yield Place(net, stack, file, owner, video_id)
    finally:
        end(data)
        net.close()
