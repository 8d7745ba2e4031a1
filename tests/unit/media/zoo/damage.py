"""Ways in which files come to harm, chosen by a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

_FLIPPED = 20
"""Bits that are turned, from the chosen place on within a few kilobytes."""
_NEAR = 4096


class Harm(StrEnum):
    """What was done."""

    CUT_OFF = "cut off"
    TURNED = "bits turned"


@dataclass(frozen=True, slots=True)
class Damage:
    """One way, at one place."""

    harm: Harm
    seed: int

    def __str__(self) -> str:
        return f"{self.harm}, {self.seed}"

    def of(self, data: bytes) -> bytes:
        """The file as it is then."""
        chance = random.Random(f"{self.harm} {self.seed}")
        at = chance.randrange(1, len(data))
        if self.harm is Harm.CUT_OFF:
            return data[:at]
        made = bytearray(data)
        for _ in range(_FLIPPED):
            made[min(len(made) - 1, at + chance.randrange(_NEAR))] ^= 1 << chance.randrange(8)
        return bytes(made)


def damages(places: int) -> tuple[Damage, ...]:
    """Each way at so many places."""
    return tuple(Damage(harm, seed) for harm in Harm for seed in range(places))
