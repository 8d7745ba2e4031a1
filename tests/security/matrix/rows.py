"""How to call one method for the matrix: the request it takes, and what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from tests.security.matrix.rules import Standing, Subject, sees
from tests.security.matrix.scene import Caller, Scene

Build = Callable[[Scene, Caller, str], Message]
"""From a subject's id (empty where the method names nothing) to the request."""


@dataclass(frozen=True, slots=True)
class Row:
    """How to call one method."""

    build: Build
    subjects: tuple[Subject, ...] = ()
    business: frozenset[str] = frozenset()
    """Reasons that are as good as an answer: the call was let in, and found something else."""
    uses: bool = False
    """A deleted video is not there for it, even for its people."""
    administered: bool = False
    """Administrators may do it as well, as its service says."""
    shows: Callable[[Any, str], bool] | None = None
    """For methods that leave out what is not visible: whether the answer has the subject."""
    whom: Callable[[Standing, Subject], bool] = sees
    """For those methods: whom they show which subject."""
    fresh: Callable[[Scene], str] | None = None
    """Makes the subject, which a call that is let in uses up."""
    afterwards: Callable[[Scene, Subject], None] | None = None
    """Puts the subject back as it was, after a call that was let in."""


def plain(message: type[Message], **fields: Any) -> Build:
    """The same request whoever calls."""
    return lambda _scene, _caller, _subject: message(**fields)


def of(message: type[Message], name: str, **fields: Any) -> Build:
    """A request that names its subject in this field."""
    return lambda _scene, _caller, subject: message(**{name: subject}, **fields)
