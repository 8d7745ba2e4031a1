"""Certificates with their keys, as files hold them (PEM, RFC 7468)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from mesh.config import ConfigurationError, Settings

RENEW_WITHIN: Final = timedelta(days=14)
"""Less is left only where whatever renews it has failed: issuers that renew by themselves do so with a month left."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A chain and the key of its first certificate."""

    chain: str
    """PEM, the holder's own certificate first."""
    key: str = field(repr=False)
    """PEM, not encrypted."""
    expires: datetime
    """When the first one does; UTC."""

    def concern(self, now: datetime) -> str:
        """What is to be said of its end; empty where that is far."""
        if self.expires <= now:
            return f"The certificate of the edge expired on {self.expires:%Y-%m-%d}: renew it"
        if self.expires - now <= RENEW_WITHIN:
            return f"The certificate of the edge expires on {self.expires:%Y-%m-%d}: renew it"
        return ""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where a certificate is kept."""

    chain: Path
    key: Path

    @classmethod
    def of_edge(cls, settings: Settings) -> CertificateFiles | None:
        """As the configuration names them; None where the edge speaks no TLS. Raises ConfigurationError."""
        edge = settings.edge
        if bool(edge.tls_certificate) != bool(edge.tls_key):
            raise ConfigurationError("edge.tls_certificate and edge.tls_key go together: one of them is not set.")
        if not edge.tls:
            return None
        return cls(settings.file(edge.tls_certificate), settings.file(edge.tls_key))

    def read(self) -> Certificate:
        """What they hold now. Raises ConfigurationError where they hold nothing that could be shown to anybody."""
        try:
            chain, key = self.chain.read_text(encoding="ascii"), self.key.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The certificate of the edge cannot be read: {error}.") from error
        return certificate(chain, key)


def certificate(chain: str, key: str) -> Certificate:
    """The pair, which is one. Raises ConfigurationError."""
    try:
        own = x509.load_pem_x509_certificates(chain.encode())[0]
        private = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError("The certificate of the edge or its key is no PEM that can be read.") from error
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise ConfigurationError("The certificate of the edge belongs to another key.")
    return Certificate(chain, key, own.not_valid_after_utc)
