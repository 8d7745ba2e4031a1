"""TLS towards viewers: the certificate comes as a resource of its own (SDS), so that renewing it cuts no connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.config.names import EDGE_CERTIFICATE
from gateway.config.plain import FROM_ADS, Plain, extension
from mesh.certificates import Certificate

HSTS: Final = f"max-age={int(timedelta(days=365).total_seconds())}"


def viewers_tls() -> Plain:
    """The listener's transport socket: TLS 1.2 and 1.3, HTTP/2 where the client can."""
    return extension(
        "envoy.transport_sockets.tls",
        "transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificate_sds_secret_configs": [{"name": EDGE_CERTIFICATE, "sds_config": FROM_ADS}],
        },
    )


def certificate_secret(certificate: Certificate) -> Plain:
    """The certificate and its key as the edge takes them."""
    return {
        "name": EDGE_CERTIFICATE,
        "tls_certificate": {
            "certificate_chain": {"inline_string": certificate.chain},
            "private_key": {"inline_string": certificate.key},
        },
    }
