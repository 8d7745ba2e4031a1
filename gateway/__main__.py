"""`python -m gateway [--listen HOST:PORT]`: the control plane of the edge."""

from __future__ import annotations

import argparse
import asyncio
import sys

from gateway.server import NAME, serve
from mesh.config import ConfigurationError, Settings, load_settings
from mesh.logs import set_up_logs
from mesh.runtime import Runtime
from mesh.telemetry import set_up_telemetry


def own_address(settings: Settings) -> str:
    """Where edges expect the control plane. Raises ConfigurationError where it is not said."""
    address = settings.services.get(NAME)
    if not address:
        raise ConfigurationError("services.gateway is not set, and no --listen was given.")
    return address


async def run(settings: Settings, listen: str) -> None:
    async with Runtime(settings, NAME, set_up_logs(settings.log, NAME), set_up_telemetry(NAME)) as runtime:
        await serve(runtime, listen)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway", description="The control plane of the edge.")
    parser.add_argument("--listen", help="address to serve edges on, host:port; by default services.gateway")
    try:
        settings = load_settings()
        asyncio.run(run(settings, parser.parse_args().listen or own_address(settings)))
    except (ConfigurationError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
