"""The contracts with their comments, which the committed descriptor set does without."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from protos.generate import contracts as contract_files
from protos.generate import protoc

CODES = "google/rpc/code.proto"
"""Says which HTTP status each canonical code becomes."""

# Numbers of fields in descriptor.proto, of which the paths of comments are made.
_PACKAGE, _MESSAGES, _ENUMS, _SERVICES = 2, 4, 5, 6
_FIELDS, _NESTED, _NESTED_ENUMS, _VALUES, _METHODS = 2, 3, 4, 2, 2


@dataclass(frozen=True, slots=True)
class Message:
    """One message and where it stands."""

    name: str
    """Full name."""
    file: str
    proto: DescriptorProto

    @property
    def title(self) -> str:
        """Its name within its package."""
        return self.name.removeprefix(package_of(self.name) + ".")


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One enum and where it stands."""

    name: str
    file: str
    proto: EnumDescriptorProto

    @property
    def title(self) -> str:
        """Its name within its package."""
        return self.name.removeprefix(package_of(self.name) + ".")


@dataclass(frozen=True, slots=True)
class Service:
    """One gRPC service and where it stands."""

    name: str
    file: str
    proto: ServiceDescriptorProto


@dataclass(frozen=True, slots=True)
class Contracts:
    """Everything under `protos/`, in the order of the files."""

    services: Mapping[str, Service]
    messages: Mapping[str, Message]
    enums: Mapping[str, Enumeration]
    comments: Mapping[str, str]
    """What stands in front of each element, by its full name; of a file's package by the file's name."""

    def comment(self, name: str) -> str:
        """The comment of an element, empty where there is none."""
        return self.comments.get(name, "")


def read_contracts() -> Contracts:
    """Compiles the contracts with their comments."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "described.binpb")
        protoc(f"--descriptor_set_out={out}", "--include_imports", "--include_source_info", *contract_files(), CODES)
        described = FileDescriptorSet.FromString(out.read_bytes())
    wanted = sorted(
        (file for file in described.file if file.package.startswith("vidmesh.") or file.name == CODES),
        key=lambda file: file.name,
    )
    comments: dict[str, str] = {}
    for file in wanted:
        names = dict(_names(file))
        for location in file.source_code_info.location:
            name = names.get(tuple(location.path))
            if name is not None and location.leading_comments:
                comments[name] = _dedented(location.leading_comments)
    messages = [m for file in wanted for m in _messages(file.name, file.package, file.message_type)]
    enums = [
        *(Enumeration(f"{file.package}.{enum.name}", file.name, enum) for file in wanted for enum in file.enum_type),
        *(Enumeration(f"{m.name}.{enum.name}", m.file, enum) for m in messages for enum in m.proto.enum_type),
    ]
    services = [Service(f"{f.package}.{s.name}", f.name, s) for f in wanted for s in f.service]
    return Contracts(
        services=MappingProxyType({s.name: s for s in services}),
        messages=MappingProxyType({m.name: m for m in messages}),
        enums=MappingProxyType({e.name: e for e in enums}),
        comments=MappingProxyType(comments),
    )


def domain_of(name: str) -> str:
    """The domain of a full name: "upload" of "vidmesh.upload.v1.Video"."""
    return name.split(".")[1]


def package_of(name: str) -> str:
    """The package of a full name in the contracts."""
    return ".".join(name.split(".")[:3])


def _dedented(comment: str) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in comment.splitlines()).strip()


def _messages(file: str, scope: str, protos: Sequence[DescriptorProto]) -> Iterator[Message]:
    for proto in protos:
        if not proto.options.map_entry:
            yield Message(f"{scope}.{proto.name}", file, proto)
            yield from _messages(file, f"{scope}.{proto.name}", proto.nested_type)


def _names(file: FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    yield (_PACKAGE,), file.name
    for at, message in enumerate(file.message_type):
        yield from _in_message((_MESSAGES, at), f"{file.package}.{message.name}", message)
    for at, enum in enumerate(file.enum_type):
        yield from _in_enum((_ENUMS, at), f"{file.package}.{enum.name}", enum)
    for at, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (_SERVICES, at), name
        for number, method in enumerate(service.method):
            yield (_SERVICES, at, _METHODS, number), f"{name}.{method.name}"


def _in_message(path: tuple[int, ...], name: str, message: DescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, name
    for at, field in enumerate(message.field):
        yield (*path, _FIELDS, at), f"{name}.{field.name}"
    for at, nested in enumerate(message.nested_type):
        yield from _in_message((*path, _NESTED, at), f"{name}.{nested.name}", nested)
    for at, enum in enumerate(message.enum_type):
        yield from _in_enum((*path, _NESTED_ENUMS, at), f"{name}.{enum.name}", enum)


def _in_enum(path: tuple[int, ...], name: str, enum: EnumDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, name
    for at, value in enumerate(enum.value):
        yield (*path, _VALUES, at), f"{name}.{value.name}"
