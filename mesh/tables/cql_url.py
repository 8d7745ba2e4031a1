"""`cql://` URLs: which cluster, which keyspace, and how the keyspace is made where it is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from mesh.tables.errors import UnknownEngine

FORM: Final = "cql://[user:password@]host[:port][,host…]/keyspace[?replication=3&datacenter=dc1&tls=on&tablets=off]"
_PORT: Final = 9042
_KEYSPACE: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[^:\[\]@\s]+)(?::(\d{1,5}))?")
_REPLICATION: Final = re.compile(r"\d+|\w[\w-]*:\d+(,\w[\w-]*:\d+)*")
_SWITCH: Final = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class CqlTarget:
    """What a `cql://` URL says."""

    hosts: tuple[tuple[str, int], ...]
    """Hosts to ask first, with their ports; the driver learns of the others from them."""
    keyspace: str
    user: str | None = None
    password: str = ""
    datacenter: str | None = None
    """The data centre whose nodes are spoken to; None: that of the first host that answers."""
    replication: tuple[tuple[str, int], ...] = (("replication_factor", 1),)
    """Copies by data centre, or `replication_factor` for each, of a keyspace that has to be made."""
    tls: bool = False
    tablets: bool | None = None
    """ScyllaDB only: whether a keyspace that has to be made uses tablets; None leaves it to the server."""


def parse_target(url: str) -> CqlTarget:
    """Read a `cql://` URL. Raises UnknownEngine, without the URL in its sentence: it may hold a password."""
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    keyspace = parts.path.removeprefix("/")
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    found = [_HOST.fullmatch(host) for host in hosts.split(",")]
    if parts.fragment or not all(found) or not _KEYSPACE.fullmatch(keyspace):
        raise UnknownEngine(f"a CQL URL is not of the form {FORM}")
    if strange := options.keys() - {"replication", "datacenter", "tls", "tablets"}:
        raise UnknownEngine(f"a CQL URL has options that do not exist: {', '.join(sorted(strange))}; it is {FORM}")
    tablets = options.get("tablets")
    return CqlTarget(
        hosts=tuple((match[1].strip("[]"), int(match[2] or _PORT)) for match in found if match),
        keyspace=keyspace,
        user=unquote(user) or None,
        password=unquote(password),
        datacenter=options.get("datacenter"),
        replication=_replication(options.get("replication", "1")),
        tls=_switch("tls", options.get("tls", "off")),
        tablets=None if tablets is None else _switch("tablets", tablets),
    )


def _replication(value: str) -> tuple[tuple[str, int], ...]:
    if not _REPLICATION.fullmatch(value):
        raise UnknownEngine(f"replication is a number, or data centres with numbers like dc1:3,dc2:3, not {value!r}")
    if value.isdecimal():
        return (("replication_factor", int(value)),)
    return tuple((name, int(copies)) for name, copies in (one.split(":") for one in value.split(",")))


def _switch(name: str, value: str) -> bool:
    if value not in _SWITCH:
        raise UnknownEngine(f"{name} is on or off, not {value!r}")
    return _SWITCH[value]
