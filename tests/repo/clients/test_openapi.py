"""The OpenAPI document says of every JSON face what the contracts say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.routes import Binding, Route, route_table
from mesh.cookies import takes_access_cookie
from mesh.policy import all_methods, descriptor_set
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1 import options_pb2

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "gateway/reference/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {(path, verb.upper()): one for path, item in DOCUMENT["paths"].items() for verb, one in item.items()}
FACES = [
    (route, binding) for route in route_table(all_methods(), descriptor_set()).routes for binding in route.bindings
]


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def operation(binding: Binding) -> Any:
    found = [
        one
        for (path, verb), one in OPERATIONS.items()
        if (shape(path), verb) == (shape(binding.template), binding.verb)
    ]
    assert len(found) == 1, binding
    return found[0]


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from refs(one)
    elif isinstance(value, list):
        for one in value:
            yield from refs(one)


def test_it_is_openapi_3_1_to_the_letter() -> None:
    errors = list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())
    assert not errors
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_face_is_one_operation_and_nothing_else_is() -> None:
    assert len(OPERATIONS) == len(FACES)
    names = [one["operationId"] for one in OPERATIONS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("route", "binding"), FACES, ids=lambda one: getattr(one, "template", ""))
def test_an_operation_says_who_may_call_and_how_it_is_treated(route: Route, binding: Binding) -> None:
    told, policy = operation(binding), route.policy
    assert told["x-vidmesh-grpc"] == route.grpc_path
    assert ({} in told["security"]) == (policy.access == options_pb2.ACCESS_PUBLIC)
    assert {"accessToken": []} in told["security"]
    scopes = [scope for way in told["security"] for scope in way.get("apiToken", ())]
    wanted = options_pb2.Scope.Name(policy.scope).removeprefix("SCOPE_").lower()
    assert scopes == ([] if wanted == "unspecified" else [wanted])
    assert any("cookie" in way for way in told["security"]) == takes_access_cookie(policy)
    assert all("csrf" in way for way in told["security"] if "cookie" in way)
    assert told["x-vidmesh-idempotent"] == route.retried


@pytest.mark.parametrize(("route", "binding"), FACES, ids=lambda one: getattr(one, "template", ""))
def test_an_operation_names_every_variable_of_its_path(route: Route, binding: Binding) -> None:
    (path,) = {path for (path, _), one in OPERATIONS.items() if one is operation(binding)}
    given = [one["name"] for one in operation(binding).get("parameters", ()) if one["in"] == "path"]
    assert given == re.findall(r"\{([^}]*)\}", path)


@pytest.mark.parametrize("told", OPERATIONS.values(), ids=lambda one: one["operationId"])
def test_everything_is_described(told: Any) -> None:
    assert told["summary"]
    assert told["description"]
    assert "Errors:" not in told["description"]
    for one in told.get("parameters", ()):
        assert one["description"], one["name"]
    for answer in told["responses"].values():
        assert "$ref" in answer or answer["description"]


def test_every_type_and_every_field_is_described_and_used() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    place = "#/components/schemas/"
    assert {ref.removeprefix(place) for ref in refs(DOCUMENT) if ref.startswith(place)} == set(schemas)
    for name, schema in schemas.items():
        assert schema["description"], name
        for field, one in schema.get("properties", {}).items():
            assert one.get("description"), f"{name}.{field}"


def test_every_reason_is_told_and_no_other() -> None:
    told = {reason for one in refs_of_reasons() for reason in one}
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()[1:]}
    assert told <= reasons
    assert set(DOCUMENT["components"]["schemas"]["ErrorReason"]["enum"]) == reasons


def refs_of_reasons() -> Iterator[list[str]]:
    for one in OPERATIONS.values():
        for answer in one["responses"].values():
            yield answer.get("x-vidmesh-reasons", [])
    yield DOCUMENT["components"]["responses"]["Failed"]["x-vidmesh-reasons"]


def test_what_one_method_alone_fails_with_stands_with_it() -> None:
    """A sample that was read by a person."""
    told = OPERATIONS["/v1/accounts:signUp", "POST"]["responses"]
    assert told["409"]["x-vidmesh-reasons"] == ["EMAIL_TAKEN", "HANDLE_TAKEN"]
    assert told["403"]["x-vidmesh-reasons"] == ["REGISTRATION_CLOSED", "INVALID_INVITE"]
    assert told["429"]["x-vidmesh-reasons"] == ["TOO_MANY_ATTEMPTS"]
    general = DOCUMENT["components"]["responses"]["Failed"]["x-vidmesh-reasons"]
    assert {"RATE_LIMITED", "SIGN_IN_REQUIRED", "INTERNAL"} <= set(general)
    assert "EMAIL_TAKEN" not in general


def test_a_secret_is_told_to_be_one() -> None:
    fields = DOCUMENT["components"]["schemas"]["SignUpRequest"]["properties"]
    assert fields["password"]["format"] == "password"
    assert (fields["password"]["minLength"], fields["password"]["maxLength"]) == (8, 128)
    assert set(DOCUMENT["components"]["schemas"]["SignUpRequest"]["required"]) == {"email", "password", "handle"}
