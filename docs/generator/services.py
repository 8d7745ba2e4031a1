"""One page a gRPC service: every method with all that its contract says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import MethodDescriptorProto

from docs.generator.contracts import Contracts, Service
from docs.generator.fields import fields
from docs.generator.linking import Links, service_page
from docs.generator.markdown import anchor, code, facts, flowing, page, sentence, table
from docs.generator.policies import bound, limit, option_word, routes
from gateway.routes import Binding, host_of
from mesh.policy import Policy, all_methods
from vidmesh.options.v1 import options_pb2


def service_pages(contracts: Contracts) -> dict[str, str]:
    """Every service's page by its path in docs/reference/."""
    links = Links(contracts)
    return {service_page(service.name): _service(service, links) for service in contracts.services.values()}


def _service(service: Service, links: Links) -> str:
    contracts = links.contracts
    short = service.name.split(".")[-1]
    overview = table(
        ("method", "JSON", "what"),
        (
            (
                f"[{method.name}](#{anchor(method.name)})",
                ", ".join(bound(b) for b in _bindings(service, method)) or "services only",
                sentence(contracts.comment(f"{service.name}.{method.name}")),
            )
            for method in service.proto.method
        ),
    )
    host = host_of(service.name)
    intro = f"Hosted by `{host}`; contract: [`{service.file}`](../../../protos/{service.file})."
    blocks = [block for method in service.proto.method for block in _method(service, method, links)]
    return page(short, flowing(contracts.comment(service.name)), intro, overview, *blocks)


def _bindings(service: Service, method: MethodDescriptorProto) -> tuple[Binding, ...]:
    route = routes().get(f"/{service.name}/{method.name}")
    return () if route is None else route.bindings


def _method(service: Service, method: MethodDescriptorProto, links: Links) -> Iterator[str]:
    contracts, origin = links.contracts, service_page(service.name)
    path = f"/{service.name}/{method.name}"
    policy = all_methods()[path].policy
    yield f"## {method.name}"
    yield links.with_reasons(flowing(contracts.comment(f"{service.name}.{method.name}")), origin)
    if policy is not None:
        yield facts(_policy(path, _bindings(service, method), policy, links))
    yield from _side("Request", method.input_type, method.client_streaming, links, origin)
    yield from _side("Response", method.output_type, method.server_streaming, links, origin)


def _policy(path: str, bindings: tuple[Binding, ...], policy: Policy, links: Links) -> Iterator[tuple[str, str]]:
    def word(enum: Any, kind: str, value: int) -> str:
        name, says = option_word(links.contracts, enum, kind, value)
        return f"**{name}**: {says}."

    yield "gRPC", code(path)
    for binding in bindings:
        body = {"*": "body: all that the path does not name", "": ""}.get(binding.body, f"body: {code(binding.body)}")
        yield "JSON", bound(binding) + (f"; {body}" if body else "")
    yield "who may call", word(options_pb2.Access, "Access", policy.access)
    if policy.relation:
        yield "relation", word(options_pb2.Relation, "Relation", policy.relation)
    if policy.access != options_pb2.ACCESS_SERVICE:
        yield (
            "scope of API tokens",
            word(options_pb2.Scope, "Scope", policy.scope).replace("**unspecified**", "**none**"),
        )
    yield "rate class", word(options_pb2.RateClass, "RateClass", policy.rate_class)
    yield "idempotent", "yes: may be repeated without asking" if policy.idempotent else "no"
    yield "time limit", limit(policy)


def _side(what: str, type_name: str, streams: bool, links: Links, origin: str) -> Iterator[str]:
    name = type_name.removeprefix(".")
    message = links.contracts.messages.get(name)
    title = f"**{what}**" + (", a stream" if streams else "")
    if message is None:
        yield f"{title}: `{name}`"
    elif not message.proto.field:
        yield f"{title}: empty."
    else:
        yield f"{title} `{message.title}`:"
        yield from fields(message, links, origin)
