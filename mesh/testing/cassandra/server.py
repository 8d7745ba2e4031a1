"""One Cassandra on loopback, with ephemeral ports and a data folder of its own."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from mesh.testing.cassandra.home import HERE, CassandraHome, cassandra_home
from mesh.testing.servers import Server, free_ports

# A frame of protocol 4 that asks for the server's options, and the opcode of the answer (native_protocol_v4.spec).
_OPTIONS: Final = bytes([4, 0, 0, 0, 5, 0, 0, 0, 0])
_SUPPORTED: Final = 6


@dataclass
class CassandraServer(Server):
    """Cassandra 5; acknowledged rows survive `kill`."""

    port: int
    start_seconds: ClassVar[float] = 100.0

    @property
    def host(self) -> str:
        """Host and port, as a `cql://` URL has them."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def cassandra_server(folder: Path, *, durable_schema: bool = False) -> Generator[CassandraServer]:
    """A Cassandra for the length of the block, its data in `folder`, which is left behind.

    About 5 s; the first time on a machine it fetches some 70 MB and starts twice. Making a table takes 80 ms, with
    `durable_schema` 250 ms: without it tables, but not rows, that are newer than the start are lost by `kill`. Raises
    CassandraMissing where there is no Java, no Maven or no jars, and ServerError.
    """
    server = prepared_server(folder, durable_schema=durable_schema)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def prepared_server(folder: Path, *, durable_schema: bool = False) -> CassandraServer:
    """The same, not started. Raises CassandraMissing."""
    home = cassandra_home(_warm_up)
    shutil.copytree(home.template, folder, dirs_exist_ok=True)
    options = ["-Xshare:auto", f"-XX:SharedArchiveFile={home.archive}"]
    if not durable_schema:
        options.append("-Dcassandra.test.flush_local_schema_changes=false")
    return _server(home, folder, options)


def _warm_up(home: CassandraHome, folder: Path) -> None:
    server = _server(home, folder, [f"-XX:ArchiveClassesAtExit={home.archive}"])
    try:
        server.start()
    finally:
        server.stop()
    # What names the folder or the moment has no place in a template.
    for leftover in ("cassandra.yaml", "cassandra.log"):
        (folder / leftover).unlink()


def _server(home: CassandraHome, folder: Path, options: list[str]) -> CassandraServer:
    cql_port, storage_port = free_ports(2)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "triggers").mkdir(exist_ok=True)
    settings = (HERE / "cassandra.yaml").read_text()
    for name, value in {"folder": folder, "cql_port": cql_port, "storage_port": storage_port}.items():
        settings = settings.replace(f"@{name}@", str(value))
    (folder / "cassandra.yaml").write_text(settings)
    command = (
        home.java,
        f"@{HERE / 'jvm.options'}",
        *options,
        f"-Dcassandra.config=file://{folder}/cassandra.yaml",
        f"-Dcassandra.storagedir={folder}",
        f"-Dcassandra.triggers_dir={folder}/triggers",
        f"-Dlogback.configurationFile=file://{HERE / 'logback.xml'}",
        f"-Djava.io.tmpdir={folder}",
        "-cp",
        home.classpath,
        "org.apache.cassandra.service.CassandraDaemon",
    )
    return CassandraServer(command, folder / "cassandra.log", lambda: _answers(cql_port), cql_port)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2) as connection:
        connection.sendall(_OPTIONS)
        answer = connection.recv(9)
        return len(answer) > 4 and answer[4] == _SUPPORTED
    return False
