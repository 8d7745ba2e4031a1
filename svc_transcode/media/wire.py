"""The lines that a media child and its parent exchange: one JSON object a line, over the child's stdin and stdout.

The parent speaks first with an `Order`. Then the child may ask for a part at any time and waits for the answer; it
tells of its progress now and then; its last line is a result, a refusal, or the part that it could not get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from svc_transcode.media.errors import RejectReason, Spent
from svc_transcode.media.jobs import Job, Result
from svc_transcode.media.limits import ChildLimits

MAX_LINE = 64 << 20
"""Bytes of the longest line: a twelve-hour source's probe, with its index, is well below."""


@dataclass(frozen=True, slots=True)
class Order:
    """Parent → child, the first line."""

    job: Annotated[Job, Field(discriminator="kind")]
    limits: ChildLimits
    parent: int
    """The parent's process id."""
    sources: str
    """The folder that all parts lie under; the child can read no other, but for code."""


@dataclass(frozen=True, slots=True)
class Need:
    """Child → parent: where is this part? The same part may be asked for again: the child keeps few open."""

    part: int
    say: Literal["need"] = "need"


@dataclass(frozen=True, slots=True)
class Here:
    """Parent → child: a file that holds the part and stays until the child's next question."""

    path: str
    say: Literal["here"] = "here"


@dataclass(frozen=True, slots=True)
class Gone:
    """Parent → child: the part cannot be had."""

    why: str
    say: Literal["gone"] = "gone"


@dataclass(frozen=True, slots=True)
class Progress:
    """Child → parent: frames (or, for sound, segments) done so far."""

    done: int
    say: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Done:
    result: Annotated[Result, Field(discriminator="kind")]
    say: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: RejectReason
    sentence: str
    say: Literal["rejected"] = "rejected"


@dataclass(frozen=True, slots=True)
class Unavailable:
    part: int
    why: str
    say: Literal["unavailable"] = "unavailable"


@dataclass(frozen=True, slots=True)
class Exhausted:
    spent: Spent
    say: Literal["exhausted"] = "exhausted"


Answer = Here | Gone
Last = Done | Rejected | Unavailable | Exhausted
Word = Need | Progress | Last

ORDER: TypeAdapter[Order] = TypeAdapter(Order)
ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="say")])
WORD: TypeAdapter[Word] = TypeAdapter(Annotated[Word, Field(discriminator="say")])
