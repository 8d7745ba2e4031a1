"""The entry of every service: `run_service("svc_social", assemble)`.

    async def assemble(runtime: Runtime) -> Sequence[Hosted]:
        tables = await runtime.tables(SCHEMA)
        ...
        return [Hosted("vidmesh.social.v1.AccountService", AccountServicer(...), add_AccountServiceServicer_to_server)]
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from mesh.hosting import Hosted as Hosted
from mesh.runtime import Runtime

Assemble: TypeAlias = Callable[[Runtime], Awaitable[Sequence[Hosted]]]
"""Builds a service from a runtime: wiring only."""
