"""Requests of any method, drawn from the descriptor of its message."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from mesh.policy import all_methods, descriptor_set
from tests.security.fuzz.pool import Pool
from tests.security.fuzz.values import HOSTILE, Values
from tests.security.matrix.faces import message_class
from tests.security.matrix.scene import PASSWORD

DEEPEST: Final = 6
SECONDS: Final = (0, 1, -1, 253402300799, 253402300800, -62135596801, 2**63 - 1, -(2**63), 1_700_000_000)
NANOS: Final = (0, 1, -1, 999_999_999, 2**31 - 1)
MASK: Final = "google.protobuf.FieldMask"
ODD_PATHS: Final = (*HOSTILE[:25], "title", "etag", "*", "video_id", "title.x", "a,b", "titleX")
ODD_JSON: Final = (None, True, 0, -1, 1e400, 2**70, "", "x", [], {}, [[]], {"a": {}}, "\ud800", "💥", [None])


@dataclass(frozen=True, slots=True)
class Requests:
    """Draws requests."""

    random: Random
    pool: Pool

    def message(self, name: str) -> Message:
        """A message of this full name; more or less in order."""
        wildness = self.random.choice((0, 0, 0.05, 0.2, 0.6))
        made = message_class(name)()
        self._fill(made, Values(self.random, self.pool, wildness), 0)
        harmless(made)
        return made

    def on_the_wire(self, name: str) -> bytes:  # noqa: PLR0911 (one return a kind)
        """Its bytes; for a share of them not even that."""
        if self.random.random() < 0.03:
            return self.random.randbytes(self.random.choice((1, 3, 40, 5_000)))
        raw = self.message(name).SerializeToString()
        draw = self.random.random()
        if draw < 0.72:
            return raw
        at = self.random.randrange(len(raw) + 1)
        if draw < 0.77:
            return raw[:at]
        if draw < 0.85:
            return raw[:at] + self.random.randbytes(self.random.randint(1, 3)) + raw[at + 1 :]
        if draw < 0.88:
            return raw + raw
        if draw < 0.90:
            # Groups inside groups, ended or not, of a field that no message has.
            depth = self.random.choice((1, 90, 3_000))
            return raw + b"\xc3\x3e" * depth + b"\xc4\x3e" * self.random.choice((0, depth))
        if draw < 0.903:
            return raw + b"\xca\x3e\x80\x80\xc0\x01" + bytes(3 * 1024 * 1024)
        return raw + b"\xca\x3e\x05hello\xd0\x3e\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"

    def fields(self, name: str) -> dict[str, Any]:
        """As JSON, by the names of the contract."""
        made: dict[str, Any] = json_format.MessageToDict(
            self._presentable(name), preserving_proto_field_name=self.random.random() < 0.7
        )
        if self.random.random() < 0.15:
            self._bend(made)
        return made

    def text(self, body: Any) -> bytes:
        """A body's bytes; for a share of them no JSON."""
        raw = json.dumps(body).encode()
        draw = self.random.random()
        if draw < 0.85:
            return raw
        at = self.random.randrange(len(raw) + 1)
        odd = (
            raw[:at],
            raw[:at] + self.random.randbytes(2) + raw[at:],
            b"",
            b"null",
            b"[" * 50_000,
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
            b'"\xed\xa0\x80"',
            b"{} {}",
            raw + raw,
            b"\xef\xbb\xbf" + raw,
        )
        return self.random.choice(odd)

    def _presentable(self, name: str) -> Message:
        while True:
            made = self.message(name)
            try:
                json_format.MessageToDict(made)
            except (ValueError, json_format.Error, OverflowError):
                continue  # A time that JSON has no words for.
            return made

    def _fill(self, made: Message, values: Values, depth: int) -> None:
        if self._well_known(made, values):
            return
        present = 1.0 if values.wildness == 0 else 0.8
        for field in _one_of_each(cast("Descriptor", made.DESCRIPTOR), self.random):
            if self.random.random() > present or (depth >= DEEPEST and field.message_type is not None):
                continue
            if _is_map(field):
                continue
            self._set(made, field, values, depth)

    def _set(self, made: Message, field: FieldDescriptor, values: Values, depth: int) -> None:
        if field.is_repeated:
            items = getattr(made, field.name)
            for _ in range(values.count(field)):
                if field.message_type is not None:
                    self._fill(items.add(), values, depth + 1)
                else:
                    items.append(values.scalar(field))
        elif field.message_type is not None:
            if field.message_type.full_name == MASK and self.random.random() >= values.wildness:
                names = _beside(cast("Descriptor", made.DESCRIPTOR))
                getattr(made, field.name).paths.extend(self.random.sample(names, min(len(names), 2)))
            else:
                self._fill(getattr(made, field.name), values, depth + 1)
            getattr(made, field.name).SetInParent()
        elif self.random.random() < 0.75:
            setattr(made, field.name, values.scalar(field))

    def _well_known(self, made: Any, values: Values) -> bool:
        wild = self.random.random() < values.wildness
        match made.DESCRIPTOR.full_name:
            case "google.protobuf.Timestamp":
                made.seconds = self.random.choice(SECONDS) if wild else 1_800_000_000 + self.random.randrange(10**8)
                made.nanos = self.random.choice(NANOS) if wild else 0
            case "google.protobuf.Duration":
                made.seconds = self.random.choice(SECONDS) if wild else self.random.randrange(100)
                made.nanos = self.random.choice(NANOS) if wild else 0
            case "google.protobuf.FieldMask":
                made.paths.extend(self.random.choices(ODD_PATHS, k=self.random.randint(0, 3)))
            case _:
                return False
        return True

    def _bend(self, body: dict[str, Any]) -> None:
        odd = self.random.choice(ODD_JSON)
        if body and self.random.random() < 0.7:
            body[self.random.choice(list(body))] = odd
        else:
            body[self.random.choice(("unknown", "", "@type", "videoId", "__proto__"))] = odd


def know_contracts() -> None:
    """Loads the messages of every method, which are found by their names."""
    services = {method.service for method in all_methods().values()}
    for file in descriptor_set().file:
        if any(f"{file.package}.{service.name}" in services for service in file.service):
            importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")


def harmless(made: Any) -> None:
    """Keeps the scene's passwords as they are: what changes one without its consent sets the same again."""
    names: set[str] = {field.name for field in made.DESCRIPTOR.fields}
    if {"current_password", "new_password"} <= names and made.current_password == PASSWORD:
        made.new_password = PASSWORD
    if "reset_code" in names:
        made.new_password = PASSWORD


def _one_of_each(descriptor: Descriptor, random: Random) -> list[FieldDescriptor]:
    chosen = [random.choice(oneof.fields) for oneof in descriptor.oneofs]
    return [field for field in descriptor.fields if field.containing_oneof is None or field in chosen]


def _beside(descriptor: Descriptor) -> list[str]:
    """Fields of the resource that stands beside a mask."""
    resources = (one.message_type for one in descriptor.fields if one.message_type is not None)
    return [field.name for one in resources if not one.full_name.startswith("google.") for field in one.fields]


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
