"""What a process hosts: gRPC services by name, with the generated function that registers each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """One gRPC service with its implementation.

    Methods that answer with a stream are async generators; the others coroutine functions.
    """

    name: str
    """Full name of the gRPC service, e.g. "vidmesh.social.v1.AccountService"."""
    servicer: Any
    """The implementation."""
    add: Callable[[Any, Any], None]
    """The generated `add_…Servicer_to_server`."""
