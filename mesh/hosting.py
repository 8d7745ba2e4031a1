"""What a process hosts: gRPC services by name, with the generated function that registers each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc


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


def handlers_of(hosted: Hosted) -> Mapping[str, grpc.RpcMethodHandler[Any, Any]]:
    """The handlers that the generated function registers, by method name.

    Raises TypeError where it registers another service than the one named.
    """
    recorder = _Recorder()
    hosted.add(hosted.servicer, recorder)
    if set(recorder.handlers) != {hosted.name}:
        registered = ", ".join(recorder.handlers)
        raise TypeError(f"{hosted.name} is to be hosted, but what is registered is {registered}.")
    return recorder.handlers[hosted.name]


class _Recorder:
    """Stands in for a server while a generated function registers its handlers."""

    def __init__(self) -> None:
        self.handlers: dict[str, Mapping[str, grpc.RpcMethodHandler[Any, Any]]] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Generated code gives every handler twice; the other form says which method is which."""

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        self.handlers[service] = handlers
