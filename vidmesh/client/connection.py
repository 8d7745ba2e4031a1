"""One edge: the gRPC channel and the HTTP client to it, by its URL."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

import grpc
import grpc.aio
import httpx

from vidmesh.client.errors import ClientError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HTTP_TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=60.0, pool=None)


@dataclass(frozen=True, slots=True)
class Edge:
    """Where an installation is reached: `http://host:port` (HTTP/2 without TLS for gRPC) or `https://host[:port]`."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Edge:
        """Raises `ClientError` for what is not such a URL."""
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise ClientError(f"{url!r} is not the address of an edge, such as http://127.0.0.1:8080.") from None
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise ClientError(f"{url!r} is not the address of an edge, such as http://127.0.0.1:8080.")
        return cls(parts.scheme, parts.hostname, port)

    @property
    def authority(self) -> str:
        """Host and port, as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"{self.scheme}://{self.authority}"

    def resolve(self, path: str) -> str:
        """A path and query of an answer as a whole URL; an absolute URL stays what it is."""
        return f"{self.url}{path}" if path.startswith("/") else path

    def channel(self) -> grpc.aio.Channel:
        """A new channel. Retries are the caller's, so that there is one layer of them."""
        options = [
            ("grpc.enable_retries", 0),
            ("grpc.enable_http_proxy", 0 if self._loopback else 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
            # An edge that vanished without a word (a network that was left) is noticed while somebody waits for it.
            ("grpc.keepalive_time_ms", 15_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            # grpc 1.85 ends a connection by this time-out alone; its default is a minute.
            ("grpc.http2.ping_timeout_ms", 10_000),
            ("grpc.http2.max_pings_without_data", 0),
        ]
        if self.scheme == "https":
            return grpc.aio.secure_channel(self.authority, grpc.ssl_channel_credentials(), options)
        return grpc.aio.insecure_channel(self.authority, options)

    def http(self) -> httpx.AsyncClient:
        """A new HTTP client for parts and media."""
        limits = httpx.Limits(max_connections=16, max_keepalive_connections=16)
        return httpx.AsyncClient(timeout=_HTTP_TIMEOUT, limits=limits, trust_env=not self._loopback)

    @property
    def _loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
