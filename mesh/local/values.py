"""Settings as plain values: for the parts, with everything; for a person, without secrets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from mesh.config import Settings

HIDDEN = "***"
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*@|(?<=://)[^/@\s]+@")


def plain(settings: Settings) -> dict[str, object]:
    """Every value, secrets included, as a configuration file holds it."""
    return {name: _plain(value) for name, value in settings}


def redacted(settings: Settings) -> dict[str, object]:
    """The same for eyes: secrets that are set, and passwords in addresses, are `***`; empty ones stay empty."""
    return {name: _redacted(value) for name, value in settings}


def _plain(value: object) -> object:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case timedelta():
            seconds = value.total_seconds()
            return int(seconds) if seconds.is_integer() else seconds
        case BaseModel():
            return {name: _plain(inner) for name, inner in value}
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case tuple() | list():
            return [_plain(inner) for inner in value]
        case _:
            return value


def _redacted(value: object) -> object:
    match value:
        case SecretStr():
            return HIDDEN if value.get_secret_value() else ""
        case str():
            return _PASSWORD_IN_URL.sub(lambda found: f"{found[1]}:{HIDDEN}@" if found[1] else f"{HIDDEN}@", value)
        case BaseModel():
            return {name: _redacted(inner) for name, inner in value}
        case dict():
            return {str(name): _redacted(inner) for name, inner in value.items()}
        case tuple() | list():
            return [_redacted(inner) for inner in value]
        case _:
            return _plain(value)
