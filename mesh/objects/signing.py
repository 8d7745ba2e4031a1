"""Signature Version 4 in the query of a URL, with the headers that must come along signed too.

botocore's own presigning leaves the payload unsigned; here its SHA-256 is part of what is signed, so a store
refuses other bytes. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

MAX_LIFETIME = timedelta(days=7)
"""The longest that a signed URL may live, by the specification."""

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs, for which region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


def signed_query(
    credentials: Credentials,
    *,
    method: str,
    path: str,
    headers: Mapping[str, str],
    payload_sha256: str,
    now: datetime,
    lifetime: timedelta,
) -> str:
    """The query that makes `path` (already percent-encoded) good for `lifetime` from `now`.

    All `headers`, which need `host` among them, become part of the signature: a request that lacks one or has
    another value is refused.
    """
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    day = stamp[:8]
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    names = ";".join(sorted(lower))
    parameters = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(int(lifetime.total_seconds())),
        "X-Amz-SignedHeaders": names,
    }
    query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(parameters.items()))
    header_lines = "".join(f"{name}:{lower[name]}\n" for name in sorted(lower))
    request = f"{method}\n{path}\n{query}\n{header_lines}\n{names}\n{payload_sha256}"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = _signing_key(credentials.secret_key, day, credentials.region)
    return f"{query}&X-Amz-Signature={_hmac(key, to_sign).hex()}"


@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = _hmac(f"AWS4{secret}".encode(), day)
    for part in (region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
