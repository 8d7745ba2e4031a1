"""A mesh in one process for contract tests: real gRPC servers on loopback behind the real layers.

    async with TestMesh(tmp_path) as mesh:
        runtime = await mesh.runtime("svc_social")
        await mesh.serve(runtime, [Hosted(...)])
        stub = ChannelServiceStub(mesh.outside("svc_social"))
        await stub.CreateChannel(request, metadata=mesh.signed_in("a-user"))

It starts no bus and no object store: a test that needs them gives their addresses in `overrides`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import grpc.aio
import structlog

from mesh.call import Principal
from mesh.config import DEFAULT_FILE, Settings, merged, read_values
from mesh.hosting import Hosted
from mesh.identity import AccessTokenSigner, OwnKeys
from mesh.keyring import KeyRing
from mesh.runtime import Runtime
from mesh.service_tokens import ServiceTokens
from mesh.serving import GrpcServer
from mesh.telemetry import Telemetry
from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1.account_pb2 import Role

Metadata = tuple[tuple[str, str], ...]


class TestMesh:
    """Servers, channels to them, and tokens for them. Leaving the block stops everything."""

    __test__ = False

    def __init__(self, data: Path, overrides: Mapping[str, Any] | None = None) -> None:
        secrets = {"identity": {"service_secret": "s" * 40, "sealing_secret": "t" * 40}}
        values = merged(merged(read_values(DEFAULT_FILE), {"data": str(data), **secrets}), overrides or {})
        self.settings = Settings(**values)
        """The shipped configuration with `data` in a temporary folder."""
        self.ring = KeyRing.generate()
        """The keys that access tokens are signed with."""
        self.logged: list[Mapping[str, Any]] = []
        """What the servers logged."""
        self._resources = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()

    async def runtime(self, name: str, telemetry: Telemetry | None = None) -> Runtime:
        """A runtime for one service; it verifies access tokens with this mesh's keys."""
        log = structlog.wrap_logger(structlog.PrintLogger(), processors=[self._keep]).bind(service=name)
        runtime = await self._resources.enter_async_context(Runtime(self.settings, name, log, telemetry))
        runtime.use_keys(OwnKeys(self.ring))
        return runtime

    async def serve(self, runtime: Runtime, hosted: Sequence[Hosted]) -> GrpcServer:
        """Start a server on a free port and enter its address in the settings, where channels find it."""
        server = GrpcServer(runtime, hosted)
        port = await server.start("127.0.0.1:0")
        self.settings.services[runtime.name] = f"127.0.0.1:{port}"

        async def stop() -> None:
            runtime.draining.set()
            await server.drain(timedelta(seconds=2))

        self._resources.push_async_callback(stop)
        return server

    def outside(self, name: str) -> grpc.aio.Channel:
        """A bare channel to a server, as the edge or a stranger has."""
        channel = grpc.aio.insecure_channel(self.settings.services[name])
        self._resources.push_async_callback(channel.close)
        return channel

    def signed_in(
        self,
        account_id: str,
        *,
        role: Role.ValueType = Role.ROLE_MEMBER,
        session_id: str = "a-session",
        lifetime: timedelta = timedelta(minutes=15),
        scopes: frozenset[Scope.ValueType] | None = None,
    ) -> Metadata:
        """The metadata of a signed-in person's call; with `scopes` that of a call with an API token."""
        signer = AccessTokenSigner(self.ring, self.settings.identity.issuer, lifetime)
        token = signer.mint(Principal(account_id, session_id, role, scopes)).token
        return (("authorization", f"Bearer {token}"),)

    def as_service(self, name: str) -> Metadata:
        """The metadata of another service's call."""
        secret = self.settings.identity.service_secret.get_secret_value()
        return (("x-vidmesh-service", ServiceTokens(secret, name).own()),)

    def _keep(self, _logger: Any, _method: str, event: Any) -> Any:
        self.logged.append(dict(event))
        raise structlog.DropEvent
