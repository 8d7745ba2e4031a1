"""Cassandra is not there yet, stands still, or cannot be reached: calls end in time, and all goes on by itself.

What `under_way` promises holds here too: each call is answered within its own limit, none by INTERNAL; what was
acknowledged is there; uploads that were under way become one video each; no part is started again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from mesh.testing.cassandra import KeptCassandra
from tests.e2e.faults.asking import AWAY
from tests.e2e.faults.net import TABLES
from tests.e2e.faults.place import Place, place
from tests.e2e.faults.scenes import Scene, under_way
from tests.e2e.faults.weather import Weather

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.cassandra("Cassandra is what is away"),
]

LATE = 10.0
"""Seconds after the stack was told to start, when services have long asked for their tables."""
SECONDS = 8.0


@pytest.fixture(scope="module")
def behind(mortal: KeptCassandra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A stack that was told to start before there was a Cassandra, which is reached through a relay."""
    late = threading.Timer(LATE, mortal.start)
    late.start()
    with place(tmp_path_factory.mktemp("behind"), tables=mortal.port) as made:
        late.join()
        yield made


@contextmanager
def all_goes_on(behind: Place, seconds: float) -> Generator[Scene]:
    """As `under_way`; and whoever is refused is told when to try again."""
    with under_way(behind, seconds) as scene:
        yield scene
    refused = [answer for answer in scene.asker.answers if answer.status in AWAY]
    assert refused or any(answer.seconds > seconds / 2 for answer in scene.asker.answers), "nobody noticed"
    assert [answer for answer in refused if "RetryInfo" not in answer.text] == []


def test_services_that_start_before_their_tables_wait_for_them(behind: Place) -> None:
    parts = behind.stack.status()["parts"]
    assert {part["state"] for part in parts} == {"ready"}
    assert [part["name"] for part in parts if part["restarts"]] == []
    log = (behind.stack.data / "logs" / "svc_social.log").read_text(encoding="utf-8")
    assert "waiting for the tables" in log


def test_all_goes_on_after_cassandra_stood_still(behind: Place, mortal: KeptCassandra) -> None:
    with all_goes_on(behind, SECONDS), mortal.paused():
        time.sleep(SECONDS)


def test_all_goes_on_after_connections_to_cassandra_were_cut_and_fell_silent(behind: Place) -> None:
    """None of those that fell silent ever says anything again."""
    with all_goes_on(behind, 1 + SECONDS) as scene:
        assert scene.net.cut(TABLES) > 0
        time.sleep(1)
        with scene.net.weather(Weather(silent=True), TABLES):
            time.sleep(SECONDS)


@pytest.mark.soak
def test_all_goes_on_after_cassandra_stood_still_for_a_minute(behind: Place, mortal: KeptCassandra) -> None:
    with all_goes_on(behind, 60), mortal.paused():
        time.sleep(60)


@pytest.mark.soak
def test_all_goes_on_after_cassandra_could_not_be_reached_for_a_minute(behind: Place) -> None:
    with all_goes_on(behind, 60) as scene, scene.net.weather(Weather(refused=True), TABLES):
        time.sleep(60)
