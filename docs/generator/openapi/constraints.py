"""The rules that fields keep (`buf.validate`) as keywords of JSON Schema 2020-12, as far as it has words for them."""

from __future__ import annotations

import math
import re
from typing import Any, Final, TypeAlias

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.message import Message

from vidmesh._third_party.buf.validate import validate_pb2

Schema: TypeAlias = dict[str, Any]

FORMATS: Final = {"email": "email", "uuid": "uuid", "uri": "uri", "uri_ref": "uri-reference", "hostname": "hostname"}
LENGTHS: Final = {"min_len": ("minLength",), "max_len": ("maxLength",), "len": ("minLength", "maxLength")}
NUMBERS: Final = {"gte": "minimum", "gt": "exclusiveMinimum", "lte": "maximum", "lt": "exclusiveMaximum"}
NUMERIC: Final = frozenset({"int32", "uint32", "sint32", "float", "double"})
"""Kinds that are numbers in JSON; those of 64 bits are text, whose bounds JSON Schema cannot state."""


def rules_for(field: FieldDescriptorProto) -> validate_pb2.FieldRules:
    """What the contract asks of a field; empty where it asks nothing."""
    extension: Any = validate_pb2.field
    stated: validate_pb2.FieldRules = field.options.Extensions[extension]
    return stated


def keywords(stated: validate_pb2.FieldRules) -> Schema:
    """The keywords for a value that is there, beside its type; of a list those of the list."""
    kind = stated.WhichOneof("type")
    if kind is None:
        return {}
    rules = {descriptor.name: value for descriptor, value in getattr(stated, kind).ListFields()}
    match kind:
        case "string":
            return _text(rules)
        case "bytes":
            return _bytes(rules)
        case "repeated":
            told: Schema = {}
            for name, keyword in (("min_items", "minItems"), ("max_items", "maxItems"), ("unique", "uniqueItems")):
                if name in rules:
                    told[keyword] = rules[name]
            return told
        case _ if kind in NUMERIC:
            return {NUMBERS[name]: _number(value) for name, value in rules.items() if name in NUMBERS}
        case _:
            return {}


def allowed(stated: validate_pb2.FieldRules, values: dict[int, str]) -> list[str]:
    """Those names of an enum's values, given by their numbers, that the rules let through."""
    rules = stated.enum
    kept = {number: name for number, name in values.items() if number not in rules.not_in}
    if getattr(rules, "in"):
        kept = {number: name for number, name in kept.items() if number in getattr(rules, "in")}
    return list(kept.values())


def of_items(stated: validate_pb2.FieldRules) -> validate_pb2.FieldRules:
    """What is asked of each entry of a list."""
    return stated.repeated.items


def may_be_empty(stated: validate_pb2.FieldRules) -> bool:
    """Whether the rules count only where the value is not empty."""
    return stated.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE


def refuses_absence(field: FieldDescriptorProto) -> bool:
    """Whether a request without the field is refused: it is required, or what is absent (zero) breaks its rules."""
    stated = rules_for(field)
    if stated.required:
        return True
    kind = stated.WhichOneof("type")
    tracked = field.proto3_optional or field.HasField("oneof_index") or field.type == FieldDescriptorProto.TYPE_MESSAGE
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    if kind is None or may_be_empty(stated) or (tracked and not repeated):
        return False
    rules: dict[str, Any] = {descriptor.name: value for descriptor, value in getattr(stated, kind).ListFields()}
    if kind == "enum":
        return 0 in rules.get("not_in", ()) or ("in" in rules and 0 not in rules["in"])
    if kind == "repeated":
        return rules.get("min_items", 0) > 0
    if kind in ("string", "bytes"):
        pattern = rules.get("pattern")
        return bool(
            rules.get("min_len")
            or rules.get("len")
            or any(rules.get(name) for name in FORMATS)
            or (isinstance(pattern, str) and re.search(pattern, "") is None)
        )
    return _refuses_zero(rules)


def _refuses_zero(rules: dict[str, Any]) -> bool:
    numbers = {name: value for name, value in rules.items() if not isinstance(value, Message)}
    return (
        numbers.get("gte", 0) > 0
        or numbers.get("gt", -1) >= 0
        or numbers.get("lte", 0) < 0
        or numbers.get("lt", 1) <= 0
        or numbers.get("const", 0) != 0
    )


def _text(rules: dict[str, Any]) -> Schema:
    told: Schema = {}
    for name, value in rules.items():
        if name in FORMATS:
            told["format"] = FORMATS[name]
        for keyword in LENGTHS.get(name, ()):
            told[keyword] = value
        if name in ("pattern", "const"):
            told[name] = value
        if name == "in":
            told["enum"] = list(value)
    return told


def _bytes(rules: dict[str, Any]) -> Schema:
    """Lengths are those of base64, of which either alphabet is taken, padded or not."""
    if (length := rules.get("len")) is not None:
        digits = math.ceil(length * 4 / 3)
        return {"pattern": f"^[A-Za-z0-9+/_-]{{{digits}}}={{0,{-digits % 4}}}$"}
    told: Schema = {}
    if "min_len" in rules:
        told["minLength"] = math.ceil(rules["min_len"] * 4 / 3)
    if "max_len" in rules:
        told["maxLength"] = math.ceil(rules["max_len"] / 3) * 4
    return told


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value
