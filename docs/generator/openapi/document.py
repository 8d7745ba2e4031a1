"""The whole document."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Final

from docs.generator.contracts import Contracts
from docs.generator.markdown import flowing
from docs.generator.openapi.constraints import Schema
from docs.generator.openapi.errors import ERROR, JSON, error_schemas, general, meaning
from docs.generator.openapi.operations import ACCESS_TOKEN, API_TOKEN, COOKIE, CSRF, VARIABLE, operation, shape
from docs.generator.openapi.schemas import Schemas
from docs.generator.policies import option_word, routes
from mesh.cookies import CSRF_HEADER, cookie_names
from vidmesh.options.v1 import options_pb2

ABOUT: Final = """\
Every call of a vidmesh installation as JSON. The same methods are there by gRPC and gRPC-web.

Fields are named as in the contracts. A time is RFC 3339 text, a length of time text like `"3.5s"`, a 64-bit number \
text, bytes are base64. Answers show fields that are empty, but for messages and optional fields, and may gain fields. \
A query parameter that is not listed is refused; a field of a body that is not listed is passed over. Calls that may \
be repeated without asking say so (`x-vidmesh-idempotent`); a `default` response is what any call may fail with.

Two things are not calls: the parts of an upload are PUT to the addresses that SignParts gives, with the headers given \
beside them; media are fetched from the addresses that GetPlayback gives.
"""


def openapi_document(contracts: Contracts, root: Path) -> Schema:
    """OpenAPI 3.1; everything that the edge lets through as JSON."""
    schemas = Schemas(contracts)
    paths: dict[str, Schema] = {}
    known: dict[str, str] = {}
    services: dict[str, None] = {}
    faces = [(binding, route) for route in routes().values() for binding in route.bindings]
    # The names of a path's variables are those of the face that is read.
    faces.sort(key=lambda face: (shape(face[0].template), face[0].verb != "GET", face[0].verb))
    for binding, route in faces:
        own = [path.rpartition(".")[2] for path in VARIABLE.findall(binding.template)]
        template = known.setdefault(shape(binding.template), _named(binding.template, own))
        names = dict(enumerate(VARIABLE.findall(template)))
        paths.setdefault(template, {})[binding.verb.lower()] = operation(route, binding, names, schemas)
        services[route.service] = None
    version: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vidmesh",
            "version": version,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The edge that this file comes from."}],
        "tags": [
            {"name": name.rpartition(".")[2], "description": flowing(contracts.comment(name))} for name in services
        ],
        "paths": paths,
        "components": {
            "securitySchemes": _schemes(contracts),
            "responses": {"Failed": _failed(contracts)},
            "schemas": dict(sorted({**schemas.made, **error_schemas(contracts)}.items())),
        },
    }


def openapi_text(document: Schema) -> str:
    """The document as it is served."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _named(template: str, names: list[str]) -> str:
    left = iter(names)
    return VARIABLE.sub(lambda _: f"{{{next(left)}}}", template)


def _failed(contracts: Contracts) -> Schema:
    reasons = general(contracts)
    told = "\n".join(f"- `{reason}`: {meaning(contracts, reason)}" for reason in reasons)
    return {
        "description": f"What any call may fail with, under the HTTP status of its code.\n\n{told}",
        "content": {JSON: {"schema": ERROR}},
        "x-vidmesh-reasons": reasons,
    }


def _schemes(contracts: Contracts) -> Schema:
    words = [
        option_word(contracts, options_pb2.Scope, "Scope", number) for number in options_pb2.Scope.values() if number
    ]
    scopes = "\n".join(f"- `{name}`: {says}" for name, says in words)
    return {
        ACCESS_TOKEN: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access_token` that SignUp, SignIn and Refresh give.",
        },
        API_TOKEN: {
            "type": "http",
            "scheme": "bearer",
            "description": f"A personal API token (CreateApiToken) that carries the scope named.\n\n{scopes}",
        },
        COOKIE: {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie_names("https://edge").access,
            "description": "A browser's sign-in (`cookies: true`). Without TLS the name has no prefix.",
        },
        CSRF: {
            "type": "apiKey",
            "in": "header",
            "name": CSRF_HEADER,
            "description": "Any value: that it is there shows that no page of another origin calls.",
        },
    }
