"""Requests against the rules of their contract (protovalidate), with sentences that a person understands."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from protovalidate import Validator

from mesh.errors import Violation, invalid_fields

if TYPE_CHECKING:
    from protovalidate import Violation as Broken


class RequestValidator:
    """Checks requests; one for a process, because it keeps compiled rules."""

    def __init__(self) -> None:
        self._validator = Validator()

    def check(self, request: Message) -> None:
        """Raises INVALID_ARGUMENT (INVALID_FIELD) with a sentence for every field that breaks a rule."""
        if broken := self._validator.collect_violations(request):
            raise invalid_fields([Violation(_path(one), sentence_for(one)) for one in broken])

    async def checked(self, requests: AsyncIterable[Message]) -> AsyncIterator[Message]:
        """The same stream, each message checked as it is taken."""
        async for request in requests:
            self.check(request)
            yield request


def sentence_for(broken: Broken) -> str:  # noqa: PLR0911 (one return a rule)
    """What is wrong with the value, e.g. "It must be at least 8 characters long." """
    proto = broken.proto
    rule, limit = proto.rule_id.rpartition(".")[2], broken.rule_value
    match rule:
        case "required":
            return "It is missing."
        case "pattern":
            return f"It must match the pattern {limit}."
        case "min_len" | "max_len" if proto.rule_id.startswith("string."):
            if limit == 1 and rule == "min_len":
                return "It must not be empty."
            return f"It must be at {_bound(rule)} {limit} characters long."
        case "min_items" | "max_items":
            return f"It must have at {_bound(rule)} {_counted(limit, 'item')}."
        case "uuid" | "uuid_empty":
            return "It must be a UUID."
        case "email" | "email_empty":
            return "It must be an e-mail address."
        case "defined_only":
            return "It must be one of the values that the contract names."
        case "not_in" if proto.rule_id.startswith("enum."):
            return "It must be stated."
        case _:
            said = (proto.message or "breaks the rule " + proto.rule_id).removeprefix("value ").rstrip(".")
            return f"It {said}."


def _bound(rule: str) -> str:
    return "least" if rule.startswith("min") else "most"


def _counted(number: Any, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _path(broken: Broken) -> str:
    field = broken.proto.field
    if field is None:
        return ""
    path = ""
    for element in field.elements:
        path += ("." if path else "") + element.field_name
        if (subscript := element.subscript) is not None:
            path += f"[{subscript.value}]"
    return path
