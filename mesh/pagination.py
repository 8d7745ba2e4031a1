"""Page tokens (AIP-158): opaque, authenticated, and good only for the list and the caller that they were issued to."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.message import DecodeError, Message

from mesh.call import current_call_or_none
from mesh.errors import Fault, invalid, invalid_field
from mesh.sealing import Sealer
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.common.v1.page_token_pb2 import PageToken

LIFETIME: Final = timedelta(days=1)
PURPOSE: Final = "page_token"
PAGE_FIELDS: Final = ("page_size", "page_token")
DEFAULT_PAGE: Final = 20
MOST_PAGE: Final = 100


class PageTokens:
    """Turns a store's cursor into the token that a client sends back, and checks what comes.

    The caller is that of the current call; outside a call (tests) it counts as anonymous.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def open(self, method: str, request: Message, token: str) -> bytes | None:
        """The cursor to go on from; None for the empty token, which is the first page.

        Raises INVALID_ARGUMENT (INVALID_PAGE_TOKEN) for a token that was altered, is older than a day, or was issued
        to another caller, for another method, or for a request that differs in more than its page fields.
        """
        if not token:
            return None
        payload = self._sealer.open(PURPOSE, token)
        if payload is None:
            raise _refusal("The page token was not issued here.")
        try:
            opened = PageToken.FromString(payload)
        except DecodeError:
            raise _refusal("The page token was not issued here.") from None
        if opened.expire_time.ToDatetime(UTC) <= datetime.now(UTC):
            raise _refusal("The page token is too old.")
        if (opened.method, opened.request_digest, opened.account_id) != (method, _digest(request), _account_id()):
            raise _refusal("The page token belongs to another list.")
        return opened.cursor

    def seal(self, method: str, request: Message, cursor: bytes | None) -> str:
        """The token for the page behind `cursor`; empty, which is the end of the list, for None."""
        if cursor is None:
            return ""
        token = PageToken(method=method, request_digest=_digest(request), cursor=cursor, account_id=_account_id())
        token.expire_time.FromDatetime(datetime.now(UTC) + LIFETIME)
        return self._sealer.seal(PURPOSE, token.SerializeToString())

    @staticmethod
    def page_size(requested: int, default: int = DEFAULT_PAGE, most: int = MOST_PAGE) -> int:
        """How many to give: `default` for 0, at most `most`. Raises INVALID_FIELD for a negative number."""
        if requested < 0:
            raise invalid_field("page_size", "It must not be negative.")
        return min(requested or default, most)


def _digest(request: Message) -> bytes:
    bare = type(request)()
    bare.CopyFrom(request)
    for name in PAGE_FIELDS:
        if name in bare.DESCRIPTOR.fields_by_name:
            bare.ClearField(name)
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).digest()


def _account_id() -> str:
    call = current_call_or_none()
    return (call and call.caller.account_id_or_none) or ""


def _refusal(sentence: str) -> Fault:
    return invalid(ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN, f"{sentence} Start again from the first page.")
