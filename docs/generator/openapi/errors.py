"""What an operation may fail with: the reasons that its comment names, by the HTTP status of their code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from docs.generator.contracts import Contracts
from docs.generator.linking import REASON_PREFIX, REASONS, Links
from docs.generator.markdown import flowing
from docs.generator.openapi.constraints import Schema
from docs.generator.reasons import CODED, HTTP

JSON: Final = "application/json"
ERROR: Final[Schema] = {"$ref": "#/components/schemas/Error"}
REASON: Final[Schema] = {"$ref": "#/components/schemas/ErrorReason"}
ANY: Final = ("INVALID_FIELD", "PERMISSION_DENIED")
"""Of servers as such (rules of fields; roles, and scopes of API tokens), though some methods name them with a case."""
_CODES: Final = re.compile(r"\b([A-Z_]{5,}) \(([^()]*(?:\([^()]*\)[^()]*)*)\)")


def named(comment: str, links: Links) -> Iterator[tuple[str, str]]:
    """Each reason that a method's comment names after "Errors:", with its canonical code."""
    told = flowing(comment).partition("Errors: ")[2]
    for code, inside in _CODES.findall(told):
        if code in links.codes:
            for reason in re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", inside):
                if reason in links.reasons:
                    yield code, reason


def general(contracts: Contracts) -> list[str]:
    """What any call may fail with, in the order of the contract: `ANY`, and what no method's comment names."""
    links = Links(contracts)
    of_methods = {
        reason
        for service in contracts.services.values()
        for method in service.proto.method
        for _, reason in named(contracts.comment(f"{service.name}.{method.name}"), links)
    }
    values = (value.name.removeprefix(REASON_PREFIX) for value in contracts.enums[REASONS].proto.value[1:])
    return [reason for reason in values if reason in ANY or reason not in of_methods]


def statuses(contracts: Contracts) -> dict[str, tuple[str, str]]:
    """The HTTP status of each canonical code, and the words that go with it."""
    told: dict[str, tuple[str, str]] = {}
    for value in contracts.enums["google.rpc.Code"].proto.value:
        if found := HTTP.search(contracts.comment(f"google.rpc.Code.{value.name}")):
            status, _, words = found[1].partition(" ")
            told[value.name] = (status, words)
    return told


def failures(comment: str, contracts: Contracts) -> Schema:
    """The responses of one operation that are errors, by HTTP status, and the default one."""
    links, by_code = Links(contracts), statuses(contracts)
    found: dict[str, list[str]] = {}
    for code, reason in named(comment, links):
        reasons = found.setdefault(by_code[code][0], [])
        if reason not in reasons:
            reasons.append(reason)
    told: Schema = {
        status: {
            "description": "\n".join(f"- `{reason}`: {meaning(contracts, reason)}" for reason in found[status]),
            "content": {JSON: {"schema": ERROR}},
            "x-vidmesh-reasons": found[status],
        }
        for status in sorted(found)
    }
    return {**told, "default": {"$ref": "#/components/responses/Failed"}}


def meaning(contracts: Contracts, reason: str) -> str:
    """What a reason means and what to do, without its code."""
    comment = flowing(contracts.comment(f"{REASONS}.{REASON_PREFIX}{reason}"))
    told = CODED.fullmatch(comment)
    return told["rest"] if told else comment


def error_schemas(contracts: Contracts) -> dict[str, Schema]:
    """The body of every failed call (AIP-193), in JSON."""
    reasons = [value.name.removeprefix(REASON_PREFIX) for value in contracts.enums[REASONS].proto.value[1:]]
    texts: Schema = {"type": "string"}
    violation: Schema = {"type": "object", "properties": {"field": texts, "description": texts}}
    return {
        "ErrorReason": {
            "type": "string",
            "enum": reasons,
            "description": "\n".join(
                (
                    flowing(contracts.comment(REASONS)),
                    "",
                    *(f"- `{reason}`: {meaning(contracts, reason)}" for reason in reasons),
                )
            ),
        },
        "Error": {
            "type": "object",
            "description": "Why a call failed; the same in gRPC and gRPC-web (google.rpc.Status).",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "integer", "description": "The canonical code's number (google.rpc.Code)."},
                "message": {"type": "string", "description": "A sentence for developers."},
                "details": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/ErrorDetail"},
                    "description": "What programs read.",
                },
            },
        },
        "ErrorDetail": {
            "type": "object",
            "description": "One of google.rpc's error details, by `@type`; an ErrorInfo is always among them. "
            "Others may come to be.",
            "required": ["@type"],
            "properties": {
                "@type": {
                    "type": "string",
                    "examples": ["type.googleapis.com/google.rpc.ErrorInfo"],
                    "description": "Which of them it is.",
                },
                "reason": {**REASON, "description": "Of an ErrorInfo."},
                "domain": {"type": "string", "description": 'Of an ErrorInfo: "vidmesh".'},
                "metadata": {
                    "type": "object",
                    "additionalProperties": texts,
                    "description": "Of an ErrorInfo: what the reason says.",
                },
                "field_violations": {
                    "type": "array",
                    "items": violation,
                    "description": "Of a BadRequest: each field that breaks a rule, with a sentence.",
                },
                "retry_delay": {"type": "string", "description": "Of a RetryInfo: how long to wait, e.g. `1.5s`."},
            },
        },
    }
