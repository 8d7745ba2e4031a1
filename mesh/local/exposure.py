"""Who can reach a stack, and whether that is safe: asked before anything listens.

Only the edge is ever reachable from other machines. Bus, object store and services listen on loopback.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mesh.certificates import CertificateFiles
from mesh.config import ConfigurationError
from mesh.local.errors import StackError

if TYPE_CHECKING:
    from mesh.config import Settings

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared with, never listened on)


def check(settings: Settings) -> None:
    """Raises `StackError` with what is unsafe, or cannot work, and what to do about it."""
    for problem in problems(settings):
        raise StackError(problem)


def problems(settings: Settings) -> Iterator[str]:
    """Why `up` refuses these settings; each is a sentence with its remedy."""
    edge = settings.edge
    yield from _certificate_problems(settings)
    guarded = edge.tls or edge.trusted_proxies > 0 or edge.insecure
    if not is_loopback(edge.host) and not guarded:
        yield (
            f"On {edge.host} other machines could reach this stack, and passwords and videos could be read on the way: "
            "set edge.tls_certificate and edge.tls_key; or edge.trusted_proxies, where a proxy of yours ends TLS; or "
            "edge.insecure = true, on a network that you trust"
        )
    if edge.host in EVERYWHERE and not edge.public_url:
        yield f"{edge.host} is no address that viewers could be sent to: say how they reach it, by --public-url"
    if edge.public_url and not _is_origin(edge.public_url):
        yield f"{edge.public_url} is no address of the form https://name or https://name:port, without a path"
    if edge.tls and edge.public_url and not edge.public_url.startswith("https://"):
        yield f"The edge speaks TLS alone, so viewers cannot be sent to {edge.public_url}: give an https:// address"
    for name, address in settings.services.items():
        if not is_loopback(address.rpartition(":")[0].strip("[]")):
            yield f"services.{name} is {address}: all parts of a one-machine stack but the edge stay on loopback"


def is_reachable(settings: Settings) -> bool:
    """Whether others than this machine's users may be meant to reach the edge."""
    host = urlsplit(settings.edge.public_url).hostname or settings.edge.host
    return not is_loopback(settings.edge.host) or not is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens here. A name counts as reachable, but for `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _certificate_problems(settings: Settings) -> Iterator[str]:
    try:
        files = CertificateFiles.of_edge(settings)
        found = files.read() if files else None
    except ConfigurationError as error:
        yield str(error).rstrip(".")
        return
    now = datetime.now(UTC)
    if found is not None and found.expires <= now:
        yield found.concern(now)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and not (parts.path or parts.query or parts.fragment or parts.username)
    )
