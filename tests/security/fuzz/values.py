"""Values of fields, drawn by the descriptor: such as the contract takes, at its boundaries, and beyond them."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from tests.security.fuzz.pool import Pool
from tests.security.matrix.scene import PASSWORD

RULES: Final = "buf.validate.field"
BOUNDS: Final = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
HOSTILE: Final = (
    "",
    " ",
    "\0",
    "a\0b",
    "\r\nx-vidmesh-country: XX",
    "\x7f\x1b[31m",
    "../../etc/passwd",
    "..%2f..%2f",
    "%00",
    "%",
    "{}{0}%s%n",
    "' OR 1=1; --",
    '"}',
    "<script>",
    "-",
    "--help",
    "null",
    "NaN",
    "0",
    "-1",
    "1e999",
    "💥",
    "e\u0301\u202e\ufeff",
    "İıſK",
    "\ud7ff\ue000\uffff",
    "\U0010ffff",
    "00000000-0000-0000-0000-000000000000",
    "AAAAAAAAAAA",
    "-AAAAAAAAAA",
    "a" * 29 + ".",
    "x" * 5_001,
    "é" * 70_000,
)
NUMBERS: Final = (0, 1, 2, 7, 50, 100, 101, 1000, 65_536, 10**9)
DOUBLES: Final = (0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf)
LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Values:
    """Draws values for one request."""

    random: Random
    pool: Pool
    wildness: float
    """How often a value is meant to be wrong: 0 never, 1 always."""

    def scalar(self, field: FieldDescriptor) -> Any:  # noqa: PLR0911 (one return a kind)
        """For a field, or an item of a repeated one."""
        wild = self.random.random() < self.wildness
        match field.cpp_type:
            case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
                return self._bytes(field, wild)
            case FieldDescriptor.CPPTYPE_STRING:
                # By a generator of its own: what is drawn next must not depend on what is known by now.
                return replace(self, random=Random(self.random.random()))._text(field, wild)
            case FieldDescriptor.CPPTYPE_BOOL:
                return self.random.random() < 0.5
            case FieldDescriptor.CPPTYPE_ENUM:
                if wild:
                    return self.random.choice((0, 99, -1, 2**31 - 1, -(2**31)))
                assert field.enum_type is not None
                return self.random.choice(field.enum_type.values).number
            case FieldDescriptor.CPPTYPE_DOUBLE:
                return self.random.choice(DOUBLES) if wild else self.random.uniform(0, 1000)
            case FieldDescriptor.CPPTYPE_FLOAT:
                return self.random.choice((0.0, math.nan, math.inf)) if wild else self.random.random()
            case kind:
                return self._number(BOUNDS[kind], rules_of(field), wild)

    def count(self, field: FieldDescriptor) -> int:
        """How many items a repeated field gets."""
        most = getattr(getattr(rules_of(field), "repeated", None), "max_items", 0) or 10
        if self.random.random() < self.wildness:
            return self.random.choice((0, most, most + 1, 500))
        return self.random.randint(1, min(most, 4))

    def _text(self, field: FieldDescriptor, wild: bool) -> str:  # noqa: PLR0911 (one return a kind)
        if wild:
            if self.random.random() < 0.3:
                return self._altered(self.pool.draw(self.random, field.name) or self._uuid())
            return self.random.choice(HOSTILE)
        if self.random.random() < 0.8 and (known := self.pool.draw(self.random, field.name)) is not None:
            return known
        rules = getattr(rules_of(field), "string", None)
        if rules is None:
            return self._word(self.random.randint(0, 12))
        if rules.uuid:
            return self._uuid()
        if "10}" in rules.pattern:
            return self._word(11)
        if rules.email:
            return f"{self._word(9)}@example.org"
        if "password" in field.name:
            return PASSWORD
        least = max(rules.min_len, 3 if rules.pattern else 0)
        most = rules.max_len or 30
        return self._word(
            self.random.choice((least, min(most, least + 9), most if self.random.random() < 0.2 else least))
        )

    def _bytes(self, field: FieldDescriptor, wild: bool) -> bytes:
        if wild:
            return self.random.randbytes(self.random.choice((0, 1, 31, 33, 70_000)))
        return self.random.randbytes(getattr(getattr(rules_of(field), "bytes", None), "len", 0) or 32)

    def _number(self, bounds: tuple[int, int], rules: Any, wild: bool) -> int:
        low, high = bounds
        if wild:
            return self.random.choice((low, low + 1, 0, high, high - 1, self.random.randint(low, high)))
        kind = rules.WhichOneof("type") if rules is not None else None
        limits = getattr(rules, kind) if kind else None
        stated = {descriptor.name: value for descriptor, value in limits.ListFields()} if limits is not None else {}
        least = stated.get("gte", stated.get("gt", -1) + 1)
        most = stated.get("lte", stated.get("lt", high + 1) - 1)
        drawn = self.random.choice((least, most, *NUMBERS))
        return min(max(drawn, least, low), most, high)

    def _altered(self, text: str) -> str:
        at = self.random.randrange(len(text) + 1)
        match self.random.randrange(4):
            case 0:
                return text[:at]
            case 1:
                return text[:at] + self.random.choice(LETTERS) + text[at + 1 :]
            case 2:
                return text.swapcase()
            case _:
                return text[:at] + self.random.choice(HOSTILE[:28]) + text[at:]

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _word(self, length: int) -> str:
        return "".join(self.random.choices(LETTERS, k=length))


def rules_of(field: FieldDescriptor) -> Any:
    """What protovalidate is told about the field; None where nothing is said."""
    for extension, value in field.GetOptions().ListFields():
        if extension.full_name == RULES:
            return value
    return None
