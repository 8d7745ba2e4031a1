"""Where each message, enum, method and error reason is described, and links to it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, MessageOptions

from docs.generator.contracts import Contracts, domain_of
from docs.generator.markdown import anchor, code
from vidmesh.options.v1 import options_pb2

REASON_PREFIX = "ERROR_REASON_"
REASONS = "vidmesh.common.v1.ErrorReason"
OPTIONS = "vidmesh.options.v1."

Type = FieldDescriptorProto.Type


@dataclass(frozen=True)
class Links:
    """Places in docs/reference/, by full name."""

    contracts: Contracts

    @cached_property
    def reasons(self) -> frozenset[str]:
        """Every error reason as it is on the wire."""
        values = self.contracts.enums[REASONS].proto.value
        return frozenset(value.name.removeprefix(REASON_PREFIX) for value in values)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every canonical code."""
        return frozenset(value.name for value in self.contracts.enums["google.rpc.Code"].proto.value)

    @cached_property
    def _owners(self) -> dict[str, str]:
        owners: dict[str, str] = {}
        for service in self.contracts.services.values():
            for method in service.proto.method:
                for name in (method.input_type, method.output_type):
                    owners.setdefault(name.removeprefix("."), f"{service_page(service.name)}#{anchor(method.name)}")
        return owners

    def place(self, name: str) -> str | None:
        """The page and heading under which a message or enum is described; None for one that is not ours."""
        if not name.startswith("vidmesh."):
            return None
        if name in self._owners:
            return self._owners[name]
        title = ".".join(name.split(".")[3:])
        message = self.contracts.messages.get(name)
        if message is not None and is_event(message.proto.options):
            return f"events.md#{anchor(title)}"
        if name == REASONS:
            return "errors.md"
        return f"types/{domain_of(name)}.md#{anchor(title)}"

    def on_own_page(self, name: str) -> bool:
        """Whether a message or enum is described among the types of its domain."""
        return (self.place(name) or "").startswith("types/")

    def link(self, name: str, origin: str) -> str:
        """A link to a message or enum from the page `origin`."""
        title = name.rpartition(".")[2]
        place = self.place(name)
        return code(title) if place is None else f"[{code(title)}]({relative(place, origin)})"

    def type_of(self, field: FieldDescriptorProto, scope: str, origin: str) -> str:
        """The type of a field of the message `scope`, linked."""
        name = field.type_name.removeprefix(".")
        entry = f"{scope}.{''.join(part.title() for part in field.name.split('_'))}Entry"
        if name == entry:
            shown = "map"
        elif field.type in (Type.TYPE_MESSAGE, Type.TYPE_ENUM):
            shown = self.link(name, origin)
        else:
            shown = Type.Name(field.type).removeprefix("TYPE_").lower()
        if field.proto3_optional:
            return f"optional {shown}"
        repeated = field.label == FieldDescriptorProto.LABEL_REPEATED and shown != "map"
        return f"repeated {shown}" if repeated else shown

    def with_reasons(self, text: str, origin: str) -> str:
        """Text in which the names of error reasons are links; canonical codes of the same name are left alone."""

        def linked(found: re.Match[str]) -> str:
            name = found[0]
            if name not in self.reasons or name in self.codes:
                return name
            return f"[{name}]({relative(f'errors.md#{name.lower()}', origin)})"

        return re.sub(r"\b[A-Z]+(?:_[A-Z]+)*\b", linked, text)


def service_page(service: str) -> str:
    """The page of a gRPC service."""
    return f"services/{service.rpartition('.')[2]}.md"


def relative(place: str, origin: str) -> str:
    """A place as a link on the page `origin` names it; both are named within docs/reference/."""
    page, mark, heading = place.partition("#")
    if page == origin:
        return f"#{heading}" if mark else posixpath.basename(page)
    return posixpath.relpath(page, posixpath.dirname(origin) or ".") + mark + heading


def is_event(options: MessageOptions) -> bool:
    """Whether a message with these options travels on the bus."""
    return options.HasExtension(options_pb2.subject)
