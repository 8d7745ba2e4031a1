"""The certificate that edges show: read from files, and followed when they are renewed.

A pair that an edge could not use never reaches one: it would refuse it, and a new edge would not listen at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from structlog.typing import FilteringBoundLogger

from gateway.config.tls import Certificate
from mesh.config import ConfigurationError, Settings

LOOK_EVERY: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Two PEM files: the chain, the edge's own certificate first, and its key."""

    chain: Path
    key: Path

    @classmethod
    def of(cls, settings: Settings) -> CertificateFiles | None:
        """As the configuration names them; None where the edge speaks no TLS. Raises ConfigurationError."""
        edge = settings.edge
        if bool(edge.tls_certificate) != bool(edge.tls_key):
            raise ConfigurationError("edge.tls_certificate and edge.tls_key go together: one of them is not set.")
        if not edge.tls:
            return None
        return cls(settings.file(edge.tls_certificate), settings.file(edge.tls_key))

    def read(self) -> Certificate:
        """The pair as it is now. Raises ConfigurationError where it is none that viewers could be shown."""
        try:
            chain, key = self.chain.read_text(encoding="ascii"), self.key.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The certificate of the edge cannot be read: {error}.") from error
        _check(chain, key)
        return Certificate(chain, key)

    async def follow(self, shown: Certificate, show: Callable[[Certificate], None], log: FilteringBoundLogger) -> None:
        """Until cancelled: `show` every pair that differs from the one before. A bad one is logged and passed over."""
        complaint = ""
        while True:
            try:
                found = await asyncio.to_thread(self.read)
            except ConfigurationError as error:
                # Half of a renewed pair may be there a moment before the other.
                if str(error) != complaint:
                    log.warning("keeping the certificate of the edge", why=str(error))
                complaint = str(error)
            else:
                complaint = ""
                if found != shown:
                    show(found)
                shown = found
            await asyncio.sleep(LOOK_EVERY.total_seconds())


def _check(chain: str, key: str) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(chain.encode())
        private = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError("The certificate of the edge or its key is no PEM that can be read.") from error
    own = certificates[0]
    as_written = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own.public_key().public_bytes(*as_written) != private.public_key().public_bytes(*as_written):
        raise ConfigurationError("The certificate of the edge belongs to another key.")
