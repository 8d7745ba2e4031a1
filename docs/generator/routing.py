"""Every JSON path with the method that it calls."""

from __future__ import annotations

from docs.generator.contracts import Contracts
from docs.generator.linking import relative, service_page
from docs.generator.markdown import anchor, code, page, table
from docs.generator.policies import limit, option_word, routes
from gateway.routes import Route
from vidmesh.options.v1 import options_pb2

PLACE = "routes.md"
HEAD = ("", "path", "method", "who", "relation", "scope", "rate class", "time limit", "idempotent")


def route_page(contracts: Contracts) -> str:
    """The page of routes, sorted by path."""

    def row(template: str, verb: str, route: Route) -> tuple[str, ...]:
        policy, name = route.policy, route.grpc_path.rpartition("/")[2]
        place = relative(f"{service_page(route.service)}#{anchor(name)}", PLACE)
        scope = option_word(contracts, options_pb2.Scope, "Scope", policy.scope)[0]
        relation = option_word(contracts, options_pb2.Relation, "Relation", policy.relation)[0]
        return (
            verb,
            code(template),
            f"[{route.service.split('.')[-1]}.{name}]({place})",
            option_word(contracts, options_pb2.Access, "Access", policy.access)[0],
            "" if relation == "unspecified" else relation.replace("_", " "),
            "none" if scope == "unspecified" else scope,
            option_word(contracts, options_pb2.RateClass, "RateClass", policy.rate_class)[0],
            limit(policy),
            "yes" if route.retried else "no",
        )

    faces = [(binding.template, binding.verb, route) for route in routes().values() for binding in route.bindings]
    faces.sort(key=lambda face: face[:2])
    return page(
        "Routes",
        "Every call that the edge lets through as JSON. The same methods are reached by gRPC and gRPC-web at "
        "`POST /<package>.<Service>/<Method>`. What is not listed here is not reachable, but for media, parts of "
        "uploads and `/healthz`: see [what the edge does with a request](../../gateway/README.md). "
        "*Scope* is what a personal API token has to carry; with *none*, no API token will do. An *idempotent* call is "
        "repeated by the edge itself where a service did not answer.",
        table(HEAD, (row(*face) for face in faces)),
    )
