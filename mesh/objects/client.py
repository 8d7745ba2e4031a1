"""The objects of one installation: every call a service makes of its S3."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from mesh.config import ObjectSettings
from mesh.objects.buckets import ensure_bucket
from mesh.objects.errors import ObjectDamaged, ObjectMissing, ObjectsUnavailable
from mesh.objects.failures import translated
from mesh.objects.files import Sink, sha256_of
from mesh.objects.model import ObjectInfo, ObjectPage, SignedPut
from mesh.objects.signing import MAX_LIFETIME, Credentials, signed_query

MAX_LIST: Final = 1000
"""Most objects of one page, which is S3's."""

_CHUNK: Final = 1 << 20
_READ_ATTEMPTS: Final = 3
_READ_PAUSE: Final = 0.2
_WRITING: Final = 60.0
"""Seconds in which an object without bytes is written, all attempts together."""
_SLOWEST: Final = 64 * 1024
"""Bytes a second at which an object has to be taken by the store at least."""

T = TypeVar("T")


class Objects:
    """Objects in S3; made by `connect_objects`.

    Every method but `presign_put` raises ObjectsUnavailable, after its own retries, and ObjectsRefused. At most
    `concurrency` calls run at once; more of them wait.
    """

    def __init__(self, client: Callable[[], Awaitable[Any]], settings: ObjectSettings, concurrency: int) -> None:
        """`client` gives the S3 client, which may take a second the first time."""
        self._client = client
        self._settings = settings
        self._host = urlsplit(settings.endpoint).netloc
        self._credentials = Credentials(settings.access_key, settings.secret_key.get_secret_value(), settings.region)
        self._turns = asyncio.Semaphore(concurrency)

    async def put(
        self,
        bucket: str,
        key: str,
        data: bytes | Path,
        *,
        content_type: str = "application/octet-stream",
        cache_control: str = "",
        new: bool = False,
    ) -> ObjectInfo:
        """Write a whole object from bytes or a file (up to 5 GiB); the store checks its SHA-256.

        With `new`, ObjectExists where the key is taken. ObjectDamaged where other bytes arrived: the file was
        changed while it was sent.
        """
        digest = await asyncio.to_thread(sha256_of, data)
        size = len(data) if isinstance(data, bytes) else (await asyncio.to_thread(data.stat)).st_size
        arguments: dict[str, Any] = {
            "Bucket": bucket,
            "Key": key,
            "ContentType": content_type,
            "ContentLength": size,
            "ChecksumSHA256": base64.b64encode(digest).decode(),
        }
        if cache_control:
            arguments["CacheControl"] = cache_control
        if new:
            arguments["IfNoneMatch"] = "*"
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._turns)
            stack.enter_context(translated(f"put {bucket}/{key}"))
            body = data
            if isinstance(data, Path):
                body = await asyncio.to_thread(data.open, "rb")
                stack.callback(body.close)
            # A body that nobody takes is waited for without limit, unlike an answer.
            async with asyncio.timeout(_WRITING + size / _SLOWEST):
                answer = await (await self._client()).put_object(Body=body, **arguments)
        return ObjectInfo(key, size, str(answer.get("ETag", "")).strip('"'), datetime.now(UTC), content_type)

    async def get(self, bucket: str, key: str, *, byte_range: range | None = None) -> bytes:
        """An object's bytes, or those in `byte_range` (step 1, not empty).

        ObjectMissing; ObjectDamaged where the range reaches beyond the end. It is held in memory: for whole large
        objects use `get_to`.
        """
        arguments: dict[str, Any] = {"Bucket": bucket, "Key": key}
        if byte_range is not None:
            if byte_range.step != 1 or not byte_range or byte_range.start < 0:
                raise ValueError(f"{byte_range} is no range of bytes")
            arguments["Range"] = f"bytes={byte_range.start}-{byte_range.stop - 1}"

        async def read(answer: Any) -> bytes:
            return await answer["Body"].read()

        data = await self._reading(f"get {bucket}/{key}", arguments, read)
        if byte_range is not None and len(data) != len(byte_range):
            raise ObjectDamaged(f"get {bucket}/{key}: {len(data)} bytes for {byte_range}")
        return data

    async def get_to(self, bucket: str, key: str, path: Path) -> str:
        """Stream an object to a file, whole or not at all, and give its SHA-256 in lower-case hex. ObjectMissing."""

        async def read(answer: Any) -> str:
            async with Sink(path) as sink:
                async for chunk in answer["Body"].iter_chunks(_CHUNK):
                    await sink.write(chunk)
                if sink.size != answer["ContentLength"]:
                    raise TimeoutError(f"the answer ended after {sink.size} of {answer['ContentLength']} bytes")
                return await sink.keep()

        return await self._reading(f"get {bucket}/{key}", {"Bucket": bucket, "Key": key}, read)

    async def head(self, bucket: str, key: str) -> ObjectInfo | None:
        """What is known of an object, or None where there is none."""
        try:
            async with self._turns:
                with translated(f"head {bucket}/{key}"):
                    answer = await (await self._client()).head_object(Bucket=bucket, Key=key)
        except ObjectMissing:
            return None
        return ObjectInfo(
            key,
            int(answer["ContentLength"]),
            str(answer.get("ETag", "")).strip('"'),
            answer["LastModified"],
            str(answer.get("ContentType", "")),
            str(answer.get("CacheControl", "")),
        )

    async def delete(self, bucket: str, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        async with self._turns:
            with translated(f"delete {bucket}/{key}"):
                await (await self._client()).delete_object(Bucket=bucket, Key=key)

    async def delete_prefix(self, bucket: str, prefix: str) -> int:
        """Remove all objects whose key begins with `prefix`, page by page, and give their number.

        The prefix ends with a slash, so that `v/abc/` never takes `v/abcd/` along.
        """
        if not prefix.endswith("/") or prefix == "/":
            raise ValueError(f"{prefix!r} is no prefix to delete: it has to end with a slash and name something")
        deleted = 0
        while True:
            page = await self.list(bucket, prefix, limit=MAX_LIST)
            if page.objects:
                await self._delete_many(bucket, [found.key for found in page.objects])
                deleted += len(page.objects)
            if page.cursor is None:
                return deleted

    async def list(self, bucket: str, prefix: str, *, limit: int = MAX_LIST, cursor: str | None = None) -> ObjectPage:
        """A page of the objects whose key begins with `prefix`, in the order of their keys, after `cursor`."""
        if not 1 <= limit <= MAX_LIST:
            raise ValueError(f"a page has 1 to {MAX_LIST} objects, not {limit}")
        arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": limit}
        if cursor is not None:
            arguments["StartAfter"] = cursor
        async with self._turns:
            with translated(f"list {bucket}/{prefix}"):
                answer = await (await self._client()).list_objects_v2(**arguments)
        found = tuple(
            ObjectInfo(entry["Key"], int(entry["Size"]), str(entry.get("ETag", "")).strip('"'), entry["LastModified"])
            for entry in answer.get("Contents", ())
        )
        return ObjectPage(found, found[-1].key if found and answer.get("IsTruncated") else None)

    def presign_put(self, bucket: str, key: str, *, size: int, sha256: str, lifetime: timedelta) -> SignedPut:
        """Let somebody write one new object of exactly these bytes (SHA-256 in hex), for `lifetime` (up to 7 days).

        The store refuses another length, other bytes (400), a key that is taken (412) and everything after the
        lifetime (403). No I/O. The digest is signed as `x-amz-checksum-sha256`, because SeaweedFS compares bytes
        with that one and not with `x-amz-content-sha256`.
        """
        if not timedelta(seconds=1) <= lifetime <= MAX_LIFETIME:
            raise ValueError(f"a signed URL lives 1 s to {MAX_LIFETIME}, not {lifetime}")
        digest = bytes.fromhex(sha256)
        if len(digest) != hashlib.sha256().digest_size or size < 0:
            raise ValueError("a SHA-256 has 32 bytes, and a size is not negative")
        headers = {
            "content-length": str(size),
            "if-none-match": "*",
            "x-amz-checksum-sha256": base64.b64encode(digest).decode(),
        }
        path = f"/{quote(bucket, safe='')}/{quote(key, safe='/-_.~')}"
        query = signed_query(
            self._credentials,
            method="PUT",
            path=path,
            headers={**headers, "host": self._host},
            payload_sha256="UNSIGNED-PAYLOAD",
            now=datetime.now(UTC),
            lifetime=lifetime,
        )
        return SignedPut(f"{path}?{query}", headers)

    async def ensure_buckets(self, wait: timedelta = timedelta(seconds=30)) -> None:
        """Make the source and the media bucket where they are missing; a store that is starting is waited for."""
        until = asyncio.get_running_loop().time() + wait.total_seconds()
        for bucket in (self._settings.source_bucket, self._settings.media_bucket):
            while True:
                try:
                    await asyncio.to_thread(ensure_bucket, self._settings.endpoint, self._credentials, bucket)
                    break
                except ObjectsUnavailable:
                    if asyncio.get_running_loop().time() > until:
                        raise
                    await asyncio.sleep(_READ_PAUSE)

    async def _delete_many(self, bucket: str, keys: list[str]) -> None:
        async with self._turns:
            with translated(f"delete {len(keys)} objects of {bucket}"):
                answer = await (await self._client()).delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
                )
        if failed := answer.get("Errors"):
            raise ObjectsUnavailable(f"{len(failed)} of {len(keys)} objects were not deleted, first: {failed[0]}")

    async def _reading(self, what: str, arguments: dict[str, Any], read: Callable[[Any], Awaitable[T]]) -> T:
        """botocore retries until an answer begins; a body that breaks off is for us to ask for again."""
        async with self._turns:
            for attempt in range(1, _READ_ATTEMPTS + 1):
                begun = False
                try:
                    with translated(what):
                        answer = await (await self._client()).get_object(**arguments)
                        begun = True
                        async with answer["Body"]:
                            return await read(answer)
                except ObjectsUnavailable:
                    if attempt == _READ_ATTEMPTS or not begun:
                        raise
                    await asyncio.sleep(_READ_PAUSE * attempt)
            raise AssertionError("the last attempt returns or raises")
