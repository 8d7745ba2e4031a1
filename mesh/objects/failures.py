"""From what botocore and aiohttp raise to this layer's errors."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from mesh.objects.errors import (
    ObjectDamaged,
    ObjectError,
    ObjectExists,
    ObjectMissing,
    ObjectsRefused,
    ObjectsUnavailable,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_MISSING: Final = frozenset({"NoSuchKey", "NotFound", "NoSuchBucket"})
_EXISTS: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_DAMAGED: Final = frozenset({"BadDigest", "XAmzContentSHA256Mismatch", "InvalidRange"})
_BUSY: Final = frozenset({"SlowDown", "Throttling", "RequestTimeout", "TooManyRequests", "ServiceUnavailable"})
_CLOCKS: Final = frozenset({"RequestTimeTooSkewed", "RequestNotReadyYet"})
"""The store's clock and ours are too far apart for a signature; that passes when one of the two is set."""


@contextmanager
def translated(what: str) -> Generator[None]:
    """Raise this layer's errors in place of the libraries'; `what` names the call and its key."""
    try:
        yield
    except ObjectError:
        raise
    except Exception as error:
        # Only here, so that whoever imports this layer for its types does not load two HTTP clients.
        from aiohttp import ClientError as ConnectionFailure
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            raise _of_answer(error, what) from error
        if isinstance(error, BotoCoreError | ConnectionFailure | TimeoutError | ConnectionError):
            raise ObjectsUnavailable(f"{what}: {type(error).__name__}: {error}") from error
        raise


def _of_answer(error: ClientError, what: str) -> ObjectError:
    answer = cast("dict[str, Any]", error.response)
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    sentence = f"{what}: {status} {code} {answer.get('Error', {}).get('Message', '')}".rstrip()
    if code in _MISSING or status == 404:
        return ObjectMissing(sentence)
    if code in _EXISTS or status == 412:
        return ObjectExists(sentence)
    if code in _DAMAGED or status == 416:
        return ObjectDamaged(sentence)
    if code in _BUSY or code in _CLOCKS or status == 429 or status >= 500 or status == 0:
        return ObjectsUnavailable(sentence)
    return ObjectsRefused(sentence)
