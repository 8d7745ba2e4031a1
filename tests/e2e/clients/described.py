"""An OpenAPI document in use: requests that fit it, and whether an answer does."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import httpx
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

OK: Final = 200
JSON: Final = "application/json"
STREAM: Final = "text/event-stream"
WORDS: Final = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cs", "Cc")), max_size=40
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    verb: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None

    def send(self, edge: httpx.Client) -> httpx.Response:
        return edge.request(self.verb, self.path, params=self.query, json=self.body)


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    document: Mapping[str, Any]
    path: str
    verb: str

    @property
    def told(self) -> Any:
        """What the document says of it."""
        return self.document["paths"][self.path][self.verb]

    @property
    def name(self) -> str:
        return self.told["operationId"]

    @property
    def streams(self) -> bool:
        return STREAM in self.told["responses"]["200"]["content"]

    @property
    def parameters(self) -> list[Any]:
        return self.told.get("parameters", [])

    @property
    def body(self) -> Any | None:
        """The schema of the body; None where there is none."""
        holder = self.told.get("requestBody")
        return None if holder is None else holder["content"][JSON]["schema"]

    @cached_property
    def requests(self) -> st.SearchStrategy[Request]:
        """Requests that fit."""
        given = {one["name"]: self._values(one["schema"]) for one in self.parameters if one.get("required")}
        free = {one["name"]: self._values(one["schema"]) for one in self.parameters if not one.get("required")}
        body = st.none() if self.body is None else self._values(self.body)
        return st.builds(self.request, st.fixed_dictionaries(given, optional=free), body)

    def request(self, values: Mapping[str, Any], body: Any = None) -> Request:
        """The request with these parameters."""
        path = self.path
        query: list[tuple[str, str]] = []
        for one in self.parameters:
            if one["name"] not in values:
                continue
            value = values[one["name"]]
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", quote(str(value), safe="@"))
            else:
                several: list[Any] = value if isinstance(value, list) else [value]
                query += [(one["name"], each if isinstance(each, str) else json.dumps(each)) for each in several]
        return Request(self.verb.upper(), path, tuple(query), body)

    def schema_of(self, schema: Any) -> Any:
        """A schema, or that which it points to."""
        return self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def faults(self, status: int, kind: str, body: Any) -> Iterator[str]:
        """What of an answer is not as the document says."""
        told = self.told["responses"].get(str(status)) or self.told["responses"]["default"]
        if "$ref" in told:
            told = self.document["components"]["responses"][told["$ref"].rpartition("/")[2]]
        content = told["content"].get(kind.partition(";")[0])
        if content is None:
            yield f"{status}: {kind} is not what is told"
            return
        validator = Draft202012Validator(
            {**content["schema"], "components": self._closed}, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        yield from (f"{error.json_path}: {error.message}" for error in validator.iter_errors(body))
        if status != OK:
            reasons = {one["reason"] for one in body.get("details", ()) if "reason" in one}
            general = self.document["components"]["responses"]["Failed"]["x-vidmesh-reasons"]
            if not reasons & {*told.get("x-vidmesh-reasons", ()), *general}:
                yield f"{status}: {reasons} is not told"

    @cached_property
    def _closed(self) -> Any:
        """The types, such that a field that they do not list is a fault."""
        closed = copy.deepcopy(self.document["components"])
        for schema in closed["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False
        return closed

    def _values(self, schema: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 (one return a kind)
        schema = self.schema_of(schema)
        if "anyOf" in schema:
            return st.one_of(*(self._values({"type": schema["type"], **one}) for one in schema["anyOf"]))
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema["type"]:
            case "string":
                return _texts(schema)
            case "integer":
                return st.integers(schema.get("minimum", -(2**31)), schema.get("maximum", 2**31 - 1))
            case "number":
                return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
            case "boolean":
                return st.booleans()
            case "array":
                most = min(schema.get("maxItems", 3), 3)
                least, unique = schema.get("minItems", 0), schema.get("uniqueItems", False)
                entries = self._values(schema["items"])
                return st.lists(entries, min_size=least, max_size=most, unique_by=json.dumps if unique else None)
            case _:
                return self._objects(schema)

    def _objects(self, schema: Any) -> st.SearchStrategy[Any]:
        fields: dict[str, Any] = schema.get("properties", {})
        needed = set(schema.get("required", ()))
        # One of each choice, and only one: a body that holds two is refused.
        choices = [[one["required"][0] for one in each["oneOf"]] for each in schema.get("allOf", ())]
        chosen = {name for choice in choices for name in choice}
        plain = st.fixed_dictionaries(
            {name: self._values(fields[name]) for name in fields if name in needed},
            optional={name: self._values(fields[name]) for name in fields if name not in needed | chosen},
        )
        drawn = [
            st.one_of(*(st.fixed_dictionaries({name: self._values(fields[name])}) for name in choice))
            for choice in choices
        ]
        return st.tuples(plain, *drawn).map(
            lambda parts: {name: value for part in parts for name, value in part.items()}
        )


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of a document."""
    return [Operation(document, path, verb) for path, item in document["paths"].items() for verb in item]


def _texts(schema: Any) -> st.SearchStrategy[str]:  # noqa: PLR0911 (one return a kind)
    least, most = schema.get("minLength", 0), schema.get("maxLength", 64)
    match schema.get("format"):
        case "uuid":
            return st.uuids(version=4).map(str)
        case "email":
            return st.from_regex(r"[a-z]{6,12}@example\.org", fullmatch=True)
        case "date-time":
            return st.datetimes(timezones=st.just(UTC)).map(lambda one: one.isoformat().replace("+00:00", "Z"))
        case "int64":
            return st.integers(0, 2**40).map(str)
        case _:
            pass
    if "contentEncoding" in schema and "pattern" not in schema:
        return st.binary(min_size=least, max_size=most).map(lambda one: base64.b64encode(one).decode())
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"), alphabet=st.characters(max_codepoint=126))
    if schema.get("examples"):
        return st.sampled_from(schema["examples"])
    return WORDS.map(lambda word: word[:most].ljust(least, "x"))
