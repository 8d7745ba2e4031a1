"""From the `subject` options of the contracts to subjects on the bus, and the rules that the options keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from google.protobuf.message import Message

from mesh.bus.errors import InvalidContract, InvalidMessage
from mesh.policy import descriptor_set
from vidmesh.options.v1 import options_pb2
from vidmesh.options.v1.options_pb2 import Delivery, Subject

_PLACEHOLDER: Final = re.compile(r"\{([a-z0-9_]+)\}")
_STREAM: Final = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_LITERAL: Final = re.compile(r"[a-z][a-z0-9_-]*")
_VALUE: Final = re.compile(r"[!-)+,\-/-=?-~]{1,200}")
"""What may stand between two dots: printable ASCII but space, `.`, `*` and `>`."""


@dataclass(frozen=True, slots=True)
class Route:
    """How messages of one type travel."""

    type_name: str
    """Full name of the message."""
    stream: str
    template: str
    delivery: Delivery.ValueType

    @property
    def fields(self) -> tuple[str, ...]:
        """The message's fields that the subject is made of, in order."""
        return tuple(_PLACEHOLDER.findall(self.template))

    @property
    def pattern(self) -> str:
        """The subject that matches all messages of the type."""
        return _PLACEHOLDER.sub("*", self.template)

    def pattern_with(self, values: Mapping[str, str]) -> str:
        """The subject that matches the messages of the type with these values. Raises InvalidMessage as `filled`."""

        def place(found: re.Match[str]) -> str:
            return self._token(found[1], values[found[1]]) if found[1] in values else "*"

        return _PLACEHOLDER.sub(place, self.template)

    def filled(self, values: Mapping[str, str]) -> str:
        """The subject with these values in its places. Raises InvalidMessage where one cannot stand there."""
        return _PLACEHOLDER.sub(lambda found: self._token(found[1], values[found[1]]), self.template)

    def _token(self, name: str, value: str) -> str:
        if not _VALUE.fullmatch(value):
            raise InvalidMessage(f"{self.type_name}.{name} cannot be part of a subject: {value!r}")
        return value

    def subject(self, message: Message) -> str:
        """The subject that `message` travels on."""
        return self.filled({name: str(getattr(message, name)) for name in self.fields})

    def key(self, message: Message) -> str:
        """What tells messages of this type apart on the bus: its fields, with dots between."""
        return ".".join(str(getattr(message, name)) for name in self.fields)


@cache
def _route_of(descriptor: Descriptor) -> Route:
    options = descriptor.GetOptions()
    if not options.HasExtension(options_pb2.subject):
        raise InvalidMessage(f"{descriptor.full_name} has no (vidmesh.options.v1.subject): it cannot be published")
    return _route(descriptor.full_name, options.Extensions[options_pb2.subject])


def route_of(message: Message | type[Message]) -> Route:
    """How a message, or a type of message, travels. Raises InvalidMessage where its contract does not say."""
    return _route_of(message.DESCRIPTOR)


@cache
def all_routes() -> tuple[Route, ...]:
    """How every message of the contracts travels that does. Raises InvalidContract where they contradict."""
    found = [
        (_route(name, message.options.Extensions[options_pb2.subject]), message)
        for file in descriptor_set().file
        for name, message in _messages(file.package, file.message_type)
        if message.options.HasExtension(options_pb2.subject)
    ]
    for route, message in found:
        _check_template(route, message)
    routes = tuple(route for route, _ in found)
    check_together(routes)
    return routes


def check_together(routes: Sequence[Route]) -> None:
    """Raise InvalidContract where routes get into each other's way.

    One stream delivers in one way; and no two types share a subject, so that no wake is ever kept by a stream
    and the type of a message follows from its subject.
    """
    deliveries: dict[str, Route] = {}
    for route in routes:
        first = deliveries.setdefault(route.stream, route)
        if first.delivery != route.delivery:
            raise InvalidContract(
                f"stream {route.stream}: {first.type_name} and {route.type_name} are delivered in different ways"
            )
    for index, one in enumerate(routes):
        for other in routes[index + 1 :]:
            if _overlap(one.pattern, other.pattern):
                raise InvalidContract(f"{one.type_name} and {other.type_name} could have the same subject")


def _route(name: str, option: Subject) -> Route:
    return Route(name, option.stream, option.template, option.delivery)


def _messages(package: str, messages: Iterable[DescriptorProto]) -> Iterator[tuple[str, DescriptorProto]]:
    for message in messages:
        name = f"{package}.{message.name}"
        yield name, message
        yield from _messages(name, message.nested_type)


def _check_template(route: Route, message: DescriptorProto) -> None:
    def refuse(sentence: str) -> None:
        raise InvalidContract(f"{route.type_name}: {sentence}")

    if not _STREAM.fullmatch(route.stream) or route.stream == "DEAD":
        refuse(f"{route.stream!r} is no name for a stream (upper case; DEAD is taken)")
    if route.delivery == Delivery.DELIVERY_UNSPECIFIED:
        refuse("the delivery is not stated")
    fields = {field.name: field for field in message.field}
    tokens = route.template.split(".")
    if not _LITERAL.fullmatch(tokens[0]) or tokens[0] == "dead":
        refuse("the subject has to begin with a word of its own")
    for token in tokens:
        placeholder = _PLACEHOLDER.fullmatch(token)
        if placeholder is None:
            if not _LITERAL.fullmatch(token):
                refuse(f"{token!r} can be no part of a subject")
            continue
        field = fields.get(placeholder[1])
        if field is None:
            refuse(f"there is no field {placeholder[1]}")
        elif (
            field.type != FieldDescriptorProto.TYPE_STRING
            or field.label == FieldDescriptorProto.LABEL_REPEATED
            or field.HasField("oneof_index")
        ):
            refuse(f"{placeholder[1]} is not one plain string")


def _overlap(one: str, other: str) -> bool:
    left, right = one.split("."), other.split(".")
    return len(left) == len(right) and all(a == b or "*" in (a, b) for a, b in zip(left, right, strict=True))
