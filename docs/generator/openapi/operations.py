"""Each JSON face of a method as an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, MethodDescriptorProto

from docs.generator.contracts import Contracts
from docs.generator.markdown import flowing, sentence
from docs.generator.openapi.constraints import Schema, refuses_absence
from docs.generator.openapi.errors import JSON, failures
from docs.generator.openapi.schemas import Schemas
from docs.generator.policies import option_word
from gateway.routes import Binding, Route
from mesh.cookies import takes_access_cookie
from mesh.policy import Policy
from vidmesh.options.v1 import options_pb2

VARIABLE: Final = re.compile(r"\{([a-z0-9_.]+)\}")
ACCESS_TOKEN, API_TOKEN, COOKIE, CSRF = "accessToken", "apiToken", "cookie", "csrf"
STREAM: Final = "text/event-stream"


def shape(template: str) -> str:
    """A path with its variables numbered: OpenAPI holds paths that differ by their names alone to be the same."""
    return VARIABLE.sub("{}", template)


def operation(route: Route, binding: Binding, names: dict[int, str], schemas: Schemas) -> Schema:
    """The operation of one face; `names` are what the path calls its variables, in their order."""
    contracts = schemas.contracts
    service, name = route.grpc_path[1:].split("/")
    method = next(one for one in contracts.services[service].proto.method if one.name == name)
    comment = contracts.comment(f"{service}.{name}")
    bound = VARIABLE.findall(binding.template)
    told: Schema = {
        "operationId": name,
        "tags": [service.rpartition(".")[2]],
        "summary": sentence(comment),
        "description": flowing(comment).partition("Errors: ")[0].strip(),
        "security": list(security(contracts, route.policy)),
    }
    parameters = [
        *_in_path(method, bound, names, schemas),
        *_in_query(method, binding, bound, schemas),
    ]
    if parameters:
        told["parameters"] = parameters
    if (body := _body(method, binding, bound, schemas)) is not None:
        told["requestBody"] = body
    told["responses"] = {"200": _answer(method, schemas), **failures(comment, contracts)}
    return {**told, **_policy(route, contracts)}


def security(contracts: Contracts, policy: Policy) -> Iterator[Schema]:
    """Who may call, as alternatives."""
    if policy.access == options_pb2.ACCESS_PUBLIC:
        yield {}
    yield {ACCESS_TOKEN: []}
    if policy.scope != options_pb2.SCOPE_UNSPECIFIED:
        yield {API_TOKEN: [option_word(contracts, options_pb2.Scope, "Scope", policy.scope)[0]]}
    if takes_access_cookie(policy):
        yield {COOKIE: [], CSRF: []}


def _field(schemas: Schemas, message: str, path: str) -> tuple[FieldDescriptorProto, str]:
    """A field by its path within a message, and the message that it stands in."""
    first, _, rest = path.partition(".")
    found = next(one for one in schemas.contracts.messages[message].proto.field if one.name == first)
    return _field(schemas, found.type_name.removeprefix("."), rest) if rest else (found, message)


def _in_path(
    method: MethodDescriptorProto, bound: list[str], names: dict[int, str], schemas: Schemas
) -> Iterator[Schema]:
    for at, path in enumerate(bound):
        found, owner = _field(schemas, method.input_type.removeprefix("."), path)
        described = schemas.described(found, owner)
        yield {
            "name": names[at],
            "in": "path",
            "required": True,
            "description": described.pop("description"),
            # What is empty is another path.
            "schema": _not_empty(described),
        }


def _not_empty(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {"type": "string", **schema["anyOf"][0]}
    return {"minLength": 1, **schema} if schema.get("type") == "string" else schema


def _in_query(method: MethodDescriptorProto, binding: Binding, bound: list[str], schemas: Schemas) -> Iterator[Schema]:
    if binding.body == "*":
        return
    message = method.input_type.removeprefix(".")
    taken = {path.partition(".")[0] for path in bound} | {binding.body}
    for one in schemas.contracts.messages[message].proto.field:
        if one.name in taken:
            continue
        described = schemas.described(one, message)
        if "$ref" in described and described["$ref"].rpartition("/")[2] not in _enums(schemas):
            raise ValueError(f"{message}.{one.name}: a message cannot stand in a query.")
        yield {
            "name": one.name,
            "in": "query",
            **({"required": True} if refuses_absence(one) else {}),
            "description": described.pop("description"),
            "schema": described,
        }


def _enums(schemas: Schemas) -> set[str]:
    return {".".join(name.split(".")[3:]) for name in schemas.contracts.enums}


def _body(method: MethodDescriptorProto, binding: Binding, bound: list[str], schemas: Schemas) -> Schema | None:
    message = method.input_type.removeprefix(".")
    match binding.body:
        case "":
            return None
        case "*":
            if any("." in path for path in bound):
                raise ValueError(f"{method.name}: a part of a message in the path and the rest of it in the body.")
            content = schemas.body(message, bound)
        case name:
            content = schemas.value(_field(schemas, message, name)[0], message)
    return {"required": True, "content": {JSON: {"schema": content}}}


def _answer(method: MethodDescriptorProto, schemas: Schemas) -> Schema:
    name = method.output_type.removeprefix(".")
    told = flowing(schemas.contracts.comment(name))
    if method.server_streaming:
        words = "Server-sent events; the `data` of each is one of these as JSON."
        return {"description": f"{told} {words}", "content": {STREAM: {"schema": schemas.ref(name)}}}
    return {"description": told, "content": {JSON: {"schema": schemas.ref(name)}}}


def _policy(route: Route, contracts: Contracts) -> Schema:
    def word(enum: Any, kind: str, value: int) -> str:
        return option_word(contracts, enum, kind, value)[0]

    policy = route.policy
    told: Schema = {
        "x-vidmesh-grpc": route.grpc_path,
        "x-vidmesh-access": word(options_pb2.Access, "Access", policy.access),
        "x-vidmesh-rate-class": word(options_pb2.RateClass, "RateClass", policy.rate_class),
        "x-vidmesh-idempotent": policy.idempotent,
    }
    if policy.relation:
        told["x-vidmesh-relation"] = word(options_pb2.Relation, "Relation", policy.relation)
    if policy.timeout is not None:
        told["x-vidmesh-timeout-seconds"] = policy.timeout.total_seconds()
    return told
