"""svc_upload as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.testing.servers import NatsServer, WeedServer, free_ports

from .conftest import eventually


async def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> None:
    (port,) = free_ports(1)
    objects = weed.settings
    config = tmp_path / "config.toml"
    config.write_text(
        f"""
data = "{tmp_path}"
[services]
svc_upload = "127.0.0.1:{port}"
svc_social = "127.0.0.1:1"
[identity]
service_secret = "{"s" * 40}"
sealing_secret = "{"t" * 40}"
[bus]
url = "{nats.url}"
[objects]
endpoint = "{objects.endpoint}"
access_key = "{objects.access_key}"
secret_key = "{objects.secret_key.get_secret_value()}"
"""
    )
    log = tmp_path / "log"
    with log.open("wb") as output:
        command = (sys.executable, "-m", "svc_upload", "--config", config)
        process = subprocess.Popen(command, stderr=output)  # noqa: ASYNC220 (it returns at once)
    try:
        often = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=often) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)

            async def serving() -> bool:
                assert process.poll() is None, log.read_text()
                request = health_pb2.HealthCheckRequest(service="vidmesh.upload.v1.UploadService")
                try:
                    answer = await health.Check(request)
                except grpc.aio.AioRpcError:
                    return False
                return answer.status == health_pb2.HealthCheckResponse.SERVING

            await eventually(serving, 20)
        import time

        t = time.time()
        print(log.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
        print("STOP", time.time() - t)
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()
