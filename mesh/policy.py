"""What the contracts say about each method: `(vidmesh.options.v1.policy)`, read from the committed descriptor set.

Servers, channels, the edge, the documentation and the access tests all read it here, so nothing says it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto

from vidmesh.options.v1 import options_pb2
from vidmesh.options.v1.options_pb2 import Access, RateClass, Relation, Scope

UNARY_TIMEOUT: Final = timedelta(seconds=10)
"""How long a unary call may take whose policy does not say."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a method, which budget it is taken from, and whether it may be repeated."""

    access: Access.ValueType
    relation: Relation.ValueType
    rate_class: RateClass.ValueType
    idempotent: bool
    timeout: timedelta | None
    """How long a call may take; None (streams only) is no limit."""
    scope: Scope.ValueType = Scope.SCOPE_UNSPECIFIED
    """What an API token must carry; SCOPE_UNSPECIFIED is for sign-ins alone."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the contracts."""

    name: str
    """As on the wire: "/vidmesh.upload.v1.VideoService/GetVideo"."""
    service: str
    """Full name of its service: "vidmesh.upload.v1.VideoService"."""
    policy: Policy | None
    """None where the contract states none: then nobody may call it."""
    client_streaming: bool
    server_streaming: bool
    input_type: str
    """Full name of the request message."""
    output_type: str
    """Full name of the response message."""


@cache
def descriptor_set() -> FileDescriptorSet:
    """Every contract with all that it imports. Shared: read it, never change it."""
    return FileDescriptorSet.FromString(files("vidmesh").joinpath("descriptors.binpb").read_bytes())


@cache
def all_methods() -> Mapping[str, Method]:
    """Every method of every contract by its name on the wire."""
    return MappingProxyType(
        {
            method.name: method
            for file in descriptor_set().file
            for service in file.service
            for method in (_method(f"{file.package}.{service.name}", proto) for proto in service.method)
        }
    )


def policy_of(method: str) -> Policy | None:
    """The policy of "/pkg.Service/Method"; None for a method that no contract knows or that states none."""
    found = all_methods().get(method)
    return None if found is None else found.policy


def _method(service: str, proto: MethodDescriptorProto) -> Method:
    streams = proto.client_streaming or proto.server_streaming
    return Method(
        name=f"/{service}/{proto.name}",
        service=service,
        policy=_policy(proto, streams) if proto.options.HasExtension(options_pb2.policy) else None,
        client_streaming=proto.client_streaming,
        server_streaming=proto.server_streaming,
        input_type=proto.input_type.removeprefix("."),
        output_type=proto.output_type.removeprefix("."),
    )


def _policy(proto: MethodDescriptorProto, streams: bool) -> Policy | None:
    stated = proto.options.Extensions[options_pb2.policy]
    if stated.access == Access.ACCESS_UNSPECIFIED:
        return None
    unstated = None if streams else UNARY_TIMEOUT
    return Policy(
        access=stated.access,
        relation=stated.relation,
        rate_class=stated.rate_class or RateClass.RATE_CLASS_WRITE,
        idempotent=stated.idempotent,
        timeout=stated.timeout.ToTimedelta() if stated.HasField("timeout") else unstated,
        scope=stated.scope,
    )
