"""Messages and enums as JSON Schemas: the proto3 JSON mapping as the edge speaks it, with names as in the contracts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.descriptor_pb2 import EnumDescriptorProto, FieldDescriptorProto

from docs.generator.contracts import Contracts, Enumeration, Message
from docs.generator.markdown import flowing
from docs.generator.openapi.constraints import (
    Schema,
    allowed,
    keywords,
    may_be_empty,
    of_items,
    refuses_absence,
    rules_for,
)
from docs.generator.rules import message_rules, oneof_required, rules_of
from vidmesh._third_party.buf.validate import validate_pb2
from vidmesh.options.v1 import options_pb2

Type = FieldDescriptorProto.Type

PLACE: Final = "#/components/schemas/"
SCALARS: Final[dict[int, Schema]] = {
    Type.TYPE_STRING: {"type": "string"},
    Type.TYPE_BOOL: {"type": "boolean"},
    Type.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    Type.TYPE_DOUBLE: {"type": "number", "format": "double"},
    Type.TYPE_FLOAT: {"type": "number", "format": "float"},
    **dict.fromkeys(
        (Type.TYPE_INT32, Type.TYPE_SINT32, Type.TYPE_SFIXED32), Schema({"type": "integer", "format": "int32"})
    ),
    **dict.fromkeys(
        (Type.TYPE_UINT32, Type.TYPE_FIXED32), Schema({"type": "integer", "format": "uint32", "minimum": 0})
    ),
    **dict.fromkeys(
        (Type.TYPE_INT64, Type.TYPE_SINT64, Type.TYPE_SFIXED64),
        Schema({"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"}),
    ),
    **dict.fromkeys(
        (Type.TYPE_UINT64, Type.TYPE_FIXED64),
        Schema({"type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$"}),
    ),
}
WELL_KNOWN: Final[dict[str, Schema]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$", "examples": ["3.5s"]},
    "google.protobuf.FieldMask": {"type": "string", "examples": ["title,description"]},
}


@dataclass(frozen=True)
class Schemas:
    """Makes schemas, and collects those that others point to."""

    contracts: Contracts
    made: dict[str, Schema] = field(default_factory=dict[str, Schema])
    """By their place in the document: the short name of the message or enum."""
    _owners: dict[str, str] = field(default_factory=dict[str, str])

    def ref(self, name: str) -> Schema:
        """A pointer to the schema of a message or enum of this full name, which is made where it is not there yet."""
        return {"$ref": PLACE + self._placed(name)}

    def body(self, name: str, without: Collection[str]) -> Schema:
        """The schema of a message but for these fields, which the path holds."""
        if not without:
            return self.ref(name)
        title = f"{self._title(name)}Body"
        self.made[title] = self._message(self.contracts.messages[name], frozenset(without))
        return {"$ref": PLACE + title}

    def value(self, one: FieldDescriptorProto, scope: str) -> Schema:
        """The schema of a field's value, without what is said about it."""
        stated = rules_for(one)
        if self._is_map(one, scope):
            entry = next(
                n
                for n in self.contracts.messages[scope].proto.nested_type
                if n.options.map_entry and one.type_name.endswith(f".{n.name}")
            )
            return {"type": "object", "additionalProperties": self.value(entry.field[1], scope)}
        if one.label == FieldDescriptorProto.LABEL_REPEATED:
            return {"type": "array", "items": self._single(one, of_items(stated)), **keywords(stated)}
        return self._single(one, stated)

    def described(self, one: FieldDescriptorProto, message: str) -> Schema:
        """A field with its comment and, in words, all of its rules."""
        shape = self.value(one, message)
        told = flowing(self.contracts.comment(f"{message}.{one.name}"))
        rules = rules_of(one).replace("**secret**", "secret")
        described: Schema = {**shape, "description": f"{told} ({rules})" if rules else told}
        if one.options.Extensions[options_pb2.secret]:
            described["format"] = "password"
        return described

    def _single(self, one: FieldDescriptorProto, stated: validate_pb2.FieldRules) -> Schema:
        name = one.type_name.removeprefix(".")
        if one.type == Type.TYPE_ENUM:
            found = self.contracts.enums[name].proto
            names = allowed(stated, {v.number: v.name for v in found.value})
            return self.ref(name) if len(names) == len(found.value) else {"type": "string", "enum": names}
        if one.type == Type.TYPE_MESSAGE:
            return dict(WELL_KNOWN[name]) if name in WELL_KNOWN else self.ref(name)
        scalar = dict(SCALARS[one.type])
        asked = keywords(stated)
        if asked and may_be_empty(stated) and scalar["type"] == "string":
            return {"type": "string", "anyOf": [asked, {"maxLength": 0}]}
        return {**scalar, **asked}

    def _is_map(self, one: FieldDescriptorProto, scope: str) -> bool:
        owner = self.contracts.messages.get(scope)
        return owner is not None and any(
            nested.options.map_entry and one.type_name == f".{scope}.{nested.name}"
            for nested in owner.proto.nested_type
        )

    def _title(self, name: str) -> str:
        title = ".".join(name.split(".")[3:])
        if self._owners.setdefault(title, name) != name:
            raise ValueError(f"{name} and {self._owners[title]} would have one place in the document.")
        return title

    def _placed(self, name: str) -> str:
        title = self._title(name)
        if title not in self.made:
            # First its place, because messages may hold themselves.
            self.made[title] = {}
            found = self.contracts.messages.get(name)
            if found is not None:
                self.made[title] = self._message(found, frozenset())
            else:
                self.made[title] = self._enum(self.contracts.enums[name])
        return title

    def _message(self, message: Message, without: frozenset[str]) -> Schema:
        fields = [one for one in message.proto.field if one.name not in without]
        told = [flowing(self.contracts.comment(message.name)), *message_rules(message.proto.options)]
        schema: Schema = {
            "type": "object",
            "description": "\n\n".join(one for one in told if one),
            "properties": {one.name: self.described(one, message.name) for one in fields},
        }
        if required := [one.name for one in fields if refuses_absence(one)]:
            schema["required"] = required
        choices: list[Schema] = []
        for at, oneof in enumerate(message.proto.oneof_decl):
            members = [one.name for one in fields if one.HasField("oneof_index") and one.oneof_index == at]
            if not oneof.name.startswith("_") and oneof_required(oneof.options):
                choices.append({"oneOf": [{"required": [name]} for name in members]})
        if choices:
            schema["allOf"] = choices
        return schema

    def _enum(self, found: Enumeration) -> Schema:
        return {
            "type": "string",
            "enum": [value.name for value in found.proto.value],
            "description": f"{flowing(self.contracts.comment(found.name))}\n\n{self._values(found.name, found.proto)}",
        }

    def _values(self, name: str, proto: EnumDescriptorProto) -> str:
        return "\n".join(
            f"- `{value.name}`: {flowing(self.contracts.comment(f'{name}.{value.name}'))}" for value in proto.value
        )
