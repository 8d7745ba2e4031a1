"""The little of S3 that the stack needs itself, without loading the whole client into the supervisor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesh.local.part import NotReady

if TYPE_CHECKING:
    from mesh.config import ObjectSettings

PROBE_KEY = ".vidmesh/ready"


async def make_bucket(settings: ObjectSettings, bucket: str, timeout: float) -> None:  # noqa: ASYNC109
    """Makes a bucket where there is none, and writes one small object into it.

    `NotReady` where either cannot be done yet: a new SeaweedFS answers before it has a volume to write to.
    """
    for path, accepted in ((bucket, (200, 409)), (f"{bucket}/{PROBE_KEY}", (200,))):
        status = await _put(settings, path, timeout)
        if status not in accepted:
            raise NotReady(f"PUT /{path}: {status}")


async def _put(settings: ObjectSettings, path: str, timeout: float) -> int:  # noqa: ASYNC109
    import httpx
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = f"{settings.endpoint}/{path}"
    request = AWSRequest("PUT", url, data=b"")
    credentials = Credentials(settings.access_key, settings.secret_key.get_secret_value())
    S3SigV4Auth(credentials, "s3", settings.region).add_auth(request)
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            answer = await client.put(url, content=b"", headers=dict(request.headers.items()))
    except httpx.HTTPError as error:
        raise NotReady(str(error) or type(error).__name__) from error
    return answer.status_code
