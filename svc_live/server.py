"""Wiring of svc_live. It hosts no service yet: the process is healthy and answers for itself alone."""

from __future__ import annotations

from collections.abc import Sequence

from mesh.hosting import Hosted
from mesh.runtime import Runtime


async def assemble(runtime: Runtime) -> Sequence[Hosted]:
    """Nothing to host until LiveService and ChatService have contracts."""
    runtime.log.info("this service hosts nothing yet")
    return ()
