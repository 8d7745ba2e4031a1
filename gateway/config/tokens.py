"""Which token a route asks for, and how it is verified (the jwt_authn filter).

The edge refuses calls that cannot succeed; services verify the same token again for themselves.
"""

from __future__ import annotations

from typing import Final

from gateway.config.names import ACCESS_KEY_HEADER, GRANT_HEADER, JWT, SESSION_HEADER, SUBJECT_HEADER
from gateway.config.plain import Plain, extension, typed
from mesh.grants import ISSUER as GRANT_ISSUER
from mesh.identity import AUTHORIZATION, LEEWAY

ACCESS_TOKEN: Final = "access-token"  # noqa: S105 (the name of a requirement)
"""Requirement: a good access token."""
OPTIONAL_ACCESS_TOKEN: Final = "optional-access-token"  # noqa: S105 (likewise)
"""Requirement: no access token, or a good one."""
GRANT: Final = "grant"
"""Requirement: a good grant, which `MEDIA_PATH` found in the path."""
NOTHING: Final = "nothing"
"""Stated where neither is looked at."""

TYPE: Final = "filters.http.jwt_authn.v3.JwtAuthentication"


def jwt_filter(issuer: str, access_jwks: str, grant_jwks: str) -> Plain:
    """The filter with the public keys (JWK sets) of those who sign in and of those who grant."""
    common = {"require_expiration": True, "clock_skew_seconds": int(LEEWAY.total_seconds())}
    return extension(
        JWT,
        TYPE,
        providers={
            ACCESS_TOKEN: {
                "issuer": issuer,
                "local_jwks": {"inline_string": access_jwks},
                "from_headers": [{"name": AUTHORIZATION, "value_prefix": "Bearer "}],
                "forward": True,
                "claim_to_headers": [
                    {"header_name": SESSION_HEADER, "claim_name": "sid"},
                    {"header_name": SUBJECT_HEADER, "claim_name": "sub"},
                ],
                "jwt_cache_config": {"jwt_cache_size": 1000},
                **common,
            },
            GRANT: {
                "issuer": GRANT_ISSUER,
                "local_jwks": {"inline_string": grant_jwks},
                "from_headers": [{"name": GRANT_HEADER}],
                "forward": False,
                "payload_in_metadata": "payload",
                "claim_to_headers": [{"header_name": ACCESS_KEY_HEADER, "claim_name": "acc"}],
                "jwt_cache_config": {"jwt_cache_size": 5000},
                **common,
            },
        },
        # What is wrong is said by `replies.py`, without addresses of what stands behind the edge.
        strip_failure_response=True,
        requirement_map={
            ACCESS_TOKEN: {"provider_name": ACCESS_TOKEN},
            OPTIONAL_ACCESS_TOKEN: {
                "requires_any": {"requirements": [{"provider_name": ACCESS_TOKEN}, {"allow_missing": {}}]}
            },
            GRANT: {"provider_name": GRANT},
        },
    )


def asks_for(requirement: str) -> Plain:
    """Per-route configuration of the filter."""
    per_route = "filters.http.jwt_authn.v3.PerRouteConfig"
    if requirement == NOTHING:
        return typed(per_route, disabled=True)
    return typed(per_route, requirement_name=requirement)
