"""A real stack that gives little to a file, with a worker of one slot."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack, start, vidmesh
from tests.security.input.files import Canary

LITTLE: Final = """
max_attempts = 2
job_timeout = 40
child_memory_bytes = 1610612736
max_duration = 3600
[upload]
purge_deleted_after = 2
[identity]
# Whoever uploads all of these stays signed in, however long that takes.
access_token_lifetime = 86400
"""
"""Goes on in [transcode]."""


@pytest.fixture(scope="session")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data = tmp_path_factory.mktemp("input") / "data"
    try:
        yield start(data, configuration=LITTLE)
    finally:
        vidmesh("down", "--data", str(data))


@pytest.fixture(scope="session")
def creator(small_stack: Stack) -> Iterator[Person]:
    person = somebody(small_stack)
    yield person
    person.edge.close()


class Heard(list[str]):
    """What was asked of the canary's address."""


@pytest.fixture(scope="session")
def heard() -> Heard:
    return Heard()


@pytest.fixture(scope="session")
def canary(heard: Heard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canary]:
    """An address that writes down who asks, and a file that can be told by its looks."""

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815  # the name that the base class looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base class
            """Nothing."""

    file = tmp_path_factory.mktemp("canary") / "canary.mp4"
    file.write_bytes((Path(__file__).parents[2] / "media/bigbuckbunny.mp4").read_bytes())
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Canary(f"http://127.0.0.1:{server.server_port}/canary.ts", str(file))
        server.shutdown()
        thread.join()
