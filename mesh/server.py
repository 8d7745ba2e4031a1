"""The entry of every service: `sys.exit(run_service("svc_social", assemble))`.

async def assemble(runtime: Runtime) -> Sequence[Hosted]:
    tables = await runtime.tables(SCHEMA)
    ...
    return [
        Hosted(
            name="vidmesh.social.v1.AccountService",
            servicer=AccountServicer(...),
            add=add_AccountServiceServicer_to_server,
        )
    ]
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from mesh.hosting import Hosted
from mesh.process import CannotStart, run_process, unless_told_to_stop
from mesh.runtime import Runtime
from mesh.serving import GrpcServer

__all__ = ["Assemble", "Hosted", "Runtime", "run_service"]

Assemble: TypeAlias = Callable[[Runtime], Coroutine[Any, Any, Sequence[Hosted]]]
"""Builds a service from a runtime: wiring only."""


def run_service(name: str, assemble: Assemble, arguments: Sequence[str] | None = None) -> int:
    """Serve what `assemble` gives until SIGTERM or SIGINT; the exit code of the process.

    It listens on the address that the settings give for `name`, or on `--listen HOST:PORT`. Told to stop, it says so
    to health checks, ends streams, lets calls finish, cancels background work and closes what was opened.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    parser.add_argument("--listen", metavar="HOST:PORT", help="instead of the address in the configuration")
    parser.add_argument("--config", metavar="FILE", type=Path, help="instead of the one that VIDMESH_CONFIG names")
    chosen = parser.parse_args(arguments)
    return run_process(name, functools.partial(serve, assemble, chosen.listen), chosen.config)


async def serve(assemble: Assemble, listen: str | None, runtime: Runtime) -> None:
    """Assemble, listen, and serve until `runtime.draining` is set. Raises CannotStart and what `assemble` raises."""
    address = listen or runtime.settings.services.get(runtime.name, "")
    if not address or address.startswith("xds:"):
        raise CannotStart(f"No address to listen on: give --listen or services.{runtime.name} in the configuration.")
    server = GrpcServer(runtime, await unless_told_to_stop(runtime, assemble(runtime)))
    try:
        port = await server.start(address)
    except RuntimeError as error:
        raise CannotStart(f"Cannot listen on {address}: another process may have it.") from error
    runtime.log.info("serving", port=port)
    await runtime.draining.wait()
    runtime.log.info("draining", active=server.load.active)
    await server.drain()
    runtime.log.info("stopped")
