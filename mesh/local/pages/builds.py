"""Which builds lie in the store, and from when on the files of an earlier one may go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter, ValidationError

KEPT: Final = timedelta(days=14)
"""Pages that are open load their parts when somebody goes there; one that is open for longer is loaded anew."""


@dataclass(frozen=True, slots=True)
class Published:
    """A build that was brought into the store."""

    digest: str
    files: tuple[str, ...]
    """Names, as in the build."""
    replaced: datetime | None = None
    """When another one took its place; None for the one that is served."""


_RECORD: Final = TypeAdapter(tuple[Published, ...])


def read(record: bytes | None) -> tuple[Published, ...]:
    """The builds of a record; none of what is no record."""
    try:
        return _RECORD.validate_json(record or b"[]")
    except ValidationError:
        return ()


def written(builds: Iterable[Published]) -> bytes:
    """The record of these builds."""
    return _RECORD.dump_json(tuple(builds))


def with_served(builds: Sequence[Published], digest: str, files: Iterable[str], now: datetime) -> tuple[Published, ...]:
    """The same with this build served from `now` on, and every other one replaced, at the latest now."""
    others = (replace(one, replaced=one.replaced or now) for one in builds if one.digest != digest)
    return (*others, Published(digest, tuple(files)))


def expired(builds: Sequence[Published], now: datetime) -> tuple[tuple[Published, ...], frozenset[str]]:
    """The builds that stay, and the names of files that none of these has."""
    stay = tuple(one for one in builds if one.replaced is None or now - one.replaced < KEPT)
    needed = {file for one in stay for file in one.files}
    return stay, frozenset(file for one in builds for file in one.files) - needed
