"""The invariants of test_chaos.py, where what dies with everything else is the Cassandra that holds all tables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mesh.testing.cassandra import KeptCassandra
from tests.e2e.chaos.killing import Victim
from tests.e2e.chaos.running import CONFIGURATION, Size, chaos
from tests.e2e.stacks import Stack, StartStack, tables_on

pytestmark = [pytest.mark.stack, pytest.mark.cassandra("Cassandra is among what is killed")]


@pytest.fixture
def stack(mortal: KeptCassandra, start_stack: StartStack, tmp_path: Path) -> Stack:
    """A stack whose tables are on a Cassandra that a keeper brings back."""
    mortal.start()
    mortal.wait_restarted()
    data = tmp_path / "data"
    return start_stack(data, configuration=CONFIGURATION + tables_on(data, mortal.host))


def with_cassandra(stack: Stack, mortal: KeptCassandra, folder: Path, size: Size) -> None:
    chaos(stack, folder, size, {"cassandra": Victim(mortal.kill, lambda: mortal.ready, weight=2)})
    assert mortal.restarts > 0, "it was never killed"


@pytest.mark.timeout(300)
def test_nothing_is_lost_doubled_stuck_or_left_over_when_cassandra_dies_too(
    stack: Stack, mortal: KeptCassandra, tmp_path: Path
) -> None:
    with_cassandra(stack, mortal, tmp_path, Size(people=4, uploads=8, kills=18, settle=90))


@pytest.mark.soak
def test_two_hundred_uploads_outlive_a_kill_each_with_cassandra(
    stack: Stack, mortal: KeptCassandra, tmp_path: Path
) -> None:
    uploads = int(os.environ.get("CHAOS_UPLOADS", "200"))
    with_cassandra(stack, mortal, tmp_path, Size(people=8, uploads=uploads, kills=uploads, settle=300))
