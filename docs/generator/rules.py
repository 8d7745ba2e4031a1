"""The rules that fields keep (`buf.validate`), in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from docs.generator.markdown import code
from vidmesh._third_party.buf.validate import validate_pb2
from vidmesh.options.v1 import options_pb2

UNITS = {"string": "characters", "bytes": "bytes"}
WORDS = {
    "len": "exactly {} {unit}",
    "min_len": "at least {} {unit}",
    "max_len": "at most {} {unit}",
    "min_items": "at least {} entries",
    "max_items": "at most {} entries",
    "min_pairs": "at least {} pairs",
    "max_pairs": "at most {} pairs",
    "gte": "≥ {}",
    "gt": "> {}",
    "lte": "≤ {}",
    "lt": "< {}",
    "pattern": "matches {code}",
    "const": "always {code}",
}
FLAGS = {
    "email": "an e-mail address",
    "uuid": "a UUID",
    "uri": "a URI",
    "uri_ref": "a URI reference",
    "hostname": "a host name",
    "ip": "an IP address",
    "defined_only": "a named value",
    "unique": "no entry twice",
}


def rules_of(field: FieldDescriptorProto) -> str:
    """What a value has to be, as a phrase; empty where nothing is asked."""
    told: list[str] = []
    if field.options.Extensions[options_pb2.secret]:
        told.append("**secret**")
    extension: Any = validate_pb2.field
    if field.options.HasExtension(extension):
        stated: validate_pb2.FieldRules = field.options.Extensions[extension]
        if stated.required:
            told.append("required")
        told.extend(_typed(stated))
        if stated.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
            told.append("or empty")
        told.extend(rule.message or code(rule.expression) for rule in stated.cel)
    return "; ".join(told)


def message_rules(message: Message) -> list[str]:
    """What a message as a whole has to keep: its CEL rules."""
    extension: Any = validate_pb2.message
    options: Any = message
    if not options.HasExtension(extension):
        return []
    stated: validate_pb2.MessageRules = options.Extensions[extension]
    return [rule.message or code(rule.expression) for rule in stated.cel]


def oneof_required(options: Any) -> bool:
    """Whether one member of the oneof with these options has to be set."""
    extension: Any = validate_pb2.oneof
    return bool(options.Extensions[extension].required)


def _typed(stated: validate_pb2.FieldRules) -> Iterator[str]:
    kind = stated.WhichOneof("type")
    if kind is not None:
        yield from _phrases(kind, getattr(stated, kind))


def _phrases(kind: str, rules: Message) -> Iterator[str]:
    values = {descriptor.name: value for descriptor, value in rules.ListFields()}
    lengths = values.get("min_len"), values.get("max_len")
    if all(lengths):
        values = {name: value for name, value in values.items() if name not in ("min_len", "max_len")}
        yield f"{lengths[0]} to {lengths[1]} {UNITS[kind]}"
    if {"gte", "lte"} <= values.keys():
        yield f"{_shown(values.pop('gte'))} to {_shown(values.pop('lte'))}"
    for name, value in values.items():
        if name in ("items", "keys", "values"):
            yield f"{'each' if name == 'items' else name}: " + ", ".join(_typed(value))
        elif name in FLAGS:
            yield FLAGS[name]
        elif name in ("in", "not_in"):
            yield f"{'one' if name == 'in' else 'none'} of " + ", ".join(code(_shown(one)) for one in value)
        elif name in WORDS:
            yield WORDS[name].format(_shown(value), unit=UNITS.get(kind, ""), code=code(_shown(value)))
        else:
            yield code(f"{kind}.{name} = {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, Duration):
        length = value.ToTimedelta()
        return (
            f"{length.days} days"
            if length and length % timedelta(days=1) == timedelta()
            else f"{length.total_seconds():g} s"
        )
    return str(value)
