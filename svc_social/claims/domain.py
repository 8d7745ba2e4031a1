"""What a claim is, and who wins a name that two want.

A claim row says who wants a name; whether that owner really holds it is said by the owner's own row, which is written
after the claim and which nobody can write twice. So no step needs two partitions to change together:

1. claim each name (insert if absent);
2. insert the owner's row: the one step that decides;
3. nothing. There is no confirmation that could be forgotten.

Who died between 1 and 2 left a claim whose owner does not exist. Somebody who wants the name first makes sure that it
never will, by inserting a gravestone under the owner's id, and then takes the claim over by compare-and-set. A slow
owner that comes back finds the gravestone and fails. The age of a claim is about patience only, never about safety.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Final

PATIENCE: Final = timedelta(seconds=30)
"""How long an owner may take to come to exist, before another may bury it: three times the deadline of a call."""


class ClaimKind(StrEnum):
    """The spaces that names are unique in. Values are stored."""

    EMAIL = "email"
    HANDLE = "handle"
    """Usernames and channel handles share one space."""
    ADMINISTRATOR = "administrator"
    """The first administrator's place, which holds one name only."""


class OwnerKind(StrEnum):
    """Whose row decides. Values are stored."""

    ACCOUNT = "account"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Claim:
    """A name in a space, in normal form."""

    kind: ClaimKind
    name: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who wants a name."""

    kind: OwnerKind
    id: str


FIRST_ADMINISTRATOR: Final = Claim(ClaimKind.ADMINISTRATOR, "first")


def email_claim(email: str) -> Claim:
    """The claim to an e-mail address, compared without regard to case."""
    return Claim(ClaimKind.EMAIL, normal_email(email))


def handle_claim(handle: str) -> Claim:
    """The claim to a handle, compared without regard to case."""
    return Claim(ClaimKind.HANDLE, normal_handle(handle))


def normal_email(email: str) -> str:
    """The form that addresses are stored and compared in."""
    return email.strip().lower()


def normal_handle(handle: str) -> str:
    """The form that handles are stored and compared in, without the `@` that shows them."""
    return handle.removeprefix("@").lower()


@dataclass(frozen=True, slots=True)
class Buried:
    """What a store finds under the id of an owner that will never exist."""


class Standing(Enum):
    """How an owner stands to a name that its claim says it wants."""

    HELD = "the owner exists and has this name"
    VOID = "the owner is buried, or exists with another name: it can never have this one"
    OPEN = "the owner does not exist yet"


class Step(Enum):
    """What somebody else who wants the name does next."""

    GIVE_UP = "the name is taken"
    TAKE_OVER = "replace the claim, if it is still this one"
    WAIT = "look again shortly: its owner may be about to exist"
    BURY = "make sure that its owner never exists, then look again"


def next_step(standing: Standing, age: timedelta) -> Step:
    """What to do about a claim of this age whose owner stands so."""
    match standing:
        case Standing.HELD:
            return Step.GIVE_UP
        case Standing.VOID:
            return Step.TAKE_OVER
        case Standing.OPEN:
            return Step.BURY if age >= PATIENCE else Step.WAIT
