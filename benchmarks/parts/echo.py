"""A gRPC server on grpc.aio that answers every call with what it was sent: the least that a service in Python costs.

`python -m benchmarks.parts.echo` serves on a free loopback port, which it prints, until it is terminated.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
import grpc.aio

METHOD: Final = "/benchmark.Echo/Echo"


@asynccontextmanager
async def an_echo() -> AsyncGenerator[tuple[str, int]]:
    """host:port of such a server in a process of its own, and its id; gone after the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.parts.echo"), stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        if process.stdout is None or not (port := (await process.stdout.readline()).decode().strip()):
            raise RuntimeError("the echo server did not start")
        yield f"127.0.0.1:{port}", process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class _Everything(grpc.GenericRpcHandler):
    """Answers whatever is called."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        del handler_call_details

        async def echo(sent: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            del context
            return sent

        return grpc.unary_unary_rpc_method_handler(echo)


async def _serve() -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Everything(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve())
