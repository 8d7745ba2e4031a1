"""What a call must come to, by the words of the contracts: options.proto (Access, Relation, Scope) and Visibility.

Nothing here is taken from the code: this is the table that the code is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from mesh.policy import Policy
from vidmesh.options.v1.options_pb2 import Access, Relation, Scope


class Part(Enum):
    """What somebody has to do with the channel."""

    NONE = "none"
    MANAGER = "manager"
    OWNER = "owner"


class Kind(Enum):
    """What a request can name, and the reason by which it is as if it did not exist."""

    VIDEO = "VIDEO_NOT_FOUND"
    UPLOAD = "UPLOAD_NOT_FOUND"
    CHANNEL = "CHANNEL_NOT_FOUND"
    SESSION = "SESSION_NOT_FOUND"
    API_TOKEN = "API_TOKEN_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who calls, as the contracts see it."""

    name: str
    part: Part = Part.NONE
    signed_in: bool = True
    administrator: bool = False
    ended: bool = False
    """The sign-in was ended; its access token has not expired yet."""
    scopes: frozenset[Scope.ValueType] | None = None
    """None for a sign-in."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request names; always of the owner's."""

    name: str
    kind: Kind
    open: bool = False
    """Everybody who knows its id may see it."""
    listed: bool = False
    """Everybody sees it in lists."""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered. `code` is empty where the call goes through to what it is for."""

    code: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.reason}" if self.code else "allowed"


ALLOWED: Final = Verdict()
NO_ROUTE: Final = Verdict("UNIMPLEMENTED", "NO_SUCH_METHOD")
ENDED: Final = Verdict("UNAUTHENTICATED", "INVALID_TOKEN")
SIGN_IN: Final = Verdict("UNAUTHENTICATED", "SIGN_IN_REQUIRED")
NO_SCOPE: Final = Verdict("PERMISSION_DENIED", "SCOPE_MISSING")
DENIED: Final = Verdict("PERMISSION_DENIED", "PERMISSION_DENIED")


def expected(  # noqa: PLR0911 (a table, read from above)
    policy: Policy, who: Standing, subject: Subject | None, *, uses: bool = False, administered: bool = False
) -> Verdict:
    """What a call through an edge comes to.

    `uses`: a deleted video may be read by its people, but not used. `administered`: TranscodeService says that
    administrators may ask what a channel's people may.
    """
    if policy.access == Access.ACCESS_SERVICE:
        return NO_ROUTE
    if who.ended:
        return ENDED
    if who.scopes is not None and policy.scope not in who.scopes:
        return NO_SCOPE
    if policy.access != Access.ACCESS_PUBLIC and not who.signed_in:
        return SIGN_IN
    if policy.access == Access.ACCESS_ADMINISTRATOR and not who.administrator:
        return DENIED
    if subject is None or policy.relation == Relation.RELATION_UNSPECIFIED:
        return ALLOWED
    if not sees(who, subject) or (uses and subject.deleted):
        return Verdict("NOT_FOUND", subject.kind.value)
    return ALLOWED if stands(policy.relation, who) or (administered and who.administrator) else DENIED


def stands(relation: Relation.ValueType, who: Standing) -> bool:
    """Whether who sees a resource stands to it as the method asks."""
    return {
        Relation.RELATION_VIEWER: True,
        Relation.RELATION_CHANNEL_MEMBER: who.part in (Part.OWNER, Part.MANAGER),
        Relation.RELATION_CHANNEL_OWNER: who.part is Part.OWNER,
        Relation.RELATION_SELF: who.part is Part.OWNER,
    }[relation]


def sees(who: Standing, subject: Subject) -> bool:
    """Whether it exists for somebody who knows its id."""
    match subject.kind:
        case Kind.CHANNEL:
            return True
        case Kind.VIDEO:
            # Administrators run the installation, what is private included.
            return subject.open or who.part is not Part.NONE or who.administrator
        case Kind.UPLOAD:
            return who.part is not Part.NONE
        case Kind.SESSION | Kind.API_TOKEN:
            return who.part is Part.OWNER


def finds(who: Standing, subject: Subject) -> bool:
    """Whether it stands in the list that somebody sees of the channel's videos."""
    inside = who.part is not Part.NONE or who.administrator
    return not subject.deleted and (subject.listed or inside)


def shown_to_all(_who: Standing, subject: Subject) -> bool:
    """Whether it stands in the installation's list, which is the same for everybody."""
    return subject.listed and not subject.deleted
