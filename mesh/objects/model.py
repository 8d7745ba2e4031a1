"""What the object store tells about its objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object as listed or looked up."""

    key: str
    size: int
    """Bytes."""
    etag: str
    """Opaque: changes with the content, says nothing else."""
    modified: datetime
    content_type: str = ""
    """Empty in listings, which do not say it."""
    cache_control: str = ""
    """As `content_type`."""


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """Some objects in the order of their keys (by UTF-8 bytes); `cursor` is None exactly when nothing more follows."""

    objects: tuple[ObjectInfo, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class SignedPut:
    """Permission to write one object once: a PUT to `url` with exactly these headers and that body.

    `url` is a path with its query, to be appended to the name of whichever edge is at hand; the edge rewrites
    Host to the internal one that the signature covers.
    """

    url: str
    headers: Mapping[str, str]
