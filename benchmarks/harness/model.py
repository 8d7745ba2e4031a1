"""What a benchmark is, and what it gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should be."""

    sense: Literal["≤", "≥"]
    bound: float

    def met(self, value: float) -> bool:
        """Whether this figure is as it should be."""
        return value <= self.bound if self.sense == "≤" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sense} {self.bound:g}"


def at_most(bound: float) -> Aim:
    """Less is better."""
    return Aim("≤", bound)


def at_least(bound: float) -> Aim:
    """More is better."""
    return Aim("≥", bound)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `unit` is "" for a plain number, "×" for a ratio; without an aim it is there to explain others."""

    name: str
    value: float | None
    """None where this machine lacks what it needs; `unit` says then what that is, or against what it would be."""
    unit: str
    aim: Aim | None = None

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none, or no figure."""
        return None if self.aim is None or self.value is None else self.aim.met(self.value)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to spend. A quick run stays under a minute."""

    quick: bool

    @property
    def rounds(self) -> int:
        """Times that each side is measured; the median counts."""
        return 3 if self.quick else 5

    def pick(self, whole: int, quick: int) -> int:
        """A size of work."""
        return quick if self.quick else whole


class NothingToMeasure(Exception):  # noqa: N818 (it says what is the case)
    """This machine has not got what a benchmark measures; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One question with its figures. The module that holds it gives it its name."""

    title: str
    """What is asked, in a line."""
    run: Callable[[Effort], Awaitable[Sequence[Row]]]
    """Measures. It cleans up after itself, and raises NothingToMeasure where this machine lacks what it needs."""
