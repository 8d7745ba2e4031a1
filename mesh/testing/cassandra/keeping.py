"""A Cassandra that is started again whenever it dies, as an init system would.

with kept_cassandra(tmp_path) as cassandra:
    …cassandra.host…
    cassandra.kill()             # it comes back by itself, on the same port and data
    cassandra.wait_restarted(1)
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mesh.testing.cassandra.server import CassandraServer, prepared_server
from mesh.testing.servers import ServerError

_LOOK_SECONDS = 0.1


class KeptCassandra:
    """A server and the thread that keeps it running. It begins with `start`."""

    def __init__(self, server: CassandraServer) -> None:
        self.host = server.host
        """Host and port, as a `cql://` URL has them."""
        self.port = server.port
        self._server = server
        self._change = threading.Condition()
        self._starts = 0
        self._answers = False
        self._ended = False
        self._failure: ServerError | None = None
        # The server dies with the thread that started it, so one thread does it every time.
        self._keeper = threading.Thread(target=self._keep, name="cassandra-keeper", daemon=True)

    @property
    def restarts(self) -> int:
        """How often it has died and was ready again."""
        return max(self._starts - 1, 0)

    @property
    def ready(self) -> bool:
        """Whether it answers, as far as the keeper knows."""
        return self._answers

    def start(self) -> None:
        """Begin to keep it; returns at once."""
        self._keeper.start()

    def kill(self) -> bool:
        """SIGKILL; False where it is not ready just now, and is left to become so."""
        with self._change:
            if not self._answers:
                return False
            self._answers = False
            self._signal(signal.SIGKILL)
            return True

    @contextmanager
    def paused(self) -> Generator[None]:
        """It stands still while the block runs: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def wait_restarted(self, restarts: int = 0, seconds: float = CassandraServer.start_seconds) -> None:
        """Return when it is ready and was restarted so often. Raises ServerError."""
        with self._change:
            self._change.wait_for(lambda: self._failure or (self._answers and self.restarts >= restarts), seconds)
            if self._failure is not None:
                raise self._failure
            if not self._answers or self.restarts < restarts:
                raise ServerError(f"Cassandra was not ready again after {seconds} s")

    def close(self) -> None:
        """End it for good."""
        self._ended = True
        while self._keeper.is_alive():
            self._signal(signal.SIGKILL)
            self._keeper.join(_LOOK_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        if (process := self._server.process) is not None:
            process.send_signal(number)

    def _keep(self) -> None:
        while not self._ended:
            try:
                self._server.start()
            except ServerError as error:
                self._become(answers=False, failure=None if self._ended else error)
                return
            process = self._server.process
            self._become(answers=True)
            if process is not None:
                process.wait()
            self._become(answers=False)

    def _become(self, *, answers: bool, failure: ServerError | None = None) -> None:
        with self._change:
            self._starts += answers
            self._answers = answers
            self._failure = failure
            self._change.notify_all()


@contextmanager
def kept_cassandra(folder: Path, *, late: bool = False) -> Generator[KeptCassandra]:
    """A kept Cassandra for the length of the block, which keeps its tables too when it dies; data in `folder`.

    With `late` it does not run until `start` is called, and its address is known before. Errors as
    `cassandra_server`.
    """
    kept = KeptCassandra(prepared_server(folder, durable_schema=True))
    if not late:
        kept.start()
    try:
        if not late:
            kept.wait_restarted()
        yield kept
    finally:
        kept.close()
