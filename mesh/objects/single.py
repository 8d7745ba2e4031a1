"""Single objects by signed requests, without an S3 library: for what must not load one."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, TracebackType
from typing import Final, Self
from urllib.parse import quote, urlsplit

from mesh.config import ObjectSettings
from mesh.objects.errors import ObjectsRefused, ObjectsUnavailable
from mesh.objects.signing import Credentials, signed_query

_SECONDS: Final = 30.0
_LIFETIME: Final = timedelta(minutes=5)
NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store said."""

    status: int
    body: bytes


class SingleObjects:
    """One connection to a bucket, one request at a time. Blocking. Raises ObjectsUnavailable, ObjectsRefused."""

    def __init__(self, settings: ObjectSettings, bucket: str) -> None:
        self._credentials = Credentials(settings.access_key, settings.secret_key.get_secret_value(), settings.region)
        self._bucket = bucket
        parts = urlsplit(settings.endpoint)
        self._host = parts.netloc
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(self._host, timeout=_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, key: str) -> bytes | None:
        """A small object's bytes; None where there is none."""
        answer = self._ask("GET", key)
        if answer.status == http.client.NOT_FOUND:
            return None
        self._judge(key, answer)
        return answer.body

    def put(self, key: str, data: bytes, *, content_type: str, cache_control: str) -> None:
        """Writes a whole object, instead of what was there."""
        self._judge(key, self._ask("PUT", key, data, {"content-type": content_type, "cache-control": cache_control}))

    def delete(self, key: str) -> None:
        """Deletes an object; one that is not there is no error."""
        answer = self._ask("DELETE", key)
        if answer.status not in {http.client.NO_CONTENT, http.client.NOT_FOUND}:
            self._judge(key, answer)

    def _ask(self, method: str, key: str, body: bytes = b"", headers: Mapping[str, str] = NONE) -> Answer:
        path = f"/{quote(self._bucket, safe='')}/{quote(key, safe='/-_.~')}"
        signed = {"host": self._host, **headers}
        query = signed_query(
            self._credentials,
            method=method,
            path=path,
            headers=signed,
            payload_sha256="UNSIGNED-PAYLOAD",
            now=datetime.now(UTC),
            lifetime=_LIFETIME,
        )
        try:
            self._connection.request(method, f"{path}?{query}", body, dict(headers))
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ObjectsUnavailable(f"{self._bucket}/{key}: {type(error).__name__}: {error}") from error

    def _judge(self, key: str, answer: Answer) -> None:
        if answer.status == http.client.OK:
            return
        what = f"{self._bucket}/{key}: {answer.status}"
        if answer.status >= http.client.INTERNAL_SERVER_ERROR or answer.status == http.client.TOO_MANY_REQUESTS:
            raise ObjectsUnavailable(what)
        raise ObjectsRefused(what)
