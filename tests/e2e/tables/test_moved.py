"""From SQLite to Cassandra and back, as docs/operations.md tells: export, import, and the stack goes on where it was.

Invariants: videos that were made before play on the other engine, with the same segments; people sign in; what was
unfinished is finished there; and every row that was exported is found, both ways.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mesh.testing.cassandra import VARIABLE as CASSANDRA
from tests.e2e.people import CLIP, signed_in, somebody
from tests.e2e.playing import plays
from tests.e2e.stacks import StartStack, keyspaces, tables_on, vidmesh
from tests.e2e.uploading import begin, send, upload, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.cassandra("the target is a Cassandra")]

SQLITE = '\n[tables]\nurl = "sqlite://{data}/tables/{service}.db"\n'


def moved(data: Path, dumps: Path, target: str) -> None:
    """Exports what the stopped stack on `data` has, and imports it."""
    done = vidmesh("export", "--data", str(data), "--to", str(dumps), "--json")
    assert done.returncode == 0, done.stderr
    for words in ((), ("--verify",)):
        done = vidmesh("import", "--from", str(dumps), "--to", target, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("are the same") == len(list(dumps.glob("*.dump"))) > 0


@pytest.mark.timeout(300)
def test_a_stack_moves_to_cassandra_and_back(start_stack: StartStack, tmp_path: Path) -> None:
    data, host = tmp_path / "data", os.environ[CASSANDRA]
    stack = start_stack(data, configuration=SQLITE)
    person = somebody(stack)
    finished = upload(person, title="Finished")
    person.publish(finished, "PUBLIC")
    segments = plays(person, finished)
    unfinished = begin(person, title="Unfinished")
    person.edge.close()
    stack.stop()

    moved(data, tmp_path / "dumps", keyspaces(data, host))
    stack = start_stack(data, configuration=tables_on(data, host))
    person = signed_in(stack, person)
    assert plays(person, finished) == segments
    send(person, CLIP, unfinished["upload"])
    person.post(f"/v1/uploads/{unfinished['upload']['upload_id']}:complete", {}).raise_for_status()
    wait_for(person, unfinished["video"]["video_id"], "PROCESSED")
    person.edge.close()
    stack.stop()

    back = tmp_path / "back"
    moved(data, tmp_path / "dumps-back", f"sqlite://{back}/{{service}}.db")
    stack = start_stack(data, configuration=f'\n[tables]\nurl = "sqlite://{back}/{{service}}.db"\n')
    person = signed_in(stack, person)
    for video in (finished, unfinished["video"]["video_id"]):
        assert plays(person, video) == segments
    person.edge.close()
