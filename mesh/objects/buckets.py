"""Whether the buckets are there, asked before anything else: by one signed request, without an S3 library."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from mesh.objects.errors import ObjectsRefused, ObjectsUnavailable
from mesh.objects.signing import Credentials, signed_query

_SECONDS: Final = 10.0
_LIFETIME: Final = timedelta(minutes=5)


def ensure_bucket(endpoint: str, credentials: Credentials, bucket: str) -> None:
    """Make a bucket where it is missing. Blocking. Raises ObjectsUnavailable, ObjectsRefused."""
    there = _ask(endpoint, credentials, "HEAD", bucket)
    if there != http.client.NOT_FOUND:
        _judge(bucket, there, lambda status: status == http.client.OK)
        return
    # Another process may have made it in between.
    made = _ask(endpoint, credentials, "PUT", bucket)
    _judge(bucket, made, lambda status: status in (http.client.OK, http.client.CONFLICT))


def _ask(endpoint: str, credentials: Credentials, method: str, bucket: str) -> int:
    parts = urlsplit(endpoint)
    path = f"/{quote(bucket, safe='')}"
    query = signed_query(
        credentials,
        method=method,
        path=path,
        headers={"host": parts.netloc},
        payload_sha256="UNSIGNED-PAYLOAD",
        now=datetime.now(UTC),
        lifetime=_LIFETIME,
    )
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_SECONDS)
    try:
        connection.request(method, f"{path}?{query}")
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException) as error:
        raise ObjectsUnavailable(f"bucket {bucket}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _judge(bucket: str, status: int, good: Callable[[int], bool]) -> None:
    if good(status):
        return
    if status >= http.client.INTERNAL_SERVER_ERROR or status == http.client.TOO_MANY_REQUESTS:
        raise ObjectsUnavailable(f"bucket {bucket}: {status}")
    raise ObjectsRefused(f"bucket {bucket}: {status}")
