"""A service as a process of its own: it starts, says why it cannot, and ends gracefully."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest

from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub

ROOT: Final = Path(__file__).parents[3]
PROGRAM: Final = """
import asyncio, sys
from pathlib import Path
from mesh.identity import OwnKeys
from mesh.keyring import KeyRing
from mesh.server import Hosted, run_service
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.channel_service_pb2_grpc import add_ChannelServiceServicer_to_server, ChannelServiceServicer

class Channels(ChannelServiceServicer):
    async def GetChannel(self, request, context):
        if request.channel == "slow":
            await asyncio.sleep(0.5)
        if request.channel == "defect":
            password = "hunter2"
            raise RuntimeError("a defect")
        return pb.GetChannelResponse()

async def beside():
    try:
        await asyncio.sleep(60)
    finally:
        print("background cancelled", flush=True)

async def closed():
    print("closed", flush=True)

async def assemble(runtime):
    runtime.use_keys(OwnKeys(KeyRing.load_or_create(runtime.settings.file(runtime.settings.identity.access_key_file))))
    runtime.on_close(closed)
    runtime.background(beside, "beside")
    if runtime.settings.edge.cache_bytes == 1:
        print("assembling", flush=True)
        await asyncio.sleep(60)
    hosted = Hosted(
        name="vidmesh.social.v1.ChannelService", servicer=Channels(), add=add_ChannelServiceServicer_to_server
    )
    return [hosted]

sys.exit(run_service("svc_social", assemble))
"""

Run = Callable[..., subprocess.Popen[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def run(tmp_path: Path) -> Generator[Run]:
    """Starts the programme with the given lines of configuration besides the secrets."""
    started: list[subprocess.Popen[str]] = []
    program = tmp_path / "service.py"
    program.write_text(PROGRAM)

    def begin(*arguments: str, secret: str = "s" * 40, more: str = "") -> subprocess.Popen[str]:
        config = tmp_path / f"config-{len(started)}.toml"
        config.write_text(
            f'data = "{tmp_path}"\n{more}\n'
            f'[identity]\nservice_secret = "{secret}"\nsealing_secret = "{"t" * 40}"\n[log]\nformat = "json"\n'
        )
        environment = os.environ | {"PYTHONPATH": str(ROOT), "VIDMESH_CONFIG": str(config)}
        process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def entries(stderr: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.splitlines()]


def test_it_serves_logs_and_ends_gracefully_on_sigterm(run: Run, tmp_path: Path) -> None:
    port = free_port()
    process = run("--listen", f"127.0.0.1:{port}")
    channel: Any = grpc.insecure_channel(f"127.0.0.1:{port}")
    with channel:
        stub = ChannelServiceStub(channel)
        stub.GetChannel(pb.GetChannelRequest(channel="abc"), wait_for_ready=True, timeout=30)
        with pytest.raises(grpc.RpcError):
            stub.GetChannel(pb.GetChannelRequest(channel="defect"))
        slow = stub.GetChannel.future(pb.GetChannelRequest(channel="slow"))
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        slow.result(timeout=5)
    out, err = process.communicate(timeout=10)

    assert process.returncode == 0, err
    assert out.splitlines() == ["background cancelled", "closed"]
    logged = entries(err)
    assert [one["event"] for one in logged] == ["serving", "call failed", "draining", "stopped"]
    assert all(one["service"] == "svc_social" and one["timestamp"] and one["level"] for one in logged)
    assert "RuntimeError: a defect" in logged[1]["exception"]
    assert (tmp_path / "secrets" / "access_keys.json").stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in err.replace('password = "hunter2"', "")


def test_told_to_stop_while_it_starts_it_stops(run: Run) -> None:
    process = run("--listen", "127.0.0.1:0", more="[edge]\ncache_bytes = 1")
    assert process.stdout is not None
    assert process.stdout.readline() == "assembling\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)

    assert process.returncode == 0, err
    assert out.splitlines() == ["background cancelled", "closed"]


def test_what_keeps_it_from_starting_is_said_in_one_sentence(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        cases = {
            "Cannot listen on": run("--listen", address),
            "service secret": run("--listen", "127.0.0.1:0", secret="short"),
        }
        for expected, process in cases.items():
            out, err = process.communicate(timeout=30)
            # gRPC itself may say a line of its own about an address.
            sentences = [line for line in err.splitlines() if line.startswith("svc_social: ")]
            assert process.returncode == 1, err
            assert len(sentences) == 1, err
            assert expected in sentences[0]
            assert "Traceback" not in out + err
