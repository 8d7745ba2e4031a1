"""The edge's route table, derived from the contracts: which calls come through, from whom, and how they are treated.

The descriptors and `(vidmesh.options.v1.policy)` are the only source. A method for services alone has no route, and
a method without a policy is an error, so nothing is ever reachable by having been forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto

from mesh.policy import Method, Policy
from vidmesh.options.v1.options_pb2 import Access, RateClass

VERBS: Final = ("get", "put", "post", "delete", "patch")


class ContractError(ValueError):
    """A contract cannot be served by the edge; the message names the method and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One JSON face of a method (`google.api.http`)."""

    verb: str
    """HTTP method, upper case."""
    template: str
    """Path template, e.g. "/v1/videos/{video_id}:publish"."""
    body: str
    """Field that the body is read into; "*" for all that the path does not name, empty for no body."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method as the edge treats it."""

    grpc_path: str
    """As on the wire: "/vidmesh.upload.v1.VideoService/GetVideo"."""
    service: str
    """Full name of its gRPC service."""
    host: str
    """The service of the mesh that hosts it: "svc_upload"."""
    bindings: tuple[Binding, ...]
    """JSON faces; empty for a method that JSON cannot express."""
    policy: Policy
    streaming: bool
    """Either side may send more than one message. A server stream is sent to JSON clients as SSE."""
    streams_requests: bool
    """The caller may send more than one message."""

    @property
    def sign_in_required(self) -> bool:
        """A call without an access token is refused at the edge."""
        return self.policy.access != Access.ACCESS_PUBLIC

    @property
    def retried(self) -> bool:
        """The edge may send the call again by itself."""
        return self.policy.idempotent

    @property
    def timeout(self) -> timedelta | None:
        """How long a call may take; None is no limit, while something moves."""
        return self.policy.timeout


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Every call that the edge lets through, in the order of the contracts."""

    routes: tuple[Route, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """Full names of the gRPC services that have a JSON face, in the order of the contracts."""
        return tuple(dict.fromkeys(route.service for route in self.routes if route.bindings))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The services of the mesh that are reachable, sorted."""
        return tuple(sorted({route.host for route in self.routes}))

    def hosted_by(self, hosts: frozenset[str]) -> RouteTable:
        """The part of the table that an installation serves which runs these services only."""
        return RouteTable(tuple(route for route in self.routes if route.host in hosts))


def route_table(methods: Mapping[str, Method], contracts: FileDescriptorSet) -> RouteTable:
    """The table of these methods. Raises ContractError."""
    rules = dict(_declared(contracts))
    routes = tuple(
        route for method in methods.values() if (route := _route(method, rules.get(method.name))) is not None
    )
    _refuse_ambiguity(routes)
    return RouteTable(routes)


def host_of(service: str) -> str:
    """The service of the mesh that hosts "vidmesh.upload.v1.VideoService": by the package's domain, "svc_upload".

    Raises ContractError for a service of another package.
    """
    match service.split("."):
        case ["vidmesh", domain, _, _]:
            return f"svc_{domain}"
        case _:
            raise ContractError(f"{service}: the package is not of the form vidmesh.<domain>.<version>.")


def _declared(contracts: FileDescriptorSet) -> Iterator[tuple[str, MethodDescriptorProto]]:
    for file in contracts.file:
        for service in file.service:
            for method in service.method:
                yield f"/{file.package}.{service.name}/{method.name}", method


def _route(method: Method, proto: MethodDescriptorProto | None) -> Route | None:
    if proto is None:
        raise ContractError(f"{method.name}: not in the contracts.")
    if method.policy is None:
        raise ContractError(f"{method.name}: states no policy, so nobody can say who may call it.")
    bindings = tuple(_bindings(method.name, proto))
    if method.policy.access == Access.ACCESS_SERVICE:
        if bindings:
            raise ContractError(f"{method.name}: is for services alone and yet has a JSON face.")
        return None
    if method.policy.rate_class == RateClass.RATE_CLASS_INTERNAL:
        raise ContractError(f"{method.name}: is reachable from outside and yet taken from no caller's budget.")
    return Route(
        grpc_path=method.name,
        service=method.service,
        host=host_of(method.service),
        bindings=bindings,
        policy=method.policy,
        streaming=method.client_streaming or method.server_streaming,
        streams_requests=method.client_streaming,
    )


def _bindings(name: str, proto: MethodDescriptorProto) -> Iterator[Binding]:
    # The stubs of google.api type their extensions as plain field descriptors.
    http: Any = annotations_pb2.http
    if not proto.options.HasExtension(http):
        return
    rule: HttpRule = proto.options.Extensions[http]
    for one in (rule, *rule.additional_bindings):
        yield _binding(name, one)


def _binding(name: str, rule: HttpRule) -> Binding:
    verb = rule.WhichOneof("pattern")
    if verb not in VERBS:
        raise ContractError(f"{name}: only {', '.join(VERBS)} are served, not {verb!r}.")
    template: str = getattr(rule, verb)
    if not template.startswith("/v1/"):
        raise ContractError(f"{name}: JSON paths begin with /v1/, unlike {template!r}.")
    return Binding(verb=verb.upper(), template=template, body=rule.body)


def _refuse_ambiguity(routes: tuple[Route, ...]) -> None:
    taken: dict[tuple[str, str], str] = {}
    for route in routes:
        for binding in route.bindings:
            other = taken.setdefault((binding.verb, _shape(binding.template)), route.grpc_path)
            if other != route.grpc_path:
                raise ContractError(f"{route.grpc_path} and {other} both claim {binding.verb} {binding.template}.")


def _shape(template: str) -> str:
    """The template with the names of its variables left out: what a request can be told apart by."""
    head, *variables = template.split("{")
    return head + "".join("{}" + variable.split("}", 1)[1] for variable in variables)
