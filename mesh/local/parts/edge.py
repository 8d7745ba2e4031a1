"""Envoy, the one door."""

from __future__ import annotations

import asyncio
import functools
import sys
from typing import TYPE_CHECKING

from mesh.local import binaries
from mesh.local.child import until_ready
from mesh.local.errors import StackError
from mesh.local.part import NotReady, Part, Stage, Step
from mesh.local.parts.services import runs
from mesh.local.plan import GATEWAY
from mesh.local.ports import LOOPBACK
from mesh.local.probes import http_answers
from mesh.local.spawn import environment
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from mesh.local.plan import Plan

NAME = "edge"
NODE = "local"
CONCURRENCY = 2
DRAIN = 3.0
"""Seconds for requests under way to end before the edge does."""


def edge_parts(plan: Plan) -> list[Part]:
    """The edge; its first configuration is written by the gateway's package, the rest comes from the gateway."""
    if not runs(GATEWAY):
        return []
    bootstrap = plan.data.run / "envoy.json"
    edge = plan.settings.edge
    # A host that means every address is reached by loopback; any other only by itself.
    host = LOOPBACK if edge.host in ("0.0.0.0", "::", "localhost") else edge.host  # noqa: S104
    scheme = "https" if edge.tls else "http"
    local = f"{scheme}://[{host}]:{edge.port}" if ":" in host else f"{scheme}://{host}:{edge.port}"
    return [
        Part(
            name=NAME,
            argv=(
                str(binaries.find("envoy")),
                *("-c", str(bootstrap)),
                *("--concurrency", str(CONCURRENCY)),
                *("--log-level", "warning"),
                "--disable-hot-restart",
            ),
            stage=Stage.EDGE,
            needs=(GATEWAY,),
            port=edge.port,
            ready=http_answers(f"{local}/healthz", f"{local}/v1/jwks"),
            before_start=_write_bootstrap(plan, bootstrap),
            before_stop=_drain(f"http://{LOOPBACK}:{plan.ports['admin']}"),
            grace=5.0,
        )
    ]


def _write_bootstrap(plan: Plan, file: Path) -> Step:
    async def step() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gateway.bootstrap"),
            *("--admin-port", str(plan.ports["admin"])),
            *("--node", NODE),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=plan.data.run,
            env=environment(plan.data, {}),
        )
        try:
            out, problem = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode != 0:
            raise StackError("The edge's bootstrap cannot be made", tuple(problem.decode().splitlines()[-15:]))
        write_private(file, out.decode())

    return step


def _drain(admin: str) -> Step:
    """Takes no more connections, and waits a little for requests under way."""

    async def step() -> None:
        import httpx

        try:
            async with httpx.AsyncClient(trust_env=False, timeout=DRAIN) as client, asyncio.timeout(DRAIN):
                await client.post(f"{admin}/drain_listeners?graceful&skip_exit")
                await until_ready(functools.partial(_no_active_requests, client, admin))
        except (httpx.HTTPError, TimeoutError, ValueError):
            # It is going to end in any case.
            return

    return step


async def _no_active_requests(client: httpx.AsyncClient, admin: str) -> None:
    wanted = {"filter": r"^http\..*\.downstream_rq_active$", "format": "json"}
    stats = (await client.get(f"{admin}/stats", params=wanted)).json()["stats"]
    # The request that asks is one of the admin interface's own.
    if active := sum(int(stat.get("value", 0)) for stat in stats if not stat["name"].startswith("http.admin.")):
        raise NotReady(f"{active} requests under way")
